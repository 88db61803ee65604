# SPDX-License-Identifier: BSD-3-Clause
"""SCTP by hand on raw sockets, since kernels of virtual machines often lack it: both ends check each
field of what arrives, the checksum first."""

import socket
import struct

from labkit.topology import CLIENT4, CLIENT6, VIP4, VIP6, backend4, backend6

GROUPS = ("one", "two")
BACKEND = "web1"
SPORT, VPORT, BPORT = 40321, 2905, 3905
CLIENT_TAG, SERVER_TAG = 0x11223344, 0x55667788
DATA, INIT, INIT_ACK, ABORT, SHUTDOWN, SHUTDOWN_ACK = 0, 1, 2, 6, 7, 8
COOKIE_ECHO, COOKIE_ACK, SHUTDOWN_COMPLETE = 10, 11, 14


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return ~crc & 0xffffffff


def packet(sport, dport, tag, kind, value=b"", flags=0):
    chunk = struct.pack("!BBH", kind, flags, 4 + len(value)) + value
    chunk += bytes(-len(chunk) % 4)
    head = struct.pack("!HHI", sport, dport, tag)
    return head + struct.pack("<I", crc32c(head + bytes(4) + chunk)) + chunk


class End:
    """One end of an association: a raw socket that takes what comes from one address."""

    def __init__(self, namespace, own, peer, ports, peer_ports):
        self.v6 = ":" in own
        with namespace.entered():
            self.socket = socket.socket(socket.AF_INET6 if self.v6 else socket.AF_INET,
                                        socket.SOCK_RAW, socket.IPPROTO_SCTP)
        self.socket.bind((own, 0))
        self.socket.settimeout(2)
        self.peer, self.ports, self.peer_ports = peer, ports, peer_ports

    def send(self, *arguments, **more):
        self.socket.sendto(packet(*self.ports, *arguments, **more), (self.peer, 0))

    def take(self, tag, kind, value=None):
        """The next packet, which must be this one."""
        while True:
            data, sender = self.socket.recvfrom(65536)
            if sender[0] == self.peer:
                break
        if not self.v6:
            data = data[4 * (data[0] & 15):]
        sport, dport, got_tag, checksum = struct.unpack("!HHI", data[:8]) + \
            struct.unpack("<I", data[8:12])
        assert checksum == crc32c(data[:8] + bytes(4) + data[12:]), data.hex()
        assert (sport, dport) == self.peer_ports, (sport, dport)
        assert (got_tag, data[12]) == (tag, kind), data.hex()
        assert value is None or data[16:16 + len(value)] == value, data.hex()

    def close(self):
        self.socket.close()


def state(lab, vip):
    return [flow["state"] for flow in lab.control.flows("sctp6" if ":" in vip else "sctp")]


def init(tag):
    return struct.pack("!IIHHI", tag, 65536, 1, 1, 1)


def shake(client, server):
    client.send(0, INIT, init(CLIENT_TAG))
    server.take(0, INIT, init(CLIENT_TAG))
    server.send(CLIENT_TAG, INIT_ACK, init(SERVER_TAG) + b"\0\7\0\10cook")
    client.take(CLIENT_TAG, INIT_ACK)
    client.send(SERVER_TAG, COOKIE_ECHO, b"cook")
    server.take(SERVER_TAG, COOKIE_ECHO, b"cook")
    server.send(CLIENT_TAG, COOKIE_ACK)
    client.take(CLIENT_TAG, COOKIE_ACK)


def associate(lab, client4or6, vip, backend):
    client = End(lab.client, client4or6, vip, (SPORT, VPORT), (VPORT, SPORT))
    server = End(lab.backends[BACKEND].namespace, backend, client4or6, (BPORT, SPORT), (SPORT, BPORT))
    try:
        shake(client, server)
        assert state(lab, vip) == ["established"], state(lab, vip)
        for size in (1, 2, 3, 1000, 1400):
            value = bytes(range(256)) * 6
            client.send(SERVER_TAG, DATA, value[:12 + size], flags=3)
            server.take(SERVER_TAG, DATA, value[:12 + size])
            server.send(CLIENT_TAG, DATA, value[:12 + size], flags=3)
            client.take(CLIENT_TAG, DATA, value[:12 + size])
        client.send(SERVER_TAG, SHUTDOWN, bytes(4))
        server.take(SERVER_TAG, SHUTDOWN)
        assert state(lab, vip) == ["fin-client"], state(lab, vip)
        server.send(CLIENT_TAG, SHUTDOWN_ACK)
        client.take(CLIENT_TAG, SHUTDOWN_ACK)
        client.send(SERVER_TAG, SHUTDOWN_COMPLETE)
        server.take(SERVER_TAG, SHUTDOWN_COMPLETE)
        assert state(lab, vip) == ["time-wait"], state(lab, vip)
        # Anew from the same port, and away at once.
        shake(client, server)
        client.send(SERVER_TAG ^ 1, ABORT)
        client.send(SERVER_TAG, ABORT)
        server.take(SERVER_TAG, ABORT)
        assert state(lab, vip) == ["closed"], state(lab, vip)
        assert lab.control.drops().get("rst_window", 0) >= 1
    finally:
        client.close()
        server.close()


def test_association_v4(lab):
    associate(lab, CLIENT4, VIP4, backend4(BACKEND))


def test_association_v6(lab):
    associate(lab, CLIENT6, VIP6, backend6(BACKEND))
