#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A backend's end of tunnels, for kernels without the devices: takes IP in IP, GRE and GUE packets
apart, checks every field of the outer headers, and gives what is inside to a TUN device.

    decapsulate.py INTERFACE SOURCE4 SOURCE6 REPORT [ADDRESS=DSCP=VIP ...]

SOURCE4 and SOURCE6 are what outer headers must come from.  What comes to ADDRESS, which the kernel
does not have, must be marked with DSCP: it is meant for VIP (layer-3 direct return).  REPORT gets a
line for each fault, and one when a sort of packet is seen for the first time."""

import fcntl
import ipaddress
import signal
import socket
import struct
import sys

TUNSETIFF, IFF_TUN_NO_PI = 0x400454CA, 0x1001
ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 3, 0x0800, 0x86DD
INNER = {4: 4, 41: 6}  # protocol number: IP version inside
GRE, UDP, GUE_PORT = 47, 17, 6080


class Fault(Exception):
    """What is wrong with an outer header."""


def need(condition, what):
    if not condition:
        raise Fault(what)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def split_v4(packet, source):
    """The protocol, and what follows the header."""
    ihl, tos, length, ident, frag, ttl, protocol = struct.unpack("!BBHHHBB", packet[:10])
    need(ihl == 0x45, "options")
    need(length <= len(packet), f"length {length} of {len(packet)}")
    need(ttl == 64, f"ttl {ttl}")
    need(checksum(packet[:20]) == 0xFFFF, "header checksum")
    need(packet[12:16] == source, "source")
    need(frag & 0xBFFF == 0, "fragment")
    need((ident == 0) == (frag != 0), "identification")
    return protocol, tos, frag != 0, packet[20:length]


def split_v6(packet, source):
    first, length, protocol, hops = struct.unpack("!IHBB", packet[:8])
    need(first >> 28 == 6, "version")
    need(40 + length <= len(packet), "length")
    need(hops == 64, f"hop limit {hops}")
    need(packet[8:24] == source, "source")
    need(first & 0xFFFFF != 0, "no flow label")
    return protocol, first >> 20 & 0xFF, True, packet[40:40 + length]


def split_gue(payload, packet, version):
    sport, dport, length, total = struct.unpack("!HHHH", payload[:8])
    need(sport >= 49152 and length == len(payload), "UDP header")
    if version == 6:
        pseudo = packet[8:40] + struct.pack("!II", length, UDP)
        need(total != 0 and checksum(pseudo + payload) == 0xFFFF, "UDP checksum")
    else:
        need(total == 0, "UDP checksum over IPv4")
    head, protocol, flags = struct.unpack("!BBH", payload[8:12])
    need(dport == GUE_PORT and head == 0 and flags == 0 and protocol in INNER, "GUE header")
    return INNER[protocol], payload[12:]


def take_out(packet, version, sources):
    """(sort, inner packet), or None for what is no tunnel's."""
    protocol = packet[9] if version == 4 else packet[6]
    if protocol not in (*INNER, GRE, UDP):
        return None
    head = 20 if version == 4 else 40
    if protocol == UDP and packet[head + 2:head + 4] != struct.pack("!H", GUE_PORT):
        return None
    split = split_v4 if version == 4 else split_v6
    protocol, tos, is_whole, payload = split(packet, sources[version])
    if protocol == GRE:
        flags, kind = struct.unpack("!HH", payload[:4])
        need(flags == 0 and kind in (ETH_P_IP, ETH_P_IPV6), "GRE header")
        sort, inside, inner = "gre", 4 if kind == ETH_P_IP else 6, payload[4:]
    elif protocol == UDP:
        inside, inner = split_gue(payload, packet, version)
        sort = "gue"
    else:
        sort, inside, inner = "ipip", INNER[protocol], payload
    need(inner[0] >> 4 == inside, "version inside")
    if inside == 4:
        need(inner[1] == tos and (inner[6] & 0x40 != 0) <= is_whole, "class or DF")
    return f"{sort} {inside}in{version}", inner


def take_mark(packet, version, marks):
    """(sort, packet to the virtual IP), or None for what is to no such address."""
    destination, source = (slice(16, 20), slice(12, 16)) if version == 4 else (slice(24, 40), slice(8, 24))
    if packet[destination] not in marks:
        return None
    mark, vip = marks[packet[destination]]
    length = struct.unpack("!H", packet[2:4])[0] if version == 4 else \
        40 + struct.unpack("!H", packet[4:6])[0]
    packet = bytearray(packet[:length])
    tos = packet[1] if version == 4 else (packet[0] & 15) << 4 | packet[1] >> 4
    need(tos >> 2 == mark, f"class {tos:#x}")
    need(packet[8 if version == 4 else 7] == 63, "TTL")
    head, protocol = (20, packet[9]) if version == 4 else (40, packet[6])
    need(protocol == socket.IPPROTO_TCP, f"protocol {protocol}")
    need(version == 6 or checksum(bytes(packet[:20])) == 0xFFFF, "header checksum")

    def total():
        pseudo = packet[source] + packet[destination] + struct.pack("!II", length - head, protocol)
        return checksum(bytes(pseudo + packet[head:]))

    need(total() == 0xFFFF, "TCP checksum")
    packet[destination] = vip
    packet[head + 16:head + 18] = b"\0\0"
    packet[head + 16:head + 18] = struct.pack("!H", total() ^ 0xFFFF)
    if version == 4:
        packet[1] &= 3
        packet[10:12] = b"\0\0"
        packet[10:12] = struct.pack("!H", checksum(bytes(packet[:20])) ^ 0xFFFF)
    return f"l3dsr {version}in{version}", bytes(packet)


def read_marks(texts):
    marks = {}
    for address, mark, vip in (text.split("=") for text in texts):
        marks[ipaddress.ip_address(address).packed] = int(mark), ipaddress.ip_address(vip).packed
    return marks


def open_tun():
    tun = open("/dev/net/tun", "r+b", buffering=0)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", b"tun0", IFF_TUN_NO_PI))
    return tun


def main():
    interface, source4, source6, report, *marks = sys.argv[1:]
    marks = read_marks(marks)
    sources = {4: ipaddress.ip_address(source4).packed, 6: ipaddress.ip_address(source6).packed}
    seen = set()
    tun = open_tun()
    # The kernel must not refuse what it does not know.
    keep = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)]
    keep[0].bind(("::", GUE_PORT))
    keep += [socket.socket(family, socket.SOCK_RAW, protocol) for protocol in (4, 41, GRE)
             for family in (socket.AF_INET, socket.AF_INET6)]
    frames = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    frames.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    frames.bind((interface, ETH_P_ALL))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with open(report, "w", buffering=1, encoding="ascii") as lines:
        print("ready", file=lines)
        while True:
            packet, address = frames.recvfrom(65535)
            version = {ETH_P_IP: 4, ETH_P_IPV6: 6}.get(address[1])
            if version is None or address[2] != socket.PACKET_HOST:
                continue
            try:
                found = take_mark(packet, version, marks) or take_out(packet, version, sources)
            except Fault as fault:
                print(f"fault: {fault}: {packet[:64].hex()}", file=lines)
                continue
            if found is None:
                continue
            if found[0] not in seen:
                seen.add(found[0])
                print(f"seen: {found[0]}", file=lines)
            tun.write(found[1])


if __name__ == "__main__":
    main()
