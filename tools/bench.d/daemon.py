# SPDX-License-Identifier: BSD-3-Clause
"""What the whole daemon costs beyond the benchmark, on devices that need no NIC.

In turns: the daemon on a device, at its limit; testpmd, which only moves packets, on the same
device; and the benchmark.  Daemon less testpmd is what the daemon does with a packet; over the
benchmark, that is what it costs that the benchmark does not have.  Time is the CPU time of
the thread that moves packets, so that other programs on the machine count little.
"""

import argparse
import glob
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
sys.path.insert(0, os.path.join(ROOT, "tests/lab"))

from labkit import devices, frames, probe  # noqa: E402 (the path comes first)
from labkit.control import BUILD, Control  # noqa: E402

DAEMON = os.path.join(BUILD, "app/steelyard/steelyard")
BENCH = os.path.join(BUILD, "app/steelyard-bench/steelyard-bench")
TESTPMD = "/usr/bin/dpdk-testpmd"
N_FLOWS, N_EXCHANGES = 200, 12  # with their handshakes as many packets as a small pool holds
WARM_S, MEASURE_S = 0.7, 1.5
MOVED = re.compile(r"Accumulated forward statistics.*?RX-packets: ([0-9]+)", re.DOTALL)


class Failed(Exception):
    """A program that did not do its part; the text is the end of what it said."""


def write_capture(path):
    """Handshakes, then requests and replies at random.  A handshake that comes again changes
    nothing: it is passed to whom it is for."""
    opening = [one for step in zip(*map(frames.handshake, range(N_FLOWS))) for one in step]
    data = [one for n in range(N_FLOWS) for one in frames.exchange(n) * N_EXCHANGES]
    random.Random(1).shuffle(data)
    frames.write_capture(path, opening + data)


def worker_ns(child):
    """CPU time of the thread that moves packets."""
    for comm in glob.glob(f"/proc/{child.pid}/task/*/comm"):
        with open(comm, encoding="ascii") as file:
            if not file.read().startswith("rte-worker"):
                continue
        with open(comm.replace("comm", "schedstat"), encoding="ascii") as file:
            return int(file.read().split()[0])
    raise Failed(f"process {child.pid} has no worker")


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.hugepages = probe.hugepages()
        self.name = f"sybench-{os.getpid()}"
        self.capture = f"net_pcap0,rx_pcap={folder}/in.pcap,infinite_rx=1"
        self.memif = f"socket={folder}/memif.sock,socket-abstract=no"
        write_capture(f"{folder}/in.pcap")

    def spawn(self, argv, log):
        """In a network namespace of its own, which ends with it."""
        with open(f"{self.folder}/{log}", "wb") as file:
            return subprocess.Popen(["unshare", "--net", *argv], stdout=file, stderr=file,
                                    stdin=subprocess.DEVNULL)

    def said(self, log):
        with open(f"{self.folder}/{log}", encoding="utf-8", errors="replace") as file:
            return file.read()

    def end(self, child, signum=signal.SIGTERM):
        child.send_signal(signum)
        child.wait(timeout=15)

    def testpmd(self, log, vdevs, *options):
        return self.spawn(
            [TESTPMD, "--in-memory" if self.hugepages else "--no-huge", "-m", "128", "--no-pci", "--no-telemetry",
             "--file-prefix", f"{self.name}-{log}", "--lcores", "0@0,1@0" if log == "peer" else
             "0@0,1@1", *(part for vdev in vdevs for part in ("--vdev", vdev)), "--",
             "--total-num-mbufs=12288", "--auto-start", "--stats-period", "600", *options], log)

    def bare(self, vdevs):
        """Nanoseconds for a packet of a loop that only moves it."""
        child = self.testpmd("bare", vdevs, "--forward-mode=io")
        time.sleep(WARM_S + MEASURE_S)
        spent = worker_ns(child)
        self.end(child, signal.SIGINT)
        found = MOVED.search(self.said("bare"))
        if not found or int(found[1]) == 0:
            raise Failed(f"testpmd: {self.said('bare')[-500:]}")
        return spent / int(found[1])

    def daemon(self, wan, lan, protocol):
        """Nanoseconds for a packet, and packets a second."""
        control = Control(f"{self.folder}/control.sock")
        settings = devices.settings(self.name, control.socket, wan, lan, protocol,
                                    self.hugepages)
        with open(f"{self.folder}/steelyard.json", "w", encoding="ascii") as file:
            json.dump(settings, file)
        child = self.spawn([DAEMON, "--config", f"{self.folder}/steelyard.json"], "daemon")
        try:
            self.wait_for_packets(control, child)
            time.sleep(WARM_S)
            before, spent, begun = self.counted(control), worker_ns(child), time.monotonic()
            time.sleep(MEASURE_S)
            after, spent = self.counted(control), worker_ns(child) - spent
            seconds = time.monotonic() - begun
        finally:
            self.end(child)
        passed = {name: after[name] - before[name] for name in after}
        if passed["transmitted"] < 0.99 * passed["received"]:
            raise Failed(f"not all came out again: {passed}")
        return spent / passed["received"], passed["received"] / seconds

    def wait_for_packets(self, control, child):
        end = time.monotonic() + 20
        while time.monotonic() < end and child.poll() is None:
            if os.path.exists(control.socket) and \
                    control.show("workers")[0]["transmitted"] > 100000:
                return
            time.sleep(0.1)
        raise Failed(f"the daemon: {self.said('daemon')[-500:]}")

    @staticmethod
    def counted(control):
        worker = control.show("workers")[0]
        return {name: worker[name] for name in ("received", "transmitted")}

    def clean_up(self):
        """DPDK leaves a folder for each file prefix."""
        for left in glob.glob(f"/var/run/dpdk/{self.name}*"):
            shutil.rmtree(left, ignore_errors=True)

    def benchmark(self):
        subprocess.run([BENCH, "--only", "known4-1k", "--quick",
                        "--json", f"{self.folder}/bench.json"], check=True,
                       stdout=subprocess.DEVNULL)
        with open(f"{self.folder}/bench.json", encoding="ascii") as file:
            return json.load(file)[0]["ns_per_packet"]

    def peer(self):
        """Another process that sends requests of many clients into shared memory."""
        return self.testpmd("peer", [f"net_memif0,role=client,{self.memif}"],
                            "--forward-mode=txonly", "--txonly-multi-flow",
                            f"--tx-ip=198.18.0.1,{frames.VIP}", f"--tx-udp=9,{frames.PORT}")


