# SPDX-License-Identifier: BSD-3-Clause
"""A virtual machine under QEMU's software emulation, in a network namespace of the lab.

It sees the host's files (read-only, at the same paths) and the lab's folder (both write), so
programs and libraries are the host's own.  Commands go to guest/agent.py over a virtio-serial
port; the monitor (QMP) pulls and plugs cables.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time

from . import guest_image
from .netns import CommandError

AGENT = os.path.join(guest_image.HERE, "guest/agent.py")
MEMORY_MB = 1024
CPUS = 2
BOOT_S = 90


class Line:
    """Questions and answers, a line of JSON each, over a UNIX socket of QEMU's."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._rest = b""
        self._n_asked = 0

    def read(self, timeout):
        self._socket.settimeout(timeout)
        while b"\n" not in self._rest:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("the guest has ended")
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        return json.loads(line)

    def ask(self, request, timeout):
        """The answer to this question, not to an earlier one that was given up."""
        self._n_asked += 1
        self._socket.sendall(json.dumps({**request, "id": self._n_asked}).encode() + b"\n")
        while (answer := self.read(timeout)).get("id") != self._n_asked:
            pass
        return answer


class Guest:
    def __init__(self, session, namespace):
        self.namespace = namespace
        self.dir = session.dir
        self.console = f"{self.dir}/guest-console.log"
        self.image = self._qemu = self._agent = self._monitor = None

    def start(self, devices):
        """Returns once commands can be run, in how many seconds.  `devices` are QEMU's arguments."""
        self.image = image = guest_image.image()
        begun = time.monotonic()
        with open(f"{self.dir}/qemu.log", "ab") as log:
            self._qemu = self.namespace.spawn(
                [guest_image.QEMU, *self._machine(image), *devices], stdout=log, stderr=log)
        self._agent = self._connect("agent")
        self._monitor = self._connect("qmp")
        self._monitor.read(BOOT_S)
        self._monitor.ask({"execute": "qmp_capabilities"}, BOOT_S)
        try:
            self._agent.read(BOOT_S)
        except (OSError, ConnectionError) as error:
            raise RuntimeError(f"the guest did not start ({error}):\n{self._last_words()}") from None
        return time.monotonic() - begun

    def _machine(self, image):
        share = "security_model=none,multidevs=remap"
        # Where the IOMMU remaps interrupts, devices that it does not stand before get no MSI.
        words = (f"console=ttyS0 quiet panic=-1 mitigations=off intel_iommu=on iommu=pt intremap=off "
                 f"modules={image.modules} shared={self.dir} agent={AGENT}")
        return [
            "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", CPUS, "-m", MEMORY_MB,
            "-machine", "q35", "-device", "intel-iommu",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-serial", f"file:{self.console}", "-qmp", f"unix:{self.dir}/qmp,server=on,wait=off",
            "-kernel", image.kernel, "-initrd", image.initrd, "-append", words,
            "-virtfs", f"local,path=/,mount_tag=host,readonly=on,{share}",
            "-virtfs", f"local,path={self.dir},mount_tag=shared,{share}",
            "-chardev", f"socket,id=agent,path={self.dir}/agent,server=on,wait=off",
            "-device", "virtio-serial", "-device", "virtserialport,chardev=agent,name=agent"]

    def _connect(self, name, patience=20):
        end = time.monotonic() + patience
        while time.monotonic() < end and self._qemu.poll() is None:
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                return Line(f"{self.dir}/{name}")
            time.sleep(0.02)
        raise RuntimeError(f"QEMU did not start:\n{self._last_words()}")

    def _last_words(self):
        words = ""
        for path in (f"{self.dir}/qemu.log", self.console):
            with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
                words += file.read().decode(errors="replace")[-1500:]
        return words

    def running(self):
        return self._qemu is not None and self._qemu.poll() is None

    def stop(self):
        if self.running():
            self._qemu.kill()
            self._qemu.wait()

    def ask(self, do, patience=30, **order):
        try:
            return self._agent.ask({"do": do, **order}, patience)
        except (OSError, ConnectionError) as error:
            raise RuntimeError(f"no answer from the guest ({error}):\n{self._last_words()}") from None

    def complete(self, argv, timeout=30, text=None):
        """The command's exit code, output and errors."""
        done = self.ask("run", timeout + 10, argv=[str(a) for a in argv], timeout=timeout, text=text)
        return done["code"], done["out"], done["err"]

    def run(self, *argv, timeout=30, text=None, check=True):
        """A command in the guest to its end; returns its standard output."""
        code, out, err = self.complete(argv, timeout, text)
        if check and code != 0:
            raise CommandError(f"in the guest: {' '.join(map(str, argv))}: exit code {code}: "
                               f"{(err or out).strip()}")
        return out

    def spawn(self, argv, log, env=None):
        pid = self.ask("spawn", argv=[str(a) for a in argv], log=log, env=env or {})["pid"]
        return Child(self, pid)

    def set_link(self, device, up):
        """Pull, or plug, the cable of a card."""
        answer = self._monitor.ask({"execute": "set_link",
                                    "arguments": {"name": device, "up": up}}, 10)
        if "error" in answer:
            raise CommandError(f"QEMU: {answer['error']}")


class Child:
    """A process in the guest, with the face of a subprocess.Popen."""

    def __init__(self, guest, pid):
        self.guest = guest
        self.pid = pid
        self.returncode = None
        self.notes = []

    def poll(self):
        if self.returncode is None and self.guest.running():
            seen = self.guest.ask("poll", pid=self.pid)
            self.returncode = seen["code"]
            self.notes += seen["notes"]
        elif self.returncode is None:
            self.returncode = -signal.SIGKILL
        return self.returncode

    def wait(self, timeout=30):
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(f"process {self.pid} of the guest", timeout)
            time.sleep(0.05)
        return self.returncode

    def send_signal(self, signum):
        self.guest.ask("kill", pid=self.pid, signum=int(signum))

    def kill(self):
        self.send_signal(signal.SIGKILL)
