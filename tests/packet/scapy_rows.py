#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes scapy.c: golden packets whose bytes are Scapy's, a second opinion on every checksum.

Run it by hand when a row changes (Debian: apt install python3-scapy), from this folder:
    ./scapy_rows.py > scapy.c && clang-format -i scapy.c
Frames come in and must go out exactly as Scapy builds them.
"""
from scapy.layers.inet import ICMP, IP, IPOption_Router_Alert, TCP, UDP
from scapy.layers.inet6 import (ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest,
                                ICMPv6PacketTooBig, ICMPv6TimeExceeded, IPv6, IPv6ExtHdrDestOpt,
                                PadN)
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

CLIENT = {4: "198.51.100.7", 6: "2001:db8:c::7"}
VIP = {4: "192.0.2.80", 6: "2001:db8:5::80"}
BACKEND = {4: "10.0.0.11", 6: "fd00:10::11"}
ROUTER = {4: "203.0.113.1", 6: "2001:db8:ffff::1"}
GATEWAY = {4: "192.0.2.2", 6: "2001:db8:5::2"}
COME = Ether(dst="02:00:00:00:00:0a", src="02:00:00:00:00:0b")
TURN = Ether(dst="02:00:00:00:00:0b", src="02:00:00:00:00:0a")
DATA = Raw(bytes(i * 7 % 256 for i in range(333)))


def ip(version, src, dst, **fields):
    """An IP header between two of the tables above."""
    return (IP if version == 4 else IPv6)(src=src[version], dst=dst[version], **fields)


def describe(packet):
    """What the harness needs to know about a frame beside its bytes."""
    layer = packet[IP] if IP in packet else packet[IPv6]
    if ICMP in packet or any("ICMPv6" in x.__name__ for x in packet.layers()):
        inner = layer.payload.getlayer(IP) or layer.payload.getlayer(IPv6)
        protocol = "IPPROTO_ICMP" if IP in packet else "IPPROTO_ICMPV6"
        echo = packet.getlayer(ICMP) or packet.getlayer(ICMPv6EchoRequest) or \
            packet.getlayer(ICMPv6EchoReply)
        more = f".quoted = {describe(inner)}" if inner else \
            f".type = {echo.type}, .sport = {echo.id}"
        return f'SPEC("{layer.src}", "{layer.dst}", {protocol}, {more}%s)'
    name, ports = ("TCP", packet[TCP]) if TCP in packet else ("UDP", packet[UDP])
    return f'{name}("{layer.src}", {ports.sport}, "{layer.dst}", {ports.dport}%s)'


def spec(packet):
    """The description, with the frame's bytes in hex."""
    text = describe(packet)
    while text.count("%s") > 1:
        text = text.replace("%s", "", 1)
    data = bytes(packet).hex()
    lines = [data[i:i + 80] for i in range(0, len(data), 80)]
    return text % (", .hex = " + "\n".join(f'"{line}"' for line in lines))


def error(version, kind, **fields):
    """The ICMP header of an error."""
    if version == 4:
        return ICMP(type={"unreachable": 3, "expired": 11, "big": 3}[kind],
                    code={"unreachable": 1, "expired": 0, "big": 4}[kind], **fields)
    return {"unreachable": ICMPv6DestUnreach, "expired": ICMPv6TimeExceeded,
            "big": ICMPv6PacketTooBig}[kind](**fields)


def quoted(packet):
    """A packet as an error quotes it, lengths and checksums filled in."""
    return packet.__class__(bytes(packet))


def nat_rows(version):
    """A flow's packets."""
    for name, header in (("TCP", TCP(seq=77, ack=88, flags="PA", options=[("Timestamp", (1, 2))])),
                         ("UDP", UDP())):
        vip, backend = (80, 8080) if name == "TCP" else (53, 5353)
        come, go = header.copy(), header.copy()
        come.sport, come.dport = 40000, vip
        go.sport, go.dport = 40000, backend
        yield (f"{name} over IPv{version} to the backend", "0", "GOLDEN_TO_BACKEND",
               COME / ip(version, CLIENT, VIP) / come / DATA,
               COME / ip(version, CLIENT, BACKEND) / go / DATA)
        come, go = header.copy(), header.copy()
        come.sport, come.dport = backend, 40000
        go.sport, go.dport = vip, 40000
        yield (f"{name} over IPv{version} to the client", "0", "GOLDEN_TO_CLIENT",
               COME / ip(version, BACKEND, CLIENT) / come / DATA,
               COME / ip(version, VIP, CLIENT) / go / DATA)


