# SPDX-License-Identifier: BSD-3-Clause
"""Backends from Consul and from Kubernetes, by recorded servers (labkit/registries.py)."""

import os

from labkit import found, registries
from labkit.servers import HTTP_PORT
from labkit.topology import backend4

GROUPS = ("one",)


def write_token(lab, token):
    """As kubelet does: the file is replaced."""
    path = f"{lab.session.dir}/token"
    with open(path + ".new", "w", encoding="ascii", opener=lambda p, flags: os.open(p, flags, 0o600)) as file:
        file.write(token + "\n")
    os.rename(path + ".new", path)
    return path


def consul(lab):
    return {"type": "consul", "urls": [f"http://127.0.0.1:{registries.CONSUL_PORT}"], "service": "web",
            "datacenter": "dc1", "token_file": write_token(lab, "consul-secret")}


def kubernetes(lab, token="first"):
    return {"type": "kubernetes", "urls": [f"http://127.0.0.1:{registries.KUBERNETES_PORT}"],
            "service": "web", "namespace": "shop", "port_name": "http",
            "token_file": write_token(lab, token)}


def pods(*names, **conditions):
    return [(name, backend4(name), conditions) for name in names]


def test_consul_is_followed(lab):
    with registries.Consul(lab) as server:
        server.token = "consul-secret"
        server.put("web1", backend4("web1"), HTTP_PORT, weight=10)
        with found.pool(lab, **consul(lab)):
            found.wait(lab, {"node-web1.web1": 10})
            server.put("web2", backend4("web2"), HTTP_PORT, weight=20)
            found.wait(lab, {"node-web1.web1": 10, "node-web2.web2": 20})
            assert found.served_by(lab) == {"web1", "web2"}
            # Its own checks find one critical.
            server.put("web1", backend4("web1"), HTTP_PORT, weight=10, passing=False)
            found.wait(lab, {"node-web2.web2": 20})
        blocking = [path for path in server.asked if "index=" in path]
        assert len(blocking) <= 6, server.asked


def test_consul_index_goes_backwards(lab):
    """A restored Consul counts from lower on: what it says then is seen all the same."""
    with registries.Consul(lab) as server:
        server.token = "consul-secret"
        server.put("web1", backend4("web1"), HTTP_PORT, weight=10)
        with found.pool(lab, **consul(lab)):
            found.wait(lab, {"node-web1.web1": 10})
            server.restore(3)
            server.put("web2", backend4("web2"), HTTP_PORT, weight=10)
            found.wait(lab, {"node-web1.web1": 10, "node-web2.web2": 10})
            server.put("web1", backend4("web1"), HTTP_PORT, weight=5)
            found.wait(lab, {"node-web1.web1": 5, "node-web2.web2": 10})


def test_consul_in_trouble(lab):
    """Errors, halves and nonsense change nothing."""
    with registries.Consul(lab) as server:
        server.token = "consul-secret"
        server.put("web1", backend4("web1"), HTTP_PORT, weight=10)
        with found.pool(lab, **consul(lab), refresh="2s"):
            found.wait(lab, {"node-web1.web1": 10})
            server.break_down(500, "No cluster leader")
            found.wait_state(lab, "failing", "HTTP 500")
            assert found.backends(lab) == {"node-web1.web1": 10}
            server.break_down(200, '[{"Node": {')
            found.wait_state(lab, "failing", "the JSON ends here")
            assert found.backends(lab) == {"node-web1.web1": 10}
            server.put("web2", backend4("web2"), HTTP_PORT, weight=10)
            server.break_down(None, None)
            found.wait(lab, {"node-web1.web1": 10, "node-web2.web2": 10}, patience=30)


def test_kubernetes_is_followed(lab):
    with registries.Kubernetes(lab) as server:
        server.token = "first"
        server.apply("web-abc", pods("web1"), HTTP_PORT)
        server.apply("web-def", pods("web2"), HTTP_PORT)
        with found.pool(lab, **kubernetes(lab)):
            found.wait(lab, {"web1": 10, "web2": 10})
            assert found.served_by(lab) == {"web1", "web2"}
            # A pod that ends serves those that it has; one that is not ready is none.
            server.apply("web-abc", pods("web1", ready=False, serving=True, terminating=True), HTTP_PORT)
            found.wait(lab, {"web1": 0, "web2": 10})
            assert found.served_by(lab) == {"web2"}
            server.apply("web-abc", pods("web1", ready=False, serving=False, terminating=True), HTTP_PORT)
            found.wait(lab, {"web2": 10})
            server.apply("web-ghi", pods("web3"), HTTP_PORT)
            server.remove("web-abc")
            found.wait(lab, {"web2": 10, "web3": 10})


def test_kubernetes_forgets_the_past(lab):
    """410 Gone, a server that hangs up, and a token that is replaced: all is read again."""
    with registries.Kubernetes(lab) as server:
        server.token = "first"
        server.apply("web-abc", pods("web1"), HTTP_PORT)
        with found.pool(lab, **kubernetes(lab)):
            found.wait(lab, {"web1": 10})
            server.expire()
            server.apply("web-def", pods("web2"), HTTP_PORT)
            found.wait(lab, {"web1": 10, "web2": 10})
            server.token = "second"
            server.hang_up()
            found.wait_state(lab, "failing", "HTTP 401: Unauthorized")
            assert found.backends(lab) == {"web1": 10, "web2": 10}
            write_token(lab, "second")
            server.apply("web-ghi", pods("web3"), HTTP_PORT)
            found.wait(lab, {"web1": 10, "web2": 10, "web3": 10}, patience=30)
