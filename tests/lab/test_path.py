# SPDX-License-Identifier: BSD-3-Clause
"""The path as clients see it: ping, traceroute, path MTU towards the client."""

import re

from labkit import client
from labkit.servers import BIG_BYTES
from labkit.topology import (FAR_MTU, FAR4, FAR6, LAN4, LAN6, ROUTER4, ROUTER6, VIP4, VIP6, WAN4,
                             WAN6)

GROUPS = ("one", "tap")


def test_ping_virtual_ip_v4(lab):
    assert client.ping(lab.client, VIP4) == 3


def test_ping_virtual_ip_v6(lab):
    assert client.ping(lab.client, VIP6) == 3


def test_ping_own_address_v4(lab):
    assert client.ping(lab.client, WAN4) == 3
    assert client.ping(lab.network.backends["web1"], LAN4) == 3


def test_ping_own_address_v6(lab):
    assert client.ping(lab.client, WAN6) == 3
    assert client.ping(lab.network.backends["web1"], LAN6) == 3


def hops(namespace, *arguments):
    text = namespace.run("traceroute", "-n", "-q", "1", "-w", "1", "-m", "6", *arguments, timeout=30)
    return re.findall(r"(?m)^ *\d+ +(\S+)", text)


def test_traceroute_v4(lab):
    seen = hops(lab.far, "-T", "-p", "80", VIP4)
    assert seen in ([ROUTER4, WAN4, VIP4], [ROUTER4, VIP4, VIP4]), seen
    assert hops(lab.far, "-I", VIP4) == [ROUTER4, VIP4]


def test_traceroute_v6(lab):
    seen = hops(lab.far, "-6", "-T", "-p", "80", VIP6)
    assert seen in ([ROUTER6, WAN6, VIP6], [ROUTER6, VIP6, VIP6]), seen
    assert hops(lab.far, "-6", "-I", VIP6) == [ROUTER6, VIP6]


def learned_mtu(lab, family, address):
    """The narrowest path MTU towards the address that a backend's kernel has learned."""
    texts = [namespace.run("ip", family, "route", "get", address)
             for namespace in lab.network.backends.values()]
    return min((int(mtu) for text in texts for mtu in re.findall(r"mtu (\d+)", text)), default=None)


def path_mtu(lab, family, vip, far):
    for namespace in lab.network.backends.values():
        namespace.run("ip", family, "route", "flush", "cache")
    assert learned_mtu(lab, family, far) is None
    for _ in range(3):
        assert len(client.get(lab.far, vip, "/big", timeout=15)) == BIG_BYTES
    assert learned_mtu(lab, family, far) == FAR_MTU


def test_path_mtu_to_client_v4(lab):
    path_mtu(lab, "-4", VIP4, FAR4)


def test_path_mtu_to_client_v6(lab):
    path_mtu(lab, "-6", VIP6, FAR6)
