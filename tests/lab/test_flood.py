# SPDX-License-Identifier: BSD-3-Clause
"""A flood in others' names, and those who are there all the same."""

import os
import tempfile
import time

from labkit import client
from labkit.config import named
from labkit.flood import Flood
from labkit.links import neighbour
from labkit.load import Load, failed
from labkit.servers import BIG_BYTES, DNS_NAME
from labkit.topology import VIP4, WAN4, backend4

GROUPS = ("own",)
HOME = os.path.dirname(os.path.abspath(__file__))
HALF_OPEN, DATAGRAMS = 256, 512  # limits that the flood fills in the blink of an eye
DOWNLOADS = 6


def settings_of(lab):
    """www and dns alone, each with its own backends' ports."""
    settings = lab.config()
    services = settings["services"]
    settings["services"] = [named(services, "www"), named(services, "dns")]
    for service in settings["services"]:
        service["timeouts"] = {"attack": "1s"}
    settings["services"][0].update(max_half_open=HALF_OPEN)
    settings["services"][1].update(max_flows=DATAGRAMS)
    return settings


def start_downloads(lab, folder):
    """4 MiB at 256 KiB a second each; to files, since a pipe that nobody reads would stop them."""
    return [lab.client.spawn(
        ["curl", "--silent", "--show-error", "--fail", "--max-time", "60", "--output",
         f"{folder}/{number}", client.url(VIP4, "/slow")]) for number in range(DOWNLOADS)]


def bodies_of(downloads, folder):
    for child in downloads:
        child.wait(timeout=60)
    for number in range(DOWNLOADS):
        with open(f"{folder}/{number}", "rb") as file:
            yield file.read()


def serve_newcomers(lab, seconds):
    """Each a connection, or a question, of its own; all must be served."""
    served, end = 0, time.monotonic() + seconds
    answers = {backend4(name) for name in ("web1", "web2", "web3")}
    while time.monotonic() < end:
        assert client.get(lab.client, VIP4).strip() in ("web1", "web2", "web3")
        assert client.dig(lab.client, VIP4, DNS_NAME) in answers
        served += 1
        time.sleep(0.1)
    return served


def check_figures(sent, www, dns, drops):
    figures = f"{sent} sent; www {www}; dns {dns}; drops {drops}"
    assert sent > 10 * (HALF_OPEN + DATAGRAMS), figures
    assert www["on_full"] == dns["on_full"] == "stateless", figures
    assert www["stateless_in"] > HALF_OPEN and www["stateless_out"] > 0, figures
    assert dns["stateless_in"] > DATAGRAMS and dns["stateless_out"] > 0, figures
    assert www["flows_shed"] > 0 and dns["flows_shed"] > 0, figures
    assert www["embryonic"] <= HALF_OPEN and dns["active"] <= DATAGRAMS, figures
    for reason in ("half_open", "service_full", "table_full"):
        assert drops.get(reason, 0) == 0, figures


def test_known_and_new_clients_under_a_flood(lab):
    with tempfile.TemporaryDirectory() as folder:
        flood_for_a_while(lab, folder)


def flood_for_a_while(lab, folder):
    lab.appliance.start({**settings_of(lab), "workers": 2})
    lab.control.wait_all_up()
    client.ping(lab.client, WAN4, 1)
    downloads = start_downloads(lab, folder)
    load = Load(lab.client, VIP4, rate=100, users=8, per_connection=1000000, timeout=10)
    load.now()
    flood = Flood(lab.client, HOME, neighbour(lab.client, WAN4), VIP4)
    served = serve_newcomers(lab, 12)
    bodies = list(bodies_of(downloads, folder))
    sent = flood.stop()
    report = load.stop()
    assert served > 10, served
    assert failed(report) == 0, report
    assert [len(body) for body in bodies] == [BIG_BYTES] * DOWNLOADS, [len(b) for b in bodies]
    assert all(body == body[:16] * (BIG_BYTES // 16) for body in bodies), "a body is damaged"
    check_figures(sent, lab.control.service("www"), lab.control.service("dns"),
                  lab.control.drops())
    lab.appliance.stop()
