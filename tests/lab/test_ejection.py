# SPDX-License-Identifier: BSD-3-Clause
"""Backends that no probe asks: what clients' own connections tell of them."""

import time

from labkit import client, config
from labkit.load import Load, failed
from labkit.servers import HTTP_PORT
from labkit.topology import VIP4, backend4

GROUPS = ("own",)
ONE_CLIENT = {**config.PASSIVE, "clients": 1}
NAMES = ("web1", "web2", "web3")


def start(lab, pool=None, service=None):
    """A pool without probes behind port 80, and nothing else.  There is one client here."""
    settings = lab.config()
    settings["pools"] = [config.pool("web", config.backends(NAMES, backend4, HTTP_PORT),
                                     **{"health": {"type": "none"}, "passive": ONE_CLIENT,
                                        **(pool or {})})]
    settings["services"] = [config.service("www", VIP4, 80, "web", **(service or {}))]
    lab.appliance.start(settings)
    lab.control.wait_all_up()


def row(lab, name):
    return next(row for row in lab.control.show("health") if row["name"] == name)


def test_refused_connections_eject(lab):
    """Ejected by the fifth refusal, tried after 2 s, ejected for 4 s, and used again when it is well."""
    start(lab)
    load = Load(lab.client, VIP4, rate=300)
    load.now()
    lab.backends["web1"].kill()
    lab.control.wait_state("web", "web1", "ejected", patience=2)
    because = row(lab, "web1")
    seen = failed(load.now())
    time.sleep(1)
    before = failed(load.now())
    lab.control.wait_state("web", "web1", "trial", patience=3)
    lab.control.wait_state("web", "web1", "ejected", patience=3)
    second = row(lab, "web1")
    lab.backends["web1"].start()
    lab.control.wait_state("web", "web1", "up", patience=8)
    lab.forget_requests()
    time.sleep(1)
    final = load.stop()
    lab.appliance.stop()
    assert because["ejected_because"].endswith("connections failed in a row"), because
    assert second["ejections"] == 2 and second["ejected_for_s"] > 2, second
    assert before - seen <= 20, "requests go to the ejected backend"
    assert 5 <= failed(final) <= 100, final
    assert lab.requests("/")["web1"] > 0, "it is up, and nobody asks it"


def test_silent_backend_costs_a_second(lab):
    """Each client is served: he asks again, is given another backend, and soon none is sent there."""
    start(lab)
    lab.network.silence("web2")
    slow = []
    for _ in range(30):
        begun = time.monotonic()
        assert client.get(lab.client, VIP4).strip() in ("web1", "web3")
        slow.append(time.monotonic() - begun)
        if lab.control.backend("web", "web2")["state"] == "ejected":
            break
    state = lab.control.backend("web", "web2")["state"]
    because = row(lab, "web2")
    quick = []
    for _ in range(6):
        begun = time.monotonic()
        client.get(lab.client, VIP4)
        quick.append(time.monotonic() - begun)
    lab.network.silence("web2", False)
    lab.control.wait_state("web", "web2", "up", patience=15)
    moved = sum(worker["flows_moved"] for worker in lab.control.show("workers"))
    lab.appliance.stop()
    assert state == "ejected", because
    assert 5 <= sum(seconds > 0.9 for seconds in slow) <= 6, slow  # one within the last look
    assert max(slow) < 2, slow
    assert max(quick) < 0.5, quick
    assert moved >= 5, moved


def test_unanswered_stays_when_told(lab):
    start(lab, pool={"passive": {"enabled": False}, "scheduler": "failover"},
          service={"move_unanswered": False})
    lab.network.silence("web1")
    try:
        client.connect(lab.client, VIP4, timeout=2.5)
        raise AssertionError("a silent backend answered")
    except TimeoutError:
        pass
    finally:
        lab.network.silence("web1", False)
    lab.appliance.stop()
