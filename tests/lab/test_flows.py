# SPDX-License-Identifier: BSD-3-Clause
"""Flows at their edges: ports used again at once, resets, and floods of half-open connections."""

import errno
import socket
import time

from labkit import client
from labkit.topology import VIP4, VIP6, WAN4
from labkit.links import neighbour

GROUPS = ("one", "two")
FLOOD = 400
QUOTA = 64  # as in labkit/config.py


def from_port(lab, vip, source_port):
    """A request whose connection the server closes, so that the client's port is free at once."""
    with lab.client.entered():
        connection = socket.socket(socket.AF_INET6 if ":" in vip else socket.AF_INET)
    with connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        connection.settimeout(3)
        connection.bind(("", source_port))
        _connect(connection, (vip, 80))
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        data = b""
        while part := connection.recv(4096):
            data += part
    return data


def _connect(connection, address, patience=2):
    """The client's kernel frees the port when the last FIN has been acknowledged."""
    end = time.monotonic() + patience
    while True:
        try:
            connection.connect(address)
            return
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL or time.monotonic() > end:
                raise
        time.sleep(0.01)


def test_port_used_again_at_once(lab):
    for vip in (VIP4, VIP6):
        for _ in range(20):
            assert b"200 OK" in from_port(lab, vip, 30303)


def test_reset_by_client_ends_the_flow(lab):
    before = lab.control.backend("web", "web1")["active"], lab.control.show("workers")
    for _ in range(30):
        connection = client.connect(lab.client, VIP4)
        client.ask(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    time.sleep(0.3)
    assert lab.control.backend("web", "web1")["active"] <= before[0]


def flood(lab):
    """SYNs from addresses that will never answer, written as frames."""
    from scapy.all import IP, TCP, Ether, RandShort, conf, sendp

    conf.verb = 0
    client.ping(lab.client, WAN4, 1)
    gateway = neighbour(lab.client, WAN4)
    frames = [Ether(dst=gateway) / IP(src=f"203.0.113.{1 + i % 250}", dst=VIP4)
              / TCP(sport=int(RandShort()), dport=84, seq=i, flags="S") for i in range(FLOOD)]
    with lab.client.entered():
        conf.ifaces.reload()
        sendp(frames, iface="eth0")


def test_half_open_quota_holds_against_a_flood(lab):
    before = lab.control.drops().get("half_open", 0)
    flood(lab)
    refused, end = 0, time.monotonic() + 10
    # Each worker has its share of the quota.
    while refused < FLOOD - 2 * QUOTA:
        assert time.monotonic() < end, f"{refused} of {FLOOD} were refused"
        time.sleep(0.1)
        refused = lab.control.drops().get("half_open", 0) - before
    assert client.get(lab.client, VIP4).strip(), "another service suffers from the flood"
