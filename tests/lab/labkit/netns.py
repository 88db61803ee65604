# SPDX-License-Identifier: BSD-3-Clause
"""One network namespace, and commands, processes and sockets inside it."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class CommandError(Exception):
    """A command that failed, with what it printed."""


def sh(*argv, timeout=20, text=None, check=True):
    """Run a command to its end and return its standard output."""
    done = subprocess.run([str(a) for a in argv], input=text, text=True, capture_output=True,
                          timeout=timeout, check=False)
    if check and done.returncode != 0:
        raise CommandError(f"{' '.join(map(str, argv))}: exit code {done.returncode}: "
                           f"{(done.stderr or done.stdout).strip()}")
    return done.stdout


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Namespace:
    def __init__(self, name):
        self.name = name
        self.children = []

    def create(self):
        sh("ip", "netns", "add", self.name)
        # Without duplicate address detection an address works at once.
        self.sysctl({"net.ipv6.conf.default.accept_dad": 0, "net.ipv6.conf.all.accept_dad": 0,
                     "net.ipv6.conf.default.accept_ra": 0,
                     "net.ipv6.conf.all.keep_addr_on_down": 1})
        self.ip("link set lo up")

    @contextlib.contextmanager
    def entered(self):
        """This thread's sockets, and its view of /proc/sys/net, are the namespace's."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.name}", os.O_RDONLY)
        try:
            _setns(there)
            yield
        finally:
            _setns(home)
            os.close(there)
            os.close(home)

    def sysctl(self, settings):
        with self.entered():
            for name, value in settings.items():
                with open("/proc/sys/" + name.replace(".", "/"), "w", encoding="ascii") as file:
                    file.write(str(value))

    def ip(self, *lines):
        """Lines of ip(8), in one process."""
        sh("ip", "-n", self.name, "-batch", "-", text="\n".join(lines) + "\n")

    def run(self, *argv, **options):
        return sh("ip", "netns", "exec", self.name, *argv, **options)

    def spawn(self, argv, **options):
        """Start a process in a session of its own, so that Ctrl-C reaches only the harness."""
        child = subprocess.Popen(["ip", "netns", "exec", self.name, *map(str, argv)],
                                 start_new_session=True, stdin=subprocess.DEVNULL, **options)
        self.children.append(child)
        return child

    def no_offloads(self, interface):
        """An AF_XDP peer sees packets as the sender's kernel left them, so it must finish them."""
        self.run("ethtool", "-K", interface, "tx", "off", "tso", "off", "gso", "off", "gro", "off",
                 check=False)

    def delete(self):
        kill_all(self.name)
        for child in self.children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=2)
        self.children.clear()
        sh("ip", "netns", "delete", self.name, check=False)


def veth(first, name, second, peer):
    """A cable: interface `name` in the first namespace, `peer` in the second."""
    sh("ip", "link", "add", name, "netns", first.name, "type", "veth", "peer", "name", peer,
       "netns", second.name)
    first.no_offloads(name)
    second.no_offloads(peer)


def names_with(prefix):
    return [line.split()[0] for line in sh("ip", "netns", "list").splitlines()
            if line.startswith(prefix)]


def _pids(name):
    return [int(pid) for pid in sh("ip", "netns", "pids", name, check=False).split()]


def kill_all(name, patience=3.0):
    """End every process in a namespace: asked first, forced when it does not listen."""
    end = time.monotonic() + patience
    sent = signal.SIGTERM
    while pids := _pids(name):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sent)
        if time.monotonic() > end:
            sent = signal.SIGKILL
        if time.monotonic() > end + 2:
            return
        time.sleep(0.02)
