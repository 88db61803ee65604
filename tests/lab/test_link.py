# SPDX-License-Identifier: BSD-3-Clause
"""A cable that is pulled and plugged in again."""

import time

from labkit import client
from labkit.topology import VIP4, VIP6

GROUPS = ("one",)
PROBES_S = 1.3  # those that the pulled cable has swallowed may still fail, and take a backend down


def link_of(lab, name):
    return next(port for port in lab.control.show("ports") if port["name"] == name)["link"]


def wait_link(lab, name, state, patience=5):
    end = time.monotonic() + patience
    while link_of(lab, name) != state:
        assert time.monotonic() < end, f"port {name} is still {link_of(lab, name)}"
        time.sleep(0.05)


def pull_and_plug(lab, port, namespace, interface):
    assert client.get(lab.client, VIP4)
    namespace.ip(f"link set {interface} down")
    try:
        wait_link(lab, port, "down")
        time.sleep(0.5)
    finally:
        namespace.ip(f"link set {interface} up")
    wait_link(lab, port, "up")
    time.sleep(PROBES_S)
    lab.control.wait_all_up()
    for vip in (VIP4, VIP6):
        assert client.get(lab.client, vip, timeout=8)


def test_link_of_wan_down_and_up(lab):
    pull_and_plug(lab, "wan", lab.client, "eth0")


def test_link_of_lan_down_and_up(lab):
    pull_and_plug(lab, "lan", lab.network.switch, "up0")
