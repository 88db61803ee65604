# SPDX-License-Identifier: BSD-3-Clause
"""steelyardctl, as an operator or a script uses it."""

import json
import os
import subprocess
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BUILD = os.environ.get("STEELYARD_BUILD", os.path.join(ROOT, "build"))
PROGRAM = os.path.join(BUILD, "app/steelyardctl/steelyardctl")


class Refused(Exception):
    """steelyardctl ended with another code than 0."""

    def __init__(self, code, text):
        super().__init__(f"exit code {code}: {text}")
        self.code = code


class Control:
    def __init__(self, socket_path):
        self.socket = socket_path

    def run(self, *arguments, timeout=10):
        """Standard output; raises Refused."""
        done = subprocess.run([PROGRAM, "--socket", self.socket, *map(str, arguments)], text=True,
                              capture_output=True, timeout=timeout, check=False)
        if done.returncode != 0:
            raise Refused(done.returncode, (done.stderr + done.stdout).strip())
        return done.stdout

    def show(self, what, *options):
        return json.loads(self.run("--json", "show", what, *options))

    def backend(self, pool, name):
        return next(b for b in self.show("backends") if b["pool"] == pool and b["name"] == name)

    def service(self, name):
        return next(s for s in self.show("services") if s["name"] == name)

    def flows(self, service):
        return json.loads(self.run("--json", "flows", "--service", service))

    def drops(self):
        return {drop["reason"]: drop["packets"] for drop in self.show("drops")}

    def wait_state(self, pool, name, state, patience=10):
        """Seconds until the backend is in that state."""
        begun = time.monotonic()
        while self.backend(pool, name)["state"] != state:
            if time.monotonic() - begun > patience:
                seen = self.backend(pool, name)
                raise TimeoutError(f"{pool}/{name} is not {state} after {patience} s: {seen}")
            time.sleep(0.03)
        return time.monotonic() - begun

    def wait_all_up(self, patience=15):
        """Until every backend has had its first good probes."""
        begun = time.monotonic()
        while waiting := [b for b in self.show("backends") if b["state"] not in ("up", "leaving")]:
            if time.monotonic() - begun > patience:
                raise TimeoutError(f"not up after {patience} s: {waiting}")
            time.sleep(0.05)
