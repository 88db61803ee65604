# SPDX-License-Identifier: BSD-3-Clause
"""Full NAT between families: IPv6 clients of servers that have IPv4 only, and the other way round.
Each kernel checks every checksum that it gets, and the harness asks whether one found a wrong one."""

import contextlib
import ipaddress
import os
import re
import socket

from labkit import client
from labkit.echo import echo_servers, udp
from labkit.servers import BIG_BYTES, DNS_NAME
from labkit.topology import (FAR_MTU, LOCALS4, LOCALS6, ROUTER4, ROUTER6, VIP4, VIP6, WAN4, WAN6,
                             backend4, backend6)

GROUPS = ("one", "two")
PORT, ECHO_PORT, MUTE_PORT = 91, 7091, 92
PRIMARIES = {"web1", "web2", "web3"}
HEADERS_DIFFER = 20


def is_local(text, locals_):
    first, last = map(ipaddress.ip_address, locals_.split("-"))
    address = ipaddress.ip_address(text)
    return address.version == first.version and first <= address <= last


def seen_clients(lab):
    """The addresses that nginx noted."""
    seen = set()
    for backend in lab.backends.values():
        with contextlib.suppress(FileNotFoundError), open(f"{backend.dir}/access.log",
                                                          encoding="ascii") as log:
            seen |= {line.split()[2] for line in log}
    return seen


def http(lab, vip, locals_):
    lab.forget_requests()
    bodies = {client.get(lab.client, vip, port=PORT).strip() for _ in range(12)}
    body = client.get(lab.client, vip, "/big", port=PORT, timeout=20)
    answer = lab.client.run(
        "sh", "-c", "head -c 2000000 /dev/zero | curl --silent --show-error --fail "
        f"--max-time 20 --data-binary @- '{client.url(vip, '/upload', PORT)}'")
    assert bodies == PRIMARIES, bodies
    assert len(body) == BIG_BYTES and answer.strip() in PRIMARIES
    seen = seen_clients(lab)
    assert seen and all(is_local(address, locals_) for address in seen), seen


def test_families_http_v6_to_v4(lab):
    http(lab, VIP6, LOCALS4)


def test_families_http_v4_to_v6(lab):
    http(lab, VIP4, LOCALS6)


def dig(lab, vip, kind):
    return lab.client.run("dig", "+short", "+tries=1", "+time=2", "-p", PORT, f"@{vip}", DNS_NAME,
                          kind).strip()


def test_families_dns_v6_to_v4(lab):
    assert {dig(lab, VIP6, "A") for _ in range(6)} == set(map(backend4, PRIMARIES))


def test_families_dns_v4_to_v6(lab):
    assert {dig(lab, VIP4, "AAAA") for _ in range(6)} == set(map(backend6, PRIMARIES))


def learned_mtu(lab, family, locals_):
    """The narrowest path MTU that a backend's kernel has learned towards what it takes for clients."""
    first, last = map(ipaddress.ip_address, locals_.split("-"))
    texts = [namespace.run("ip", family, "route", "get", first + i)
             for namespace in lab.network.backends.values()
             for i in range(int(last) - int(first) + 1)]
    return min((int(mtu) for text in texts for mtu in re.findall(r"mtu (\d+)", text)), default=None)


def path_mtu(lab, vip, family, locals_, expected):
    """A router before the client says too big: the server hears it, in its own family's bytes."""
    for namespace in lab.network.backends.values():
        namespace.run("ip", family, "route", "flush", "cache")
    assert learned_mtu(lab, family, locals_) is None
    for _ in range(3):
        assert len(client.get(lab.far, vip, "/big", port=PORT, timeout=15)) == BIG_BYTES
    assert learned_mtu(lab, family, locals_) == expected
    for namespace in lab.network.backends.values():
        namespace.run("ip", family, "route", "flush", "cache")


def test_families_path_mtu_v6_to_v4(lab):
    path_mtu(lab, VIP6, "-4", LOCALS4, FAR_MTU - HEADERS_DIFFER)


def test_families_path_mtu_v4_to_v6(lab):
    path_mtu(lab, VIP4, "-6", LOCALS6, FAR_MTU + HEADERS_DIFFER)


def unreachable(lab, vip):
    """The backend's kernel says that nobody listens; the client's must hear it in its own words."""
    with udp(lab.client, vip) as query:
        query.connect((vip, MUTE_PORT))
        query.send(b"is anyone there?")
        try:
            raise AssertionError(f"an answer came: {query.recv(100)!r}")
        except ConnectionRefusedError:
            pass


def test_families_port_unreachable_v6_to_v4(lab):
    unreachable(lab, VIP6)


def test_families_port_unreachable_v4_to_v6(lab):
    unreachable(lab, VIP4)


def hops(namespace, *arguments):
    text = namespace.run("traceroute", "-n", "-q", "1", "-w", "1", "-m", "6", *arguments, timeout=30)
    return re.findall(r"(?m)^ *\d+ +(\S+)", text)


def test_families_traceroute(lab):
    """The balancer is a hop in the client's own family, whatever its backends have."""
    assert hops(lab.far, "-T", "-p", PORT, VIP4) in (
        [ROUTER4, WAN4, VIP4], [ROUTER4, VIP4, VIP4])
    assert hops(lab.far, "-6", "-T", "-p", PORT, VIP6) in (
        [ROUTER6, WAN6, VIP6], [ROUTER6, VIP6, VIP6])


def large_datagrams(lab, vip, address):
    """IPv4's pieces of 1,500 bytes are too big in IPv6: they are divided further, and none is lost."""
    with echo_servers(lab, address, ECHO_PORT), udp(lab.client, vip) as sock:
        sock.connect((vip, ECHO_PORT))
        for size in (1200, 1473, 4000, 30000):
            data = os.urandom(size)
            sock.send(data)
            assert sock.recv(65536) == data, size
    assert sum(worker["divided"] for worker in lab.control.show("workers")) > 0


def test_families_pieces_v6_to_v4(lab):
    large_datagrams(lab, VIP6, backend4)


def test_families_pieces_v4_to_v6(lab):
    large_datagrams(lab, VIP4, backend6)


def test_families_flow_shows_both(lab):
    with client.connect(lab.client, VIP6, PORT) as connection:
        client.ask(connection)
        port = connection.getsockname()[1]
        flow = next(flow for flow in lab.control.flows("six-to-four")
                    if flow["client"].endswith(f"]:{port}"))
    assert is_local(flow["local"].rsplit(":", 1)[0], LOCALS4), flow
    assert flow["backend_address"] in {f"{backend4(name)}:8080" for name in PRIMARIES}, flow
    assert socket.inet_pton(socket.AF_INET6, flow["vip"][1:flow["vip"].index("]")]) == \
        socket.inet_pton(socket.AF_INET6, VIP6)
