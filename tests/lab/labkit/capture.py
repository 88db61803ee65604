# SPDX-License-Identifier: BSD-3-Clause
"""Captures: steelyardctl makes them, tshark reads them."""

import contextlib
import json
import signal
import subprocess

from .control import PROGRAM

PATIENCE_S = 20
FIELDS = ("frame.comment", "frame.interface_name", "frame.packet_flags_direction", "ip.src", "ip.dst",
          "frame.len", "frame.cap_len", "frame.time_epoch", "tcp.flags.reset")


class Capture:
    def __init__(self, lab, *options, name="capture.pcapng"):
        self.file = f"{lab.session.dir}/{name}"
        self.process = subprocess.Popen(
            [PROGRAM, "--socket", lab.control.socket, "--json", "capture", "-w", self.file,
             *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said = self.process.stderr.readline()
        if "capturing" not in said:
            self.process.wait(PATIENCE_S)
            raise AssertionError(said + self.process.stderr.read())

    def end(self, order=signal.SIGINT):
        """What it says of itself; without an order it ends by itself."""
        if order:
            self.process.send_signal(order)
        out, error = self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == 0, error
        return json.loads(out)

    def packets(self):
        return read(self.file)


@contextlib.contextmanager
def running(lab, *options):
    capture = Capture(lab, *options)
    try:
        yield capture
    finally:
        if capture.process.poll() is None:
            capture.process.kill()
        capture.process.communicate(timeout=PATIENCE_S)


def read(file):
    """A row for each packet, by field; tshark must find no fault in the file."""
    fields = [word for field in FIELDS for word in ("-e", field)]
    done = subprocess.run(["tshark", "-n", "-r", file, "-T", "fields", "-E", "separator=/t", *fields],
                          capture_output=True, text=True, timeout=60, check=True)
    assert "appears" not in done.stderr and "error" not in done.stderr.lower(), done.stderr
    return [dict(zip(FIELDS, line.split("\t"))) for line in done.stdout.splitlines()]


def infos(file):
    """What capinfos says of a file, as text."""
    return subprocess.run(["capinfos", file], capture_output=True, text=True, timeout=60,
                          check=True).stdout
