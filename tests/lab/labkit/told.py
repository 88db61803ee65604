# SPDX-License-Identifier: BSD-3-Clause
"""Backends that are told their client's address: what to ask them, and what to see there."""

import contextlib
import socket
import struct
import threading

from . import config
from .servers import TOLD_PORT
from .topology import BACKENDS, CLIENT4, CLIENT6, VIP4, VIP6, backend4, backend6

BANNER_PORT = 8082
V1, V2, TOA, TRUSTED, STRIPPED, BANNER = 185, 186, 187, 188, 189, 190
HIDDEN_V1, HIDDEN_V2, HIDDEN_TOA = 191, 192, 193
ACROSS_V1, ACROSS_V2, ACROSS_TOA = 194, 195, 196
TOA_KIND = 254


def change(settings):
    """Services that tell, of both families; servers that expect it are probed where they do not."""
    health = dict(config.HEALTH, port=8080)
    settings["pools"] += [
        config.pool("told", config.backends(BACKENDS, backend4, TOLD_PORT), health=health),
        config.pool("told6", config.backends(BACKENDS, backend6, TOLD_PORT), health=health),
        config.pool("banner", config.backends(["web1"], backend4, BANNER_PORT),
                    health={"type": "none"})]
    for vip, pool, suffix, client in ((VIP4, "told", "", f"{CLIENT4}/32"),
                                      (VIP6, "told6", "6", f"{CLIENT6}/128")):
        plain = pool.replace("told", "web")
        settings["services"] += [
            config.service(f"v1{suffix}", vip, V1, pool, client_address="proxy-v1"),
            config.service(f"v2{suffix}", vip, V2, pool, client_address="proxy-v2"),
            config.service(f"toa{suffix}", vip, TOA, plain, client_address="toa"),
            config.service(f"hidden-v1{suffix}", vip, HIDDEN_V1, pool, client_address="proxy-v1",
                           mode="fullnat"),
            config.service(f"hidden-v2{suffix}", vip, HIDDEN_V2, pool, client_address="proxy-v2",
                           mode="fullnat"),
            config.service(f"hidden-toa{suffix}", vip, HIDDEN_TOA, plain, client_address="toa",
                           mode="fullnat"),
            config.service(f"trusted{suffix}", vip, TRUSTED, pool, client_address="proxy-v2",
                           trust_client_address=[client]),
            config.service(f"stripped{suffix}", vip, STRIPPED, plain, strip_client_address=True)]
    for vip, pool, suffix in ((VIP4, "told6", ""), (VIP6, "told", "6")):
        plain = pool.replace("told", "web")
        settings["services"] += [
            config.service(f"across-{name}{suffix}", vip, port, servers, client_address=way,
                           mode="fullnat")
            for name, port, servers, way in (("v1", ACROSS_V1, pool, "proxy-v1"),
                                             ("v2", ACROSS_V2, pool, "proxy-v2"),
                                             ("toa", ACROSS_TOA, plain, "toa"))]
    settings["services"].append(
        config.service("banner", VIP4, BANNER, "banner", client_address="proxy-v1"))


def claim_v1(address, port):
    family = "TCP6" if ":" in address else "TCP4"
    return f"PROXY {family} {address} {address} {port} {port}\r\n".encode()


def claim_v2(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    packed = socket.inet_pton(family, address)
    body = packed + packed + struct.pack("!HH", port, port)
    return (b"\r\n\r\n\0\r\nQUIT\n" + bytes((0x21, 0x21 if ":" in address else 0x11)) +
            struct.pack("!H", len(body)) + body)


@contextlib.contextmanager
def banner_server(namespace):
    """Speaks first, as mail servers do, once it has read the header; repeats the header."""
    with namespace.entered():
        listener = socket.create_server(("", BANNER_PORT))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection = listener.accept()[0]
                with connection:
                    connection.settimeout(5)
                    line = b""
                    while not line.endswith(b"\r\n"):
                        line += connection.recv(1)
                    connection.sendall(b"220 " + line)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


class Tap:
    """What arrives at backends, as their interfaces see it."""

    def __init__(self, namespaces):
        self.sockets = []
        for namespace in namespaces:
            with namespace.entered():
                tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            tap.setblocking(False)
            self.sockets.append(tap)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for tap in self.sockets:
            tap.close()

    def segments(self, client_port):
        """(flags, options as {kind: bytes}, payload) of what came from that port."""
        for tap in self.sockets:
            with contextlib.suppress(BlockingIOError):
                while True:
                    segment = _tcp(tap.recv(65536))
                    if segment and struct.unpack_from("!H", segment)[0] == client_port:
                        yield _describe(segment)


    def sources(self):
        """(source port, options) of each segment that came."""
        for tap in self.sockets:
            with contextlib.suppress(BlockingIOError):
                while True:
                    segment = _tcp(tap.recv(65536))
                    if segment:
                        yield struct.unpack_from("!H", segment)[0], _describe(segment)[1]


def _tcp(frame):
    """The TCP segment of a frame, without padding; None: another protocol."""
    ether_type = struct.unpack_from("!H", frame, 12)[0]
    if ether_type == 0x0800 and frame[23] == socket.IPPROTO_TCP:
        return frame[14 + 4 * (frame[14] & 15):14 + struct.unpack_from("!H", frame, 16)[0]]
    if ether_type == 0x86DD and frame[20] == socket.IPPROTO_TCP:
        return frame[54:54 + struct.unpack_from("!H", frame, 18)[0]]
    return None


def _describe(segment):
    header = segment[12] >> 4 << 2
    options, at = {}, 20
    while at < header and segment[at] != 0:
        if segment[at] == 1:
            at += 1
            continue
        options[segment[at]] = segment[at + 2:at + segment[at + 1]]
        at += segment[at + 1]
    return segment[13], options, segment[header:]
