# SPDX-License-Identifier: BSD-3-Clause
"""Backends as keys of a real etcd, which is changed, killed, compacted and emptied."""

import os

from labkit import etcd, found
from labkit.servers import HTTP_PORT
from labkit.topology import backend4

GROUPS = ("one",)


def source():
    # The first place has nobody; the second one's name has to be resolved, by a thread in the sandbox.
    return {"type": "etcd", "urls": ["http://127.0.0.1:9", etcd.BY_NAME], "prefix": etcd.PREFIX}


def put(server, name, weight=10):
    server.put(name, address=backend4(name), port=HTTP_PORT, weight=weight)


def test_etcd_is_followed(lab):
    with etcd.Etcd(lab) as server:
        put(server, "web1")
        with found.pool(lab, **source()):
            found.wait(lab, {"web1": 10})
            put(server, "web2", weight=20)
            # By the watch: nothing is read again for an hour.
            found.wait(lab, {"web1": 10, "web2": 20})
            assert found.served_by(lab) == {"web1", "web2"}
            put(server, "web1", weight=5)
            found.wait(lab, {"web1": 5, "web2": 20})
            server.delete("web1")
            found.wait(lab, {"web2": 20})
            assert found.served_by(lab) == {"web2"}


def test_etcd_killed_and_compacted(lab):
    """What was known stays; what has changed meanwhile is seen, though the past is forgotten."""
    with etcd.Etcd(lab) as server:
        put(server, "web1")
        put(server, "web2")
        with found.pool(lab, **source(), refresh="2s"):
            found.wait(lab, {"web1": 10, "web2": 10})
            server.kill()
            found.wait_state(lab, "failing", "connection refused")
            assert found.served_by(lab) == {"web1", "web2"}
            server.start()
            put(server, "web3")
            server.delete("web1")
            put(server, "web3", weight=7)
            server.compact()
            found.wait(lab, {"web2": 10, "web3": 7}, patience=20)


def test_etcd_emptied(lab):
    """Somebody deletes all of it: the last good backends serve on, and the view says so."""
    with etcd.Etcd(lab) as server:
        put(server, "web1")
        put(server, "web2")
        with found.pool(lab, **source()):
            found.wait(lab, {"web1": 10, "web2": 10})
            server.empty()
            found.wait_state(lab, "holding")
            assert found.backends(lab) == {"web1": 10, "web2": 10}
            assert found.served_by(lab) == {"web1", "web2"}
            put(server, "web1")
            put(server, "web2", weight=3)
            found.wait(lab, {"web1": 10, "web2": 3})
            found.wait_state(lab, "good")


def test_etcd_over_tls(lab):
    """With user and password; whose certificate is another's is not believed."""
    secret = f"{lab.session.dir}/etcd-user"
    with open(secret, "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write("root:s3cret")
    with etcd.Etcd(lab, tls=True) as server:
        put(server, "web1")
        server.want_password("s3cret")
        safe = {**source(), "urls": [etcd.BY_NAME.replace("http:", "https:")], "token_file": secret}
        with found.pool(lab, **safe):
            found.wait_state(lab, "failing", "certificate")
        with found.pool(lab, **safe, ca_file=server.certificate):
            found.wait(lab, {"web1": 10})
            put(server, "web2")
            found.wait(lab, {"web1": 10, "web2": 10})


def test_etcd_nonsense_in_a_key(lab):
    """One key's fault is that key's."""
    with etcd.Etcd(lab) as server:
        put(server, "web1")
        server.ctl("put", etcd.PREFIX + "web2", "no JSON at all")
        with found.pool(lab, **source()):
            found.wait(lab, {"web1": 10})
            put(server, "web2")
            found.wait(lab, {"web1": 10, "web2": 10})
