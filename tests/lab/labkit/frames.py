# SPDX-License-Identifier: BSD-3-Clause
"""Frames made by hand, and capture files of them, for ports that are no interfaces."""

import socket
import struct

VIP, BACKEND = "192.0.2.80", "10.0.0.11"
ROUTER_MAC, BACKEND_MAC = "02:00:00:00:00:fe", "02:00:00:00:01:0b"
PORT, BACKEND_PORT = 80, 8080
TCP, UDP = 6, 17
FIN, SYN, PSH, ACK = 1, 2, 8, 16
_HEADER = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def _pseudo(source, destination, protocol, segment):
    return source + destination + struct.pack("!BBH", 0, protocol, len(segment)) + segment


def frame(protocol, source, destination, segment, ttl=64):
    """An Ethernet frame; segment begins with the TCP or UDP header, its checksum still zero."""
    source, destination = socket.inet_aton(source), socket.inet_aton(destination)
    at = 16 if protocol == TCP else 6
    right = checksum(_pseudo(source, destination, protocol, segment))
    segment = segment[:at] + struct.pack("!H", right) + segment[at + 2:]
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, ttl, protocol, 0)
    header += source + destination
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return b"\x02\0\0\0\0\x01" + b"\x02\0\0\0\0\xfe" + b"\x08\0" + header + segment


def tcp(source, destination, flags, seq, ack, data=b""):
    """source and destination are (address, port)."""
    header = struct.pack("!HHIIBBHHH", source[1], destination[1], seq, ack, 5 << 4, flags, 65535,
                         0, 0)
    return frame(TCP, source[0], destination[0], header + data)


def udp(source, destination, data=b"x" * 18, ttl=64):
    header = struct.pack("!HHHH", source[1], destination[1], 8 + len(data), 0)
    return frame(UDP, source[0], destination[0], header + data, ttl)


def client(number):
    return f"203.0.{113 + number // 250}.{1 + number % 250}", 10000 + number


def handshake(number):
    """A connection's first three segments, as the balancer receives them."""
    vip, backend, of = (VIP, PORT), (BACKEND, BACKEND_PORT), client(number)
    return [tcp(of, vip, SYN, 1000, 0), tcp(backend, of, SYN | ACK, 5000, 1001),
            tcp(of, vip, ACK, 1001, 5001)]


def exchange(number):
    """A request and its reply; they may be repeated, nobody holds them against the window."""
    of = client(number)
    return [tcp(of, (VIP, PORT), PSH | ACK, 1001, 5001, b"q" * 6),
            tcp((BACKEND, BACKEND_PORT), of, PSH | ACK, 5001, 1007, b"a" * 6)]


def conversations(n):
    """Those of n clients, segment by segment: no reply stands in one burst with its request, as in
    life."""
    return [one for step in zip(*(handshake(i) + exchange(i) for i in range(n))) for one in step]


def write_capture(path, frames):
    with open(path, "wb") as file:
        file.write(_HEADER.pack(0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for one in frames:
            file.write(_RECORD.pack(0, 0, len(one), len(one)) + one)


def read_capture(path):
    frames = []
    with open(path, "rb") as file:
        file.read(_HEADER.size)
        while record := file.read(_RECORD.size):
            frames.append(file.read(_RECORD.unpack(record)[2]))
    return frames


def is_tcp(data):
    return data[12:14] == b"\x08\0" and data[23] == TCP


class Read:
    """What the tests want to know of a frame."""

    def __init__(self, data):
        self.destination_mac = data[0:6].hex(":")
        header = data[14:34]
        length = struct.unpack("!H", header[2:4])[0]
        segment = data[34:14 + length]
        self.protocol, self.ttl = header[9], header[8]
        ports = struct.unpack("!HH", segment[:4])
        self.source = socket.inet_ntoa(header[12:16]), ports[0]
        self.destination = socket.inet_ntoa(header[16:20]), ports[1]
        self.intact = checksum(header) == 0 and \
            checksum(_pseudo(header[12:16], header[16:20], self.protocol, segment)) == 0
