# SPDX-License-Identifier: BSD-3-Clause
"""QUIC: clients that change their address in the middle of a connection."""

import contextlib
import time

from labkit import quic
from labkit.topology import CLIENT4, VIP4

GROUPS = ("two",)
CLIENTS = 6
MOVED4 = "192.0.2.7"  # the client's other address


def start_servers(lab):
    quic.need_programs()
    for number, name in enumerate(("web1", "web2", "web3"), 1):
        if not quic.is_listening(lab.backends[name].namespace):
            quic.start_server(lab.backends[name], number)
    for name in ("web1", "web2", "web3"):
        quic.wait_listening(lab.backends[name].namespace)


def flows(lab):
    """The service's flows by the client's address and port."""
    return {flow["client"]: flow["backend"] for flow in lab.control.flows("quic")}


def test_migration(lab):
    """Half of the clients probe the new path (RFC 9000, section 9), the others do not know of it, as
    behind a NAT; each asks after the change, and hears the server that knows its connection."""
    start_servers(lab)
    folders = [f"{lab.session.dir}/quic{i}" for i in range(CLIENTS)]
    clients = [quic.start_client(lab.client, VIP4, folder, *(["--nat-rebinding"] * (i % 2)))
               for i, folder in enumerate(folders)]
    names = [quic.answer(*pair) for pair in zip(clients, folders)]
    assert len(set(names)) == 3, names
    found = flows(lab)
    assert len(found) == 2 * CLIENTS, found
    for name in set(names):
        assert sum(backend.endswith(name) for backend in found.values()) == 2 * names.count(name), \
            (names, found)


@contextlib.contextmanager
def other_address(lab):
    """The client has a second address; says how to make it the one that packets to the service have."""
    lab.client.ip(f"addr add {MOVED4}/32 dev eth0")
    try:
        yield lambda: lab.client.ip(f"route replace {VIP4}/32 dev eth0 src {MOVED4}")
    finally:
        # Its route goes with it.
        lab.client.ip(f"addr del {MOVED4}/32 dev eth0")


def wait_flows(lab, address, number, patience=5.0):
    """The service's flows from an address: the backend by the port."""
    end = time.monotonic() + patience
    while True:
        found = {client: backend for client, backend in flows(lab).items()
                 if client.rsplit(":", 1)[0] == address}
        if len(found) >= number:
            return found
        assert time.monotonic() < end, (address, number, found)
        time.sleep(0.05)


def test_migration_to_another_address(lab):
    """The same with another address of the client, not only another port: the network that it is in
    has changed."""
    start_servers(lab)
    before = len(wait_flows(lab, CLIENT4, 0))
    folders = [f"{lab.session.dir}/moved{i}" for i in range(CLIENTS)]
    with other_address(lab) as move:
        clients = [quic.start_client(lab.client, VIP4, folder, *(["--nat-rebinding"] * (i % 2)),
                                     change_ms=1500) for i, folder in enumerate(folders)]
        wait_flows(lab, CLIENT4, before + CLIENTS)
        move()
        names = [quic.answer(*pair) for pair in zip(clients, folders)]
        found = wait_flows(lab, MOVED4, CLIENTS)
    assert len(set(names)) == 3, names
    assert len(found) == CLIENTS, found
    for name in set(names):
        assert sum(backend.endswith(name) for backend in found.values()) == names.count(name), \
            (names, found)
