# SPDX-License-Identifier: BSD-3-Clause
"""`explain`, held against what really answered."""

import contextlib
import json
import socket

from labkit import client, config
from labkit.control import Refused
from labkit.servers import HTTP_PORT
from labkit.topology import CLIENT4, CLIENT6, VIP4, VIP6, backend4

GROUPS = ("one", "two")
PORT = 89  # of services of a test's own
CLOSED = 9  # of a backend: nothing listens


def end(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def explain(lab, source, port, vip=VIP4, vip_port=80):
    return json.loads(lab.control.run("explain", end(source, port), end(vip, vip_port) + "/tcp",
                                      "--json"))


def steps(told):
    return {step["step"]: step["text"] for step in told["steps"]}


def candidate(told, name):
    return next(row for row in told["candidates"] if row["backend"] == name)


def connect_from(lab, source, port, vip, vip_port):
    """A connection from this port."""
    with lab.client.entered():
        return socket.create_connection((vip, vip_port), timeout=5, source_address=(source, port))


def free_port(lab, source):
    """One that nobody has used lately, so that no flow of it is left."""
    with lab.client.entered():
        with socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET) as probe:
            probe.bind((source, 0))
            return probe.getsockname()[1]


@contextlib.contextmanager
def own(lab, name, members, scheduler):
    """A service and a pool of the test's own: what has left the file is listed for a while."""
    settings = lab.config()
    settings["pools"].append(config.pool(name, members, scheduler=scheduler))
    settings["services"].append(config.service(name, VIP4, PORT, name))
    lab.reload(settings)
    try:
        yield
    finally:
        lab.reload(lab.config())


def check_flow(lab, source, vip):
    with contextlib.closing(client.connect(lab.client, vip)) as connection:
        name = client.ask(connection).strip()
        told = explain(lab, source, connection.getsockname()[1], vip)
        assert told["verdict"] == "flow", told
        assert told["backend"].split("/")[1] == name, (told["backend"], name)
        assert told["flow"]["reason"] == "scheduled" and told["flow"]["state"] == "established", told
        assert 0 < told["flow"]["snapshot"] <= told["snapshot"], told
        assert told["flow"]["snapshot_cause"], told
        assert told["backend"] in steps(told)["version"], steps(told)
        # Other tests' flows may be many.
        flows = json.loads(lab.control.run("--json", "flows", "--backend", told["backend"],
                                           "--limit", "10000"))
        listed = {row["client"]: row["reason"] for row in flows}
        assert listed[end(source, connection.getsockname()[1])] == "scheduled", listed
        human = lab.control.run("explain", end(source, connection.getsockname()[1]),
                                end(vip, 80) + "/tcp")
        assert f"=> the packet goes to {told['backend']}" in " ".join(human.split()), human


def test_explain_flow_v4(lab):
    check_flow(lab, CLIENT4, VIP4)


def test_explain_flow_v6(lab):
    check_flow(lab, CLIENT6, VIP6)


def test_explain_foretells(lab):
    """Who will answer a connection that is not there yet, with a scheduler that draws lots too."""
    members = config.backends(["web1", "web2", "web3"], backend4, HTTP_PORT)
    for scheduler in ("maglev", "random"):
        with own(lab, f"by-{scheduler}", members, scheduler):
            lab.control.wait_all_up()
            for _ in range(5):
                port = free_port(lab, CLIENT4)
                told = explain(lab, CLIENT4, port, VIP4, PORT)
                assert told["verdict"] == "new" and told["scheduler"] == scheduler, told
                assert candidate(told, told["backend"])["picked"], told
                with contextlib.closing(connect_from(lab, CLIENT4, port, VIP4, PORT)) as made:
                    assert told["backend"] == f"by-{scheduler}/" + client.ask(made).strip(), told


def test_explain_names_the_limit(lab):
    members = config.backends(["web1", "web2"], backend4, HTTP_PORT)
    for backend in members:
        backend["max_flows"] = 1
    with own(lab, "full", members, "wrr"), contextlib.ExitStack() as held:
        lab.control.wait_all_up()
        for _ in members:
            held.enter_context(contextlib.closing(client.connect(lab.client, VIP4, PORT)))
        told = explain(lab, CLIENT4, free_port(lab, CLIENT4), VIP4, PORT)
        assert told["verdict"] == "refused" and told["drop"] == "backends_full", told
        assert "full: 1 of 1 flows" in candidate(told, "full/web1")["note"], told


def test_explain_says_why_a_backend_is_out(lab):
    members = config.backends(["web1", "web2"], backend4, HTTP_PORT)
    members[0]["port"] = CLOSED
    with own(lab, "closed", members, "wlc"):
        lab.control.wait_state("closed", "web1", "down")
        lab.control.wait_state("closed", "web2", "up")
        told = explain(lab, CLIENT4, free_port(lab, CLIENT4), VIP4, PORT)
        assert told["backend"] == "closed/web2", told
        out = candidate(told, "closed/web1")
        assert not out["eligible"] and "down" in out["note"] and "refused" in out["note"], out
        lab.control.run("drain", "closed/web2")
        told = explain(lab, CLIENT4, free_port(lab, CLIENT4), VIP4, PORT)
        assert told["verdict"] == "refused" and told["drop"] == "no_backend", told
        assert "drained by order" in candidate(told, "closed/web2")["note"], told


def test_explain_strangers(lab):
    told = explain(lab, CLIENT4, 40000, VIP4, 4)
    assert told["verdict"] == "refused" and told["drop"] == "no_service", told
    for wrong in (("192.0.2.1", "192.0.2.80:80/tcp"), ("192.0.2.1:1", "192.0.2.80:80"),
                  ("[2001:db8::1]:1", "192.0.2.80:80/tcp"), ("192.0.2.1:0", "192.0.2.80:80/tcp")):
        try:
            lab.control.run("explain", *wrong)
            raise AssertionError(f"{wrong} was taken")
        except Refused as error:
            assert error.code == 1, error
