# SPDX-License-Identifier: BSD-3-Clause
"""A flood in others' names: TCP SYNs and single UDP datagrams, each from a sender of its own.

`python3 -m labkit.flood` writes frames to an interface at a set rate until SIGTERM, and says at the
end how many.  The senders are of 203.0.113.0/24 (RFC 5737), where nobody lives.
"""

import argparse
import random
import signal
import socket
import struct
import subprocess
import sys
import time

BURST_S = 0.005


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def frame(macs, target, protocol, segment_of):
    """segment_of(port, checksum): the segment, whose checksum covers the addresses too."""
    source = bytes((203, 0, 113, random.randrange(1, 255)))
    port = random.randrange(1024, 65536)
    empty = segment_of(port, 0)
    pseudo = source + target + struct.pack("!BBH", 0, protocol, len(empty))
    segment = segment_of(port, checksum(pseudo + empty))
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0x4000, 64, protocol, 0)
    head = head[:10] + struct.pack("!H", checksum(head + source + target))
    return macs + b"\x08\x00" + head + source + target + segment


def syn_to(to_port):
    number = random.getrandbits(32)
    return lambda port, check: struct.pack("!HHIIBBHHH", port, to_port, number, 0, 0x50, 2, 64240,
                                           check, 0)


def datagram_to(to_port):
    return lambda port, check: struct.pack("!HHHH", port, to_port, 20, check) + b"nothing here"


class Flood:
    """The child process, from a namespace's side."""

    def __init__(self, namespace, home, gateway, vip, **options):
        arguments = [part for name, value in options.items()
                     for part in ("--" + name.replace("_", "-"), str(value))]
        self.child = namespace.spawn(
            [sys.executable, "-m", "labkit.flood", "--gateway", gateway, "--vip", vip, *arguments],
            stdout=subprocess.PIPE, text=True, cwd=home)

    def stop(self):
        """How many packets were sent."""
        self.child.terminate()
        return int(self.child.communicate(timeout=10)[0])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--interface", default="eth0")
    parser.add_argument("--gateway", required=True, help="MAC address")
    parser.add_argument("--vip", required=True)
    parser.add_argument("--syn-port", type=int, default=80)
    parser.add_argument("--udp-port", type=int, default=53)
    parser.add_argument("--rate", type=int, default=4000, help="packets a second of each kind")
    options = parser.parse_args()
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((options.interface, 0))
    macs = bytes.fromhex(options.gateway.replace(":", "")) + out.getsockname()[4]
    target = socket.inet_aton(options.vip)
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    sent, began = 0, time.monotonic()
    while not stopped:
        while sent < 2 * options.rate * (time.monotonic() - began) and not stopped:
            out.send(frame(macs, target, socket.IPPROTO_TCP, syn_to(options.syn_port)))
            out.send(frame(macs, target, socket.IPPROTO_UDP, datagram_to(options.udp_port)))
            sent += 2
        time.sleep(BURST_S)
    print(sent)


if __name__ == "__main__":
    main()
