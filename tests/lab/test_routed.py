# SPDX-License-Identifier: BSD-3-Clause
"""Two nodes, BIRD and keepalived unmodified, set up by the files of conf/ (labkit/nodes.py).

What is measured is printed; conf/README.md has the figures."""

import time

from labkit import client
from labkit.held import Held
from labkit.nodes import GATEWAY, SHARED, VIP4, VIP6, wait
from labkit.servers import HTTP_PORT

GROUPS = ("routed",)
N_HELD = 16


def measured(text):
    print(f"# measured: {text}", flush=True)


def serves(lab, address, port=HTTP_PORT):
    return client.get(lab.nodes.users, address, port=port).strip() in lab.backends


def test_routed_announced(lab):
    """Both nodes announce both addresses, the router spreads over both, BFD is up."""
    nodes = lab.nodes
    for vip in (VIP4, VIP6):
        nodes.wait_routes([1, 2], vip)
        assert all(serves(lab, vip) for _ in range(8))
    text = nodes.birdc(nodes.router, nodes.files, "show", "bfd", "sessions")
    assert text.count(" Up ") == 4, text
    # What the kernel has is for the daemon alone: the host's own ways are not by it.
    assert VIP4 not in nodes.nodes[0].namespace.run("ip", "route", "show")


def test_routed_withdrawn(lab):
    """A node that reaches no backend withdraws; so do all when nobody is well; both come back."""
    nodes = lab.nodes
    nodes.wait_routes([1, 2])
    lab.network.switch.ip("link set node1 down")
    measured(f"the last backend lost, and withdrawn: {nodes.wait_routes([2]):.1f} s "
             "(two probes, 0.4 s apart, are part of it)")
    assert all(serves(lab, VIP4) for _ in range(8))
    for backend in lab.backends.values():
        backend.say_healthy(False)
    for vip in (VIP4, VIP6):
        nodes.wait_routes([], vip)
    for backend in lab.backends.values():
        backend.say_healthy(True)
    lab.network.switch.ip("link set node1 up")
    for vip in (VIP4, VIP6):
        nodes.wait_routes([1, 2], vip)


def test_routed_node_lost(lab):
    """Connections of a node that dies go on by the other, and on when it is back."""
    nodes = lab.nodes
    first, second = nodes.nodes
    for vip in (VIP4, VIP6):
        nodes.wait_routes([1, 2], vip)
    nodes.wait_alike()
    with Held(nodes.users, VIP4, HTTP_PORT, N_HELD) as held, \
            Held(nodes.users, VIP6, HTTP_PORT, N_HELD) as held6:
        mine = len(first.control.flows("www"))
        assert mine > 0 and len(second.control.flows("www")) > 0, "nothing was spread"
        first.crash()
        gone = nodes.wait_routes([2])
        held.wait_answers(3)
        held6.wait_answers(3)
        assert second.adopted() >= mine, second.adopted()
        measured(f"a node killed: the router has turned away after {gone:.2f} s, the longest answer "
                 f"took {held.longest():.2f} s (IPv6: {held6.longest():.2f} s)")
        held.forget()
        first.start()
        for vip in (VIP4, VIP6):
            nodes.wait_routes([1, 2], vip)
        nodes.wait_alike()
        held.wait_answers(3)
        held6.wait_answers(3)
        wait(lambda: first.adopted() > 0, "the node that is back adopts its connections")
        measured(f"the node is back: the longest answer took {held.longest():.2f} s")


def test_routed_node_stopped(lab):
    """A node that is told to end withdraws first: nobody waits."""
    nodes = lab.nodes
    nodes.wait_routes([1, 2])
    nodes.wait_alike()
    with Held(nodes.users, VIP4, HTTP_PORT, N_HELD) as held:
        code, seconds = nodes.nodes[1].appliance.stop()
        assert code == 0, code
        nodes.wait_routes([1])
        held.wait_answers(3)
        measured(f"a node told to end: it took {seconds:.1f} s, the longest answer "
                 f"{held.longest():.2f} s")
        nodes.nodes[1].start()
        nodes.wait_routes([1, 2])
        held.wait_answers(3)


def move(lab, what, do, to, held):
    """The addresses move to this node; seconds until it has both, of which the last is the gateway."""
    held.forget()
    begun = time.monotonic()
    do()
    wait(lambda: to.has(SHARED) and to.has(GATEWAY), f"{what}: {to.name} has {SHARED}", 30)
    seconds = time.monotonic() - begun
    held.wait_answers(3)
    measured(f"{what}: the address has moved after {seconds:.2f} s, the longest answer took "
             f"{held.longest():.2f} s")
    return seconds


def test_routed_address_moves(lab):
    """keepalived's address and gateway move to the other node and back, under connections of NAT."""
    nodes = lab.nodes
    first, second = nodes.nodes
    wait(lambda: first.has(SHARED) and not second.has(SHARED), "node1 has the shared address", 30)
    nodes.wait_alike()
    with Held(nodes.users, SHARED, 80, N_HELD) as held:
        times = []
        # A machine that is busy elsewhere may take longer once, or twice.
        while not times or (times[-1] >= 2 and len(times) < 3):
            times.append(move(lab, "the node killed", first.crash, second, held))
            assert second.adopted() >= N_HELD, second.adopted()
            first.start()
            move(lab, "the node is back", lambda: None, first, held)
            nodes.wait_alike()
            wait(lambda: not second.has(SHARED), "node2 has let go of the address")
        assert times[-1] < 2, times


def test_routed_address_follows_service(lab):
    """The node whose service has no backend lets the other one have the address, and gets it back."""
    nodes = lab.nodes
    first, second = nodes.nodes
    wait(lambda: first.has(SHARED) and not second.has(SHARED), "node1 has the shared address", 30)
    nodes.wait_alike()

    def order(what):
        for name in ("web1", "web2", "web3"):
            first.control.run(what, f"shop/{name}")

    with Held(nodes.users, SHARED, 80, N_HELD) as held:
        move(lab, "no backend left", lambda: order("drain"), second, held)
        move(lab, "backends again", lambda: order("enable"), first, held)