def error_rows(version):
    """Errors about a flow's packets, both ways."""
    flags = "SY_PACKET_ICMP_ERROR"
    mtu = {"nexthopmtu": 1280} if version == 4 else {"mtu": 1280}
    header = error(version, "big", **mtu)
    segment = {"flags": "A", "seq": 5, "ack": 6}
    yield (f"too big over IPv{version} to the backend", flags, "GOLDEN_TO_BACKEND",
           COME / ip(version, ROUTER, VIP) / header /
           quoted(ip(version, VIP, CLIENT) / TCP(sport=80, dport=40000, **segment) / DATA),
           COME / ip(version, ROUTER, BACKEND) / header /
           quoted(ip(version, BACKEND, CLIENT) / TCP(sport=8080, dport=40000, **segment) / DATA))
    header = error(version, "unreachable")
    yield (f"unreachable over IPv{version} from the backend", flags, "GOLDEN_TO_CLIENT",
           COME / ip(version, BACKEND, CLIENT) / header /
           quoted(ip(version, CLIENT, BACKEND) / UDP(sport=40000, dport=5353) / DATA),
           COME / ip(version, VIP, CLIENT) / header /
           quoted(ip(version, CLIENT, VIP) / UDP(sport=40000, dport=53) / DATA))


def answer_ip(version, src, error_class=False):
    """The IP header that Steelyard writes."""
    fields = {"ttl": 64, "id": 0, "flags": "DF"} if version == 4 else {"hlim": 64}
    if error_class:
        fields["tos" if version == 4 else "tc"] = 0xc0
    return ip(version, src, CLIENT, **fields)


def answer_rows(version):
    """Answers to the client."""
    ask, reply = (ICMP(type=8, id=9, seq=3), ICMP(type=0, id=9, seq=3)) if version == 4 else \
        (ICMPv6EchoRequest(id=9, seq=3), ICMPv6EchoReply(id=9, seq=3))
    yield (f"an echo reply over IPv{version}", "SY_PACKET_ECHO_REQUEST", "GOLDEN_ECHO",
           COME / ip(version, CLIENT, VIP) / ask / DATA,
           TURN / answer_ip(version, VIP) / reply / DATA)
    yield (f"a reset over IPv{version}", "0", "GOLDEN_RESET",
           COME / ip(version, CLIENT, VIP) / TCP(sport=40000, dport=80, flags="S", seq=999),
           TURN / answer_ip(version, VIP) /
           TCP(sport=80, dport=40000, flags="RA", seq=0, ack=1000, window=0))
    probe = ip(version, CLIENT, VIP, **({"ttl": 1} if version == 4 else {"hlim": 1})) / \
        UDP(sport=40000, dport=33434) / Raw(b"traceroute")
    yield (f"time exceeded over IPv{version}", "0", "GOLDEN_TIME_EXCEEDED", COME / probe,
           TURN / answer_ip(version, GATEWAY, True) / error(version, "expired") / quoted(probe))


def special_rows():
    """What lies around and between."""
    option, tag = IPOption_Router_Alert(), Dot1Q(vlan=100)
    yield ("IPv4 options and a tag", "SY_PACKET_OPTIONS | SY_PACKET_VLAN", "GOLDEN_TO_BACKEND",
           COME / tag / ip(4, CLIENT, VIP, options=[option]) / UDP(sport=40000, dport=53) / DATA,
           COME / tag / ip(4, CLIENT, BACKEND, options=[option]) / UDP(sport=40000, dport=5353) /
           DATA)
    options = IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0\0\0\0")])
    yield ("IPv6 destination options", "SY_PACKET_OPTIONS", "GOLDEN_TO_CLIENT",
           COME / ip(6, BACKEND, CLIENT) / options / TCP(sport=8080, dport=40000, flags="FA"),
           COME / ip(6, VIP, CLIENT) / options / TCP(sport=80, dport=40000, flags="FA"))


def rows():
    """All, in the order of the file."""
    for version in (4, 6):
        yield from nat_rows(version)
        yield from error_rows(version)
        yield from answer_rows(version)
    yield from special_rows()


def main():
    """Prints the file."""
    print("/* SPDX-License-Identifier: BSD-3-Clause */")
    print("/* Made by scapy_rows.py: change it, not this. */")
    print('#include "golden.h"\n\nstatic const struct golden rows[] = {')
    for name, flags, step, come, go in rows():
        print(f'BECOMES("{name}", {flags}, {spec(come)}, {step}, {spec(go)}),')
    print('};\n\nconst struct golden_table golden_scapy = { "scapy", GOLDEN_TABLE(rows) };')


main()