def on_pcap(bench):
    return bench.daemon(bench.capture, None, "tcp"), bench.bare([bench.capture])


def on_null(bench):
    nowhere = "net_null0,no-rx=1"
    return (bench.daemon(bench.capture, nowhere, "tcp"), bench.bare([bench.capture, nowhere]))


def on_memif(bench):
    """The other process sets the pace, so that either side's time is partly waiting: it is shown,
    and compared with nothing."""
    peer = bench.peer()
    try:
        return bench.daemon(f"net_memif0,role=server,{bench.memif}", "net_null0,no-rx=1", "udp"), None
    finally:
        bench.end(peer, signal.SIGINT)


DEVICES = {"net_pcap": on_pcap, "net_null": on_null, "net_memif": on_memif}


def measure(bench, device, rounds):
    samples = []
    for _ in range(rounds):
        (daemon, rate), bare = DEVICES[device](bench)
        samples.append((daemon, bare, bench.benchmark(), rate))
    daemon, bare, alone, rate = (
        None if None in column else statistics.median(column) for column in zip(*samples))
    # By the wall's clock, to which other programs only add; and the least is the strictest measure.
    alone = min(sample[2] for sample in samples)
    return {"device": device, "daemon_ns": daemon, "device_ns": bare, "bench_ns": alone,
            "ratio": bare and (daemon - bare) / alone, "mpps": rate / 1e6}


def show(row):
    bare = row["device_ns"]
    figures = (row["daemon_ns"], bare, bare and row["daemon_ns"] - bare, row["bench_ns"])
    print(f"{row['device']:<12}" + "".join("       -" if figure is None else f"{figure:8.1f}"
                                          for figure in figures)
          + ("       -" if bare is None else f"{row['ratio']:8.2f}") + f"{row['mpps']:8.2f}",
          flush=True)


def main():
    parser = argparse.ArgumentParser(prog="tools/bench daemon", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="of which medians are taken (5)")
    parser.add_argument("--only", choices=DEVICES, help="this device alone")
    parser.add_argument("--json", metavar="FILE", help="also write the table to FILE")
    options = parser.parse_args()
    rows = []
    print("Nanoseconds for a packet: the daemon, the device alone (testpmd), the difference, the "
          "benchmark\n(known4-1k), and difference over benchmark.  Medians, the benchmark's least.\n\n"
          "device        daemon  device    diff   bench   ratio    Mpps", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(folder)
        if not bench.hugepages:
            print("(in ordinary memory: the daemon is slower than it would be in huge pages)")
        for device in [options.only] if options.only else DEVICES:
            try:
                row = measure(bench, device, options.rounds)
            except Failed as error:
                sys.exit(f"tools/bench daemon: {device}: {error}")
            rows.append(row)
            show(row)
        bench.clean_up()
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump(rows, file, indent=2)


if __name__ == "__main__":
    main()
