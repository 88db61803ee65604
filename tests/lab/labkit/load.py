# SPDX-License-Identifier: BSD-3-Clause
"""The load generator (generator.py) as a child process in a namespace."""

import json
import os
import subprocess
import sys
import threading
import time


class Load:
    """`now()` gives the latest totals, `stop()` the final ones."""

    def __init__(self, namespace, host, **options):
        arguments = [part for name, value in options.items()
                     for part in ("--" + name.replace("_", "-"), str(value))]
        home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self.child = namespace.spawn(
            [sys.executable, "-m", "labkit.generator", "--host", host, *arguments],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": home})
        self._latest = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.child.stdout:
            self._latest = json.loads(line)

    def now(self, patience=5.0):
        end = time.monotonic() + patience
        while self._latest is None and time.monotonic() < end:
            time.sleep(0.02)
        if self._latest is None:
            raise RuntimeError("the load generator reported nothing")
        return self._latest

    def stop(self, patience=10):
        """Lets the requests in flight finish first."""
        self.child.terminate()
        self.child.wait(timeout=patience)
        self._reader.join(timeout=5)
        return self._latest


def failed(report):
    return sum(report["failed"].values())
