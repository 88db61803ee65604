# SPDX-License-Identifier: BSD-3-Clause
"""The whole appliance on devices that are no interfaces: net_pcap, net_null, net_ring, net_memif."""

import os
import shutil
import socket
import time

from labkit import accounting, devices, frames
from labkit.frames import BACKEND, BACKEND_PORT, PORT, VIP
from labkit.netns import sh
from labkit.runner import Skip

GROUPS = ("made",)
N_FLOWS = 100
TESTPMD = "/usr/bin/dpdk-testpmd"


def path(lab, name):
    return f"{lab.session.dir}/{name}"


def start(lab, wan, lan=None, **more):
    lab.appliance.start(devices.settings(lab.session.eal_name, lab.control.socket, wan, lan, **more))


def worker(lab):
    return lab.control.show("workers")[0]


def wait_for(lab, what, number, patience=20):
    end = time.monotonic() + patience
    while (now := worker(lab))[what] < number:
        assert time.monotonic() < end, f"{what} is {now[what]}, not {number}: {now}, " \
                                       f"{lab.control.drops()}"
        time.sleep(0.1)


def test_capture_in_and_out(lab):
    """Every packet of a capture comes out as it should, in a capture."""
    frames.write_capture(path(lab, "in.pcap"), frames.conversations(N_FLOWS))
    start(lab, f"net_pcap0,rx_pcap={path(lab, 'in.pcap')},tx_pcap={path(lab, 'wan.pcap')}",
          f"net_pcap1,tx_pcap={path(lab, 'lan.pcap')}")
    wait_for(lab, "transmitted", 5 * N_FLOWS)
    accounting.check(lab.control)
    assert worker(lab)["dropped"] == 0, lab.control.drops()
    lab.appliance.stop()
    to_backend, to_client = (
        [frames.Read(one) for one in frames.read_capture(path(lab, f"{name}.pcap"))
         if frames.is_tcp(one)] for name in ("lan", "wan"))
    assert len(to_backend) == 3 * N_FLOWS and len(to_client) == 2 * N_FLOWS
    assert all(one.intact and one.ttl == 63 for one in to_backend + to_client)
    assert {one.destination for one in to_backend} == {(BACKEND, BACKEND_PORT)}
    assert {one.destination_mac for one in to_backend} == {frames.BACKEND_MAC}
    assert {one.source for one in to_client} == {(VIP, PORT)}
    assert {one.destination for one in to_client} == {frames.client(n) for n in range(N_FLOWS)}


def test_capture_for_ever(lab):
    """A capture that never ends: rate, accounts, and where the time goes."""
    frames.write_capture(path(lab, "in.pcap"), frames.conversations(N_FLOWS))
    start(lab, f"net_pcap0,rx_pcap={path(lab, 'in.pcap')},infinite_rx=1")
    wait_for(lab, "transmitted", 1000000)
    now = worker(lab)
    assert now["flows"] == N_FLOWS and now["dropped"] == 0, (now, lab.control.drops())
    stages = {row["stage"]: row for row in lab.control.show("cycles")}
    for stage in ("receive", "parse", "lookup", "track", "finish", "transmit"):
        assert stages[stage]["cycles_per_packet"] > 0, stages
    names = lab.telemetry.ask("/steelyard/cycles")
    assert names["0/lookup"] not in (0, None, ""), names
    lab.appliance.stop()


def test_null_takes_and_gives(lab):
    """What is sent into nothing is sent; the empty frames that come from it are dropped."""
    frames.write_capture(path(lab, "in.pcap"), frames.conversations(N_FLOWS))
    start(lab, f"net_pcap0,rx_pcap={path(lab, 'in.pcap')},infinite_rx=1", "net_null0,size=64")
    wait_for(lab, "transmitted", 1000000)
    lan = next(port for port in lab.control.show("ports") if port["name"] == "lan")
    assert lan["packets_out"] > 100000 and lan["packets_in"] > 100000, lan
    assert worker(lab)["dropped"] > 100000, worker(lab)
    lab.appliance.stop()


def inject(lab, interface, frame, n):
    with lab.balancer.entered():
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    with sender:
        sender.bind((interface, 0))
        for _ in range(n):
            sender.send(frame)


def test_ring_goes_round(lab):
    """A ring gives back what is sent: what the host sends into it comes in as from the wire, goes to
    its backend, and comes in again, for nobody here."""
    n_frames, client = 50, frames.client(1)
    start(lab, "net_ring0", protocol="udp")
    inject(lab, "sy-wan", frames.udp(client, (VIP, PORT)), n_frames)
    wait_for(lab, "to_kernel", n_frames)
    inject(lab, "sy-wan", frames.udp((BACKEND, BACKEND_PORT), client), n_frames)
    wait_for(lab, "to_kernel", 2 * n_frames)
    now, service = worker(lab), lab.control.service("service")
    assert now["flows"] == 1, now
    assert now["transmitted"] >= 4 * n_frames and now["received"] >= 4 * n_frames, now
    assert (service["packets_in"], service["packets_out"]) == (n_frames, n_frames), service
    lab.appliance.stop()


def spawn_swapper(lab, memif):
    """A program that sends back each packet, from its destination to its source."""
    with open(path(lab, "testpmd.log"), "wb") as log:
        return lab.balancer.spawn(
            [TESTPMD, "--no-huge", "-m", "256", "--no-pci", "--no-telemetry",
             "--file-prefix", f"{lab.session.eal_name}-peer",
             "--lcores", "(0-1)@(0-1)", "--vdev", f"net_memif0,role=client,{memif}", "--",
             "--forward-mode=5tswap", "--auto-start", "--total-num-mbufs=8192",
             "--stats-period", "60"], stdout=log, stderr=log)


def knock(lab, patience=20):
    """Asks until the other side has answered: its link is up before its queues are."""
    end = time.monotonic() + patience
    while lab.control.service("service")["packets_out"] == 0:
        assert time.monotonic() < end, sh("tail", "-n5", path(lab, "testpmd.log"))
        inject(lab, "sy-wan", frames.udp(frames.client(0), (VIP, PORT)), 1)
        time.sleep(0.1)


def test_memif_with_another_program(lab):
    """The backends are another process on shared memory, which sends everything back."""
    if not os.path.exists(TESTPMD):
        raise Skip("dpdk-testpmd is not installed")
    memif = f"socket={path(lab, 'memif.sock')},socket-abstract=no"
    start(lab, "net_ring0", f"net_memif0,role=server,{memif}", protocol="udp")
    peer = spawn_swapper(lab, memif)
    knock(lab)
    time.sleep(0.5)
    before = lab.control.service("service")
    for number in range(N_FLOWS):
        inject(lab, "sy-wan", frames.udp(frames.client(number), (VIP, PORT)), 1)
    # The replies go round on the ring, and are for nobody here.
    wait_for(lab, "to_kernel", before["packets_out"] + N_FLOWS)
    accounting.check(lab.control)
    after = lab.control.service("service")
    grown = [after[name] - before[name] for name in ("packets_in", "packets_out")]
    assert grown == [N_FLOWS, N_FLOWS] and after["active"] == N_FLOWS, (before, after)
    peer.terminate()
    peer.wait(timeout=10)
    shutil.rmtree(f"/var/run/dpdk/{lab.session.eal_name}-peer", ignore_errors=True)
    lab.appliance.stop()
