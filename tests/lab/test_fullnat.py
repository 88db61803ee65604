# SPDX-License-Identifier: BSD-3-Clause
"""Full NAT: servers see the balancer's own addresses, and need no way back to clients."""

import contextlib
import ipaddress

from labkit import client
from labkit.servers import BIG_BYTES, DNS_NAME
from labkit.topology import CLIENT4, CLIENT6, LOCALS4, LOCALS6, VIP4, VIP6, backend4

GROUPS = ("one", "two")
PORT = 90
PRIMARIES = {"web1", "web2", "web3"}


def is_local(text):
    first, last = map(ipaddress.ip_address, (LOCALS6 if ":" in text else LOCALS4).split("-"))
    return first <= ipaddress.ip_address(text) <= last


@contextlib.contextmanager
def no_way_back(lab):
    """The servers' kernels know no way to the clients' networks."""
    ways = [("-4", "192.0.2.0/24"), ("-4", "198.51.100.0/24"), ("-6", "2001:db8:1::/64"),
            ("-6", "2001:db8:51::/64")]
    for name in PRIMARIES:
        for family, network in ways:
            lab.network.backends[name].run("ip", family, "route", "add", "blackhole", network)
    try:
        yield
    finally:
        for name in PRIMARIES:
            for family, network in ways:
                lab.network.backends[name].run("ip", family, "route", "del", "blackhole", network)


def seen_clients(lab):
    """The addresses that nginx noted."""
    seen = set()
    for backend in lab.backends.values():
        with contextlib.suppress(FileNotFoundError), open(f"{backend.dir}/access.log",
                                                          encoding="ascii") as log:
            seen |= {line.split()[2] for line in log}
    return seen


def hides(lab, vip, port=PORT):
    lab.forget_requests()
    with no_way_back(lab):
        bodies = {client.get(lab.client, vip, port=port).strip() for _ in range(12)}
        body = client.get(lab.client, vip, "/big", port=port, timeout=20)
        answer = lab.client.run(
            "sh", "-c", "head -c 2000000 /dev/zero | curl --silent --show-error --fail "
            f"--max-time 20 --data-binary @- '{client.url(vip, '/upload', port)}'")
    assert bodies == PRIMARIES, bodies
    assert len(body) == BIG_BYTES and answer.strip() in PRIMARIES
    seen = seen_clients(lab)
    assert seen and all(map(is_local, seen)), seen


def test_fullnat_hides_clients_v4(lab):
    hides(lab, VIP4)


def test_fullnat_hides_clients_v6(lab):
    hides(lab, VIP6)


def test_fullnat_udp(lab):
    with no_way_back(lab):
        answer = lab.client.run("dig", "+short", "+tries=1", "+time=2", "-p", PORT, f"@{VIP4}",
                                DNS_NAME, "A").strip()
    assert answer in {backend4(name) for name in PRIMARIES}, answer


def test_fullnat_flow_shows_its_local_endpoint(lab):
    with client.connect(lab.client, VIP4, PORT) as connection:
        source = connection.getsockname()
        client.ask(connection)
        flow = next(flow for flow in lab.control.flows("hidden")
                    if flow["client"] == f"{source[0]}:{source[1]}")
    address, port = flow["local"].rsplit(":", 1)
    assert is_local(address) and int(port) >= 1024, flow
    assert source[0] == CLIENT4 and flow["backend_address"].endswith(":8080"), flow


def test_fullnat_path_mtu(lab):
    """Too-big from a router before the client reaches the server that does not know him."""
    with no_way_back(lab):
        for vip in (VIP4, VIP6):
            assert len(client.get(lab.far, vip, "/big", port=PORT, timeout=15)) == BIG_BYTES


def test_fullnat_shares_flows_between_workers(lab):
    before = lab.control.show("workers")
    for vip in (VIP4, VIP6):
        for _ in range(12):
            client.get(lab.client, vip, port=PORT)
    after = lab.control.show("workers")
    made = [new["flows_created"] - old["flows_created"] for old, new in zip(before, after)]
    assert min(made) > 0, made
    assert CLIENT6 not in seen_clients(lab)


def test_fullnat_shows_its_local_ports(lab):
    with client.connect(lab.client, VIP4, PORT) as connection:
        client.ask(connection)
        flow = next(flow for flow in lab.control.flows("hidden")
                    if flow["client"].endswith(f":{connection.getsockname()[1]}"))
        address = flow["local"].rsplit(":", 1)[0]
        row = next(row for row in lab.control.show("locals")
                   if (row["local"], row["backend"]) == (address, flow["backend_address"]))
    assert row["protocol"] == "tcp" and row["state"] == "ok", row
    assert 1 <= row["taken"] < row["ports"] and 50000 < row["ports"] <= 65536, row
    assert lab.control.show("info")["local_ports_taken"] > 0
