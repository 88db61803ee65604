# SPDX-License-Identifier: BSD-3-Clause
"""The life of a lab: one lock, one directory, and a clean-up that always happens.

A lab is known by its id.  Everything it makes is found again from that id alone (namespaces by
prefix, processes by namespace, files in one directory), so the next run can also take away
what a killed run, or one with --keep, has left.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import sys

from . import netns

RUN = "/run/steelyard-lab"
HUGEPAGES_FILE = "hugepages.json"
NR_HUGEPAGES = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"


class Busy(Exception):
    """Another run holds this lab."""


def _stop(signum, _frame):
    sys.exit(128 + signum)


class Session:
    def __init__(self, lab_id):
        if not re.fullmatch(r"[a-z0-9]{1,16}", lab_id):
            raise ValueError(f"a lab id is 1 to 16 of a-z and 0-9, not '{lab_id}'")
        self.id = lab_id
        self.prefix = f"sy{lab_id}-"
        self.dir = f"{RUN}/{lab_id}"
        self.eal_name = f"sylab-{lab_id}"
        self.keep = False
        self.found_leftovers = False
        self._lock = None
        self._undo = []

    def __enter__(self):
        self._take_lock()
        for signum in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, _stop)
        self.found_leftovers = bool(netns.names_with(self.prefix))
        self.sweep()
        os.makedirs(self.dir, mode=0o755)
        return self

    def __exit__(self, *_exc):
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, signal.SIG_IGN)
        try:
            if not self.keep:
                self._run_undo()
                self.sweep()
        finally:
            self._lock.close()
            for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(signum, signal.SIG_DFL)

    def at_end(self, undo):
        """Call undo() at the end, last come first served; never when the lab is kept."""
        self._undo.append(undo)

    def _run_undo(self):
        while self._undo:
            with contextlib.suppress(Exception):
                self._undo.pop()()

    def _take_lock(self):
        os.makedirs(RUN, mode=0o755, exist_ok=True)
        # The kernel drops the lock with the process, so a killed run never blocks the next one.
        self._lock = open(f"{RUN}/{self.id}.lock", "a+", encoding="ascii")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            pid = self._lock.read().strip() or "unknown"
            raise Busy(f"lab '{self.id}' is in use by process {pid}: wait for it, or choose another "
                       "id (STEELYARD_LAB_ID=other)") from None
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()

    def remember_hugepages(self):
        """tools/lib.sh has said what the host's hugepages were; whoever sweeps puts them back."""
        before = {name: os.environ.get(name, "") for name in
                  ("SY_HUGEPAGES_BEFORE", "SY_HUGEPAGES_MOUNTED")}
        with open(f"{self.dir}/{HUGEPAGES_FILE}", "w", encoding="ascii") as file:
            json.dump(before, file)

    def _restore_hugepages(self):
        try:
            with open(f"{self.dir}/{HUGEPAGES_FILE}", encoding="ascii") as file:
                before = json.load(file)
        except FileNotFoundError:
            return
        if before["SY_HUGEPAGES_MOUNTED"]:
            netns.sh("umount", before["SY_HUGEPAGES_MOUNTED"], check=False)
        if before["SY_HUGEPAGES_BEFORE"]:
            with open(NR_HUGEPAGES, "w", encoding="ascii") as file:
                file.write(before["SY_HUGEPAGES_BEFORE"])

    def sweep(self):
        """Take away everything of this id.  Harmless when there is nothing."""
        for name in netns.names_with(self.prefix):
            netns.Namespace(name).delete()
        self._restore_hugepages()
        shutil.rmtree(self.dir, ignore_errors=True)
        shutil.rmtree(f"/var/run/dpdk/{self.eal_name}", ignore_errors=True)
