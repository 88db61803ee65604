# SPDX-License-Identifier: BSD-3-Clause
"""UDP: a real DNS server and client."""

import socket
import time

from labkit import client
from labkit.servers import DNS_NAME
from labkit.topology import VIP4, VIP6, backend4, backend6

GROUPS = ("one", "two", "tap")
PRIMARIES = ("web1", "web2", "web3")


def test_dns_v4(lab):
    answers = [client.dig(lab.client, VIP4, DNS_NAME, "A") for _ in range(12)]
    assert set(answers) == set(map(backend4, PRIMARIES)), answers


def test_dns_v6(lab):
    answers = [client.dig(lab.client, VIP6, DNS_NAME, "AAAA") for _ in range(12)]
    assert set(answers) == set(map(backend6, PRIMARIES)), answers


def unreachable(lab, vip):
    """The backend's kernel says that nobody listens; the client's must hear it, translated."""
    with lab.client.entered():
        query = socket.socket(socket.AF_INET6 if ":" in vip else socket.AF_INET, socket.SOCK_DGRAM)
    with query:
        query.settimeout(2)
        query.connect((vip, 54))
        begun = time.monotonic()
        query.send(b"is anyone there?")
        try:
            raise AssertionError(f"an answer came: {query.recv(100)!r}")
        except ConnectionRefusedError:
            assert time.monotonic() - begun < 1


def test_port_unreachable_v4(lab):
    unreachable(lab, VIP4)


def test_port_unreachable_v6(lab):
    unreachable(lab, VIP6)
