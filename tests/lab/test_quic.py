# SPDX-License-Identifier: BSD-3-Clause
"""QUIC: clients that change their address in the middle of a connection."""

from labkit import quic
from labkit.topology import VIP4

GROUPS = ("two",)
CLIENTS = 6


def start_servers(lab):
    quic.need_programs()
    for number, name in enumerate(("web1", "web2", "web3"), 1):
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
