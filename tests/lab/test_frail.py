# SPDX-License-Identifier: BSD-3-Clause
"""Backends that flap, that fail more often than their peers, or that were silent once."""

import contextlib
import time

from labkit import client, config
from labkit.load import Load
from labkit.servers import HTTP_PORT
from labkit.topology import VIP4, backend4

GROUPS = ("one",)
PORT = 93
# The lab's client is one address.
PASSIVE = {"clients": 1, "failures": 0, "interval": "1s", "base": "4s", "longest": "4s"}


@contextlib.contextmanager
def frail(lab, health=None, passive=None, scheduler="rr", **service):
    """A pool and a service of one's own."""
    settings = lab.config()
    settings["pools"].append(config.pool(
        "frail", config.backends(["web1", "web2", "web3"], backend4, HTTP_PORT),
        health=health or {"type": "none"}, passive=passive or PASSIVE, scheduler=scheduler))
    settings["services"].append(config.service("frail", VIP4, PORT, "frail", **service))
    lab.reload(settings)
    lab.control.wait_all_up()
    try:
        yield
    finally:
        lab.reload(lab.config())
        lab.control.wait_all_up()


def because(lab):
    rows = lab.control.show("health")
    return next(row["ejected_because"] for row in rows
                if row["pool"] == "frail" and row["name"] == "web1")


def test_flapping_is_damped(lab):
    """Down twice within a minute: its probes find it well, and it stays out for its time."""
    quick = {**config.HEALTH, "interval": "300ms", "timeout": "300ms", "rise": 1, "fall": 1}
    with frail(lab, health=quick, passive={**PASSIVE, "flaps": 2, "flap_window": "1m"}):
        for state in ("up", "ejected"):
            lab.backends["web1"].say_healthy(False)
            lab.control.wait_state("frail", "web1", "down")
            lab.backends["web1"].say_healthy(True)
            lab.control.wait_state("frail", "web1", state)
        why = because(lab)
        lab.control.wait_state("frail", "web1", "trial")
    assert why == "flapping: down 2 times of late", why


def test_outlier_is_ejected(lab):
    """No number of failures in a row ejects here: only that its peers do better."""
    against_peers = {**PASSIVE, "deviation": "100%", "peers": 3, "connections": 10}
    with frail(lab, passive=against_peers):
        load = Load(lab.client, VIP4, rate=150, port=PORT)
        load.now()
        lab.backends["web1"].kill()
        lab.control.wait_state("frail", "web1", "ejected")
        why = because(lab)
        lab.backends["web1"].start()
        load.stop()
    assert " connections failed, " in why and why.endswith("% in the mean"), why


def test_client_stays_where_he_was_moved(lab):
    """His SYN went to a backend that was silent; when that is well again he stays with the other."""
    with frail(lab, passive={"enabled": False}, scheduler="failover", consistency="sticky"):
        lab.network.silence("web1")
        begun = time.monotonic()
        moved_to = client.get(lab.client, VIP4, port=PORT, timeout=10).strip()
        took = time.monotonic() - begun
        lab.network.silence("web1", False)
        later = {client.get(lab.client, VIP4, port=PORT).strip() for _ in range(5)}
    assert moved_to != "web1" and took > 0.8, (moved_to, took)
    assert later == {moved_to}, (moved_to, later)
