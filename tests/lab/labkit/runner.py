# SPDX-License-Identifier: BSD-3-Clause
"""Runs the lab's tests group by group and prints TAP.

A test is a function test_NAME(lab) in a test_*.py file; the file's GROUPS say which appliance
it wants (groups.py).  Tests of a group share one running appliance.  After each test
the packet and flow accounting must close, and no kernel may have seen a damaged packet, or been
given one in memory that it does not know; after a failed test everything is started afresh.
"""

import glob
import importlib
import os
import signal
import sys
import time
import traceback

from . import accounting, groups, kernels, probe, session
from .lab import Lab
from .skip import Skip

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TEST_S = 150


class Tap:
    def __init__(self):
        self.n_tests = self.n_failed = 0

    def note(self, text):
        for line in str(text).splitlines():
            print(f"# {line}", flush=True)

    def result(self, name, error=None, skip=None):
        self.n_tests += 1
        self.n_failed += error is not None
        tail = f" # SKIP {skip}" if skip else ""
        print(f"{'not ok' if error else 'ok'} {self.n_tests} - {name}{tail}", flush=True)
        if error:
            self.note(error)

    def plan(self):
        print(f"1..{self.n_tests}", flush=True)


def find(wanted):
    """(group name, test name, function), in the order of the groups."""
    found = []
    for path in sorted(glob.glob(f"{HERE}/test_*.py")):
        module = importlib.import_module(os.path.basename(path)[:-3])
        for name, function in vars(module).items():
            if name.startswith("test_") and callable(function):
                found += [(group, f"{group}/{name[5:]}", function) for group in module.GROUPS]
    order = list(groups.GROUPS)
    found.sort(key=lambda test: order.index(test[0]))
    return [test for test in found if not wanted or wanted in test[1]]


def _too_long(_signum, _frame):
    raise TimeoutError(f"the test did not end in {TEST_S} s")


def run_test(tap, lab, name, function):
    """True when the lab is still fit for the next test."""
    begun, damaged = time.monotonic(), lab.damaged()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(TEST_S)
    try:
        function(lab)
        if lab.appliance.running():
            accounting.check(lab.control)
            refused = lab.appliance.refused()
            assert not refused, f"AF_XDP refused {refused} packets' buffers"
        found = kernels.grown(damaged, lab.damaged())
        assert not found, f"kernels received damaged packets: {found}"
    except Skip as reason:
        tap.result(name, skip=reason)
    except Exception as error:  # whatever it is, it is the test's result
        tap.result(name, error=_story(lab, error))
        return False
    else:
        tap.result(f"{name} ({time.monotonic() - begun:.1f} s)")
    finally:
        signal.alarm(0)
    return True


def _story(lab, error):
    where = traceback.format_exception(error)[-4:]
    return f"{type(error).__name__}: {error}\n{''.join(where)}\nthe appliance's log ends:\n" \
           f"{lab.appliance.log_tail()}"


def run_group(tap, lab, group, tests):
    fit = False
    for _, name, function in tests:
        try:
            if not fit:
                _fresh(lab, group)
        except Skip as reason:
            tap.result(name, skip=reason)
            continue
        except Exception as error:
            tap.result(name, error=_story(lab, error))
            continue
        fit = run_test(tap, lab, name, function)
    _end(tap, lab, group)


def _fresh(lab, group):
    _halt(lab)
    lab.restore()
    groups.GROUPS[group](lab)


def _halt(lab):
    if lab.appliance.running():
        lab.appliance.child.kill()
        lab.appliance.child.wait()


def _end(tap, lab, group):
    """The group's appliance must end as it should."""
    if not lab.appliance.running():
        return
    try:
        accounting.check(lab.control)
        code, seconds = lab.appliance.stop()
        assert code == 0, f"exit code {code}"
        assert seconds < lab.appliance.STOP_S, f"it took {seconds:.1f} s"
    except Exception as error:
        tap.result(f"{group}/clean_end", error=_story(lab, error))
        _halt(lab)
    else:
        tap.result(f"{group}/clean_end ({seconds:.1f} s)")


def main():
    sys.path.insert(0, HERE)
    tests = find(sys.argv[1] if len(sys.argv) > 1 else None)
    tap = Tap()
    if not tests:
        sys.exit(f"no lab test has '{sys.argv[1]}' in its name")
    kind, reason = probe.port_kind()
    tap.note(f"ports: net_{kind} ({reason}); hugepages: {probe.hugepages()}")
    try:
        with Lab(os.environ.get("STEELYARD_LAB_ID", "test")) as lab:
            for group in groups.GROUPS:
                mine = [test for test in tests if test[0] == group]
                if mine:
                    run_group(tap, lab, group, mine)
    except session.Busy as error:
        sys.exit(str(error))
    tap.plan()
    sys.exit(1 if tap.n_failed else 0)


if __name__ == "__main__":
    main()
