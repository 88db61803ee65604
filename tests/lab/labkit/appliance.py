# SPDX-License-Identifier: BSD-3-Clause
"""The appliance in the balancer's namespace: start, ready, reload, stop."""

import contextlib
import glob
import json
import os
import signal
import socket
import subprocess
import time

from . import xdp
from .control import Control
from .links import interfaces
from .topology import LAN_DEVICE, WAN_DEVICE

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BUILD = os.environ.get("STEELYARD_BUILD", os.path.join(ROOT, "build"))
TAP_MAC = "02:00:5e:00:53:01"
DAEMON = os.path.join(BUILD, "app/steelyard/steelyard")


class NotReady(Exception):
    """The appliance ended, or said nothing for too long; the text is the end of its log."""


class Appliance:
    STOP_S = 5  # within which it has to end

    def __init__(self, session, namespace, kind):
        self.namespace = namespace
        self.kind = kind
        self.config_file = f"{session.dir}/steelyard.json"
        self.log_file = f"{session.dir}/steelyard.log"
        self.control = Control(f"{session.dir}/control.sock")
        self.telemetry_socket = f"/var/run/dpdk/{session.eal_name}/dpdk_telemetry.v2"
        self.child = None
        self.wrapper = []  # a program and its arguments, to start the daemon with
        self._notify_path = f"{session.dir}/notify.sock"
        self._log_start = 0

    def write(self, config):
        with open(self.config_file, "w", encoding="ascii") as file:
            file.write(config if isinstance(config, str) else json.dumps(config, indent=2))

    def start(self, config, patience=20):
        """Returns once the appliance says READY=1, in how many seconds."""
        self.write(config)
        for bridge in interfaces(self.namespace) & {f"br-{WAN_DEVICE}", f"br-{LAN_DEVICE}"}:
            self.namespace.ip(f"link delete {bridge}")
        begun = time.monotonic()
        with self._notify_socket() as notify:
            self.launch()
            self._wait_ready(notify, begun + patience)
        if self.kind == "tap":
            self._connect_taps()
        return time.monotonic() - begun

    def launch(self):
        with open(self.log_file, "ab") as log:
            self._log_start = log.tell()
            self.child = self.namespace.spawn(
                [*self.wrapper, DAEMON, "--config", self.config_file], stdout=log, stderr=log,
                env={**os.environ, "NOTIFY_SOCKET": self._notify_path})

    @contextlib.contextmanager
    def _notify_socket(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._notify_path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(self._notify_path)
            notify.settimeout(0.1)
            yield notify

    def _wait_ready(self, notify, end):
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                if b"READY=1" in notify.recv(4096).split(b"\n"):
                    return
            if self.child.poll() is not None:
                raise NotReady(f"the appliance ended with code {self.child.returncode}:\n"
                               f"{self.log_tail()}")
        raise NotReady(f"the appliance did not become ready in time:\n{self.log_tail()}")

    def _connect_taps(self):
        """net_tap makes its own interfaces; a bridge joins each to the cable of its port."""
        for interface in (WAN_DEVICE, LAN_DEVICE):
            tap, bridge = f"t-{interface}", f"br-{interface}"
            # Without 'arp off' it would answer for the twin's addresses, which are local.
            self.namespace.ip(f"link add {bridge} type bridge", f"link set {bridge} arp off")
            self.namespace.sysctl({f"net.ipv6.conf.{bridge}.disable_ipv6": 1,
                                   f"net.ipv6.conf.{tap}.disable_ipv6": 1})
            # The bridge would take frames to its ports' own addresses for itself, and the tap's
            # is that of the port since the driver has started it: the kernel's end gets another.
            self.namespace.ip(f"link set {tap} address {TAP_MAC}", f"link set {tap} master {bridge}",
                              f"link set {interface} master {bridge}",
                              f"link set {tap} up", f"link set {bridge} up")

    def running(self):
        return self.child is not None and self.child.poll() is None

    def signal(self, signum):
        self.child.send_signal(signum)

    def stop(self, patience=10):
        """Ask it to end; returns its exit code and the seconds that it took."""
        begun = time.monotonic()
        self.signal(signal.SIGTERM)
        try:
            code = self.child.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise
        return code, time.monotonic() - begun

    def run_to_end(self, *arguments, timeout=20):
        """Run the program itself, for what ends by itself: a check, a broken file."""
        return subprocess.run(["ip", "netns", "exec", self.namespace.name, DAEMON, *arguments],
                              text=True, capture_output=True, timeout=timeout, check=False)

    def log(self):
        """What the appliance has said since it was last started."""
        if not os.path.exists(self.log_file):
            return ""
        with open(self.log_file, encoding="utf-8", errors="replace") as log:
            log.seek(self._log_start)
            return log.read()

    def log_tail(self, lines=12):
        return "\n".join(self.log().splitlines()[-lines:])

    def wakeups(self):
        """How often its threads have gone to sleep, so far."""
        total = 0
        for status in glob.glob(f"/proc/{self.child.pid}/task/*/status"):
            with open(status, encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file
                             if line.startswith("voluntary_ctxt_switches"))
        return total

    def refused(self):
        """Packets that AF_XDP did not send."""
        return xdp.refused(self.child.pid) if self.kind == "af_xdp" else 0

    def memory_kb(self):
        """What it holds of its own: no huge pages, no files."""
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))

    def cpu_seconds(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
