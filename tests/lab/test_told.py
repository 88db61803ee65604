# SPDX-License-Identifier: BSD-3-Clause
"""Backends are told their client's address: nginx by the PROXY protocol, a raw socket sees the option."""

import fcntl
import hashlib
import os
import socket
import struct
import termios
import time

from labkit import client, told
from labkit.loss import losing
from labkit.servers import BIG_BYTES
from labkit.topology import CLIENT4, CLIENT6, VIP4, VIP6

GROUPS = ("told",)
LOSS_PERCENT = 2
UPLOAD_BYTES = 2 << 20
SIDES = ((VIP4, CLIENT4), (VIP6, CLIENT6))


def unacknowledged(connection):
    """Bytes that its peer has not acknowledged (SIOCOUTQ)."""
    return struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0]


def who_am_i(lab, vip, port, first=b"", pieces=1):
    """What nginx says of its client, and the client's port; first is sent before the request."""
    request = first + b"GET /whoami HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n"
    with client.connect(lab.client, vip, port) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        own_port = connection.getsockname()[1]
        step = -(-len(request) // pieces)
        for at in range(0, len(request), step):
            connection.sendall(request[at:at + step])
        answer = b""
        while data := connection.recv(65536):
            answer += data
    assert answer.startswith(b"HTTP/1.1 200"), answer
    return answer.split(b"\r\n\r\n", 1)[1].decode().strip(), own_port


def is_told(lab, port):
    for vip, address in SIDES:
        told_, own_port = who_am_i(lab, vip, port)
        assert told_ == f"{address} {own_port}", (vip, told_, own_port)


def test_proxy_v1(lab):
    is_told(lab, told.V1)


def test_proxy_v2(lab):
    is_told(lab, told.V2)


def test_behind_full_nat(lab):
    """Where servers see the balancer's addresses it is the header that tells whose request it is."""
    for port in (told.HIDDEN_V1, told.HIDDEN_V2):
        is_told(lab, port)
        for vip, address in SIDES:
            told_, own_port = who_am_i(lab, vip, port, told.claim_v2("203.0.113.9", 9))
            assert told_ == f"{address} {own_port}", (port, told_)
            transfer(lab, vip, port)


def test_between_families(lab):
    """A server without IPv6 is told an IPv6 client's address all the same, and the other way round."""
    for port in (told.ACROSS_V1, told.ACROSS_V2):
        is_told(lab, port)
        for vip, _ in SIDES:
            transfer(lab, vip, port)


def test_option_behind_full_nat(lab):
    sees_option(lab, told.HIDDEN_TOA)


def test_option_between_families(lab):
    sees_option(lab, told.ACROSS_TOA)


def sees_option(lab, port):
    for vip, address in SIDES:
        family = socket.AF_INET6 if ":" in vip else socket.AF_INET
        with told.Tap([backend.namespace for backend in lab.backends.values()]) as tap:
            own_port = who_am_i(lab, vip, port)[1]
            seen = [(source, options) for source, options in tap.sources()
                    if told.TOA_KIND in options]
        option = struct.pack("!H", own_port) + socket.inet_pton(family, address)
        assert seen and all(options[told.TOA_KIND] == option for _, options in seen), seen
        assert all(source != own_port for source, _ in seen), (own_port, seen)


def test_part_of_a_claim(lab):
    """A client whose only word begins a header is heard, at once when it says no more."""
    for vip, _ in SIDES:
        with client.connect(lab.client, vip, told.V2) as connection:
            connection.sendall(b"P")
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(10)
            connection.recv(4096)  # whatever it is; nothing at all would be a time-out
        with client.connect(lab.client, vip, told.V2) as connection:
            connection.settimeout(10)
            connection.sendall(b"PRO")
            # Sent again until then, and acknowledged by the server after the wait.
            end = time.monotonic() + 8
            while unacknowledged(connection) > 0:
                assert time.monotonic() < end, "nobody heard the client"
                time.sleep(0.1)


def transfer(lab, vip, port):
    body = client.get(lab.client, vip, "/big", port, timeout=60)
    assert body == body[:16] * (BIG_BYTES // 16) and len(body) == BIG_BYTES, "a damaged body"
    data = os.urandom(UPLOAD_BYTES)
    path = f"{lab.session.dir}/upload"
    with open(path, "wb") as file:
        file.write(data)
    lab.client.run("curl", "--silent", "--show-error", "--fail", "--max-time", 60, "--upload-file",
                   path, client.url(vip, "/put/upload", port), timeout=70)
    for backend in lab.backends.values():
        kept = f"{backend.dir}/www/put/upload"
        if os.path.exists(kept):
            with open(kept, "rb") as file:
                assert hashlib.sha256(file.read()).digest() == hashlib.sha256(data).digest(), \
                    "a damaged upload"
            os.unlink(kept)
            return
    raise AssertionError("no server has the upload")


def test_bodies_both_ways(lab):
    for port in (told.V1, told.V2):
        for vip, _ in SIDES:
            transfer(lab, vip, port)


def repeated(namespace):
    """Segments that its kernel has sent again."""
    with namespace.entered(), open("/proc/net/snmp", encoding="ascii") as file:
        names, figures = [line.split() for line in file if line.startswith("Tcp:")]
    return int(figures[names.index("RetransSegs")])


def test_bodies_under_loss(lab):
    hurt = [lab.client, *(backend.namespace for backend in lab.backends.values())]
    before = [repeated(namespace) for namespace in hurt]
    with losing(hurt, LOSS_PERCENT):
        for port in (told.V1, told.V2, told.TOA):
            transfer(lab, VIP4, port)
        transfer(lab, VIP6, told.V1)
        for _ in range(20): # where the header itself is lost
            told_, own_port = who_am_i(lab, VIP4, told.V2)
            assert told_ == f"{CLIENT4} {own_port}", told_
    after = [repeated(namespace) for namespace in hurt]
    assert after[0] > before[0] and sum(after[1:]) > sum(before[1:]), "nothing was lost"


def test_server_that_speaks_first(lab):
    with told.banner_server(lab.backends["web1"].namespace):
        with client.connect(lab.client, VIP4, told.BANNER) as connection:
            own_port = connection.getsockname()[1]
            banner = connection.recv(200).decode()
    assert banner == f"220 PROXY TCP4 {CLIENT4} {VIP4} {own_port} {told.BANNER}\r\n", banner


def test_claims_are_stripped(lab):
    for claim in (told.claim_v1("203.0.113.9", 9), told.claim_v2("203.0.113.9", 9),
                  told.claim_v1("2001:db8::9", 9) + told.claim_v2("203.0.113.9", 9)):
        for vip, address in SIDES:
            for port in (told.V1, told.V2):
                told_, own_port = who_am_i(lab, vip, port, claim)
                assert told_ == f"{address} {own_port}", (port, claim, told_)
            # nginx without proxy_protocol would answer 400 to such a header.
            assert who_am_i(lab, vip, told.STRIPPED, claim)[0] == "-"


def test_claim_in_pieces(lab):
    told_, own_port = who_am_i(lab, VIP4, told.V2, told.claim_v2("203.0.113.9", 9), pieces=6)
    assert told_ == f"{CLIENT4} {own_port}", told_


def test_trusted_client_tells_himself(lab):
    for vip, _ in SIDES:
        for claim in (told.claim_v1, told.claim_v2):
            told_, _ = who_am_i(lab, vip, told.TRUSTED, claim("203.0.113.9", 9))
            assert told_ == "203.0.113.9 9", told_


def test_toa(lab):
    for vip, address in SIDES:
        family = socket.AF_INET6 if ":" in vip else socket.AF_INET
        with told.Tap([backend.namespace for backend in lab.backends.values()]) as tap:
            own_port = who_am_i(lab, vip, told.TOA)[1]
            segments = list(tap.segments(own_port))
        option = struct.pack("!H", own_port) + socket.inet_pton(family, address)
        syn, ack, *rest = segments
        assert syn[0] & 0x12 == 0x02 and told.TOA_KIND not in syn[1], segments
        assert ack[0] & 0x12 == 0x10 and ack[1].get(told.TOA_KIND) == option, segments
        assert not ack[2] and any(payload for _, _, payload in rest), segments
        first = next(segment for segment in rest if segment[2])
        assert first[1].get(told.TOA_KIND) == option, segments
