# SPDX-License-Identifier: BSD-3-Clause
"""tools/demo, told quickly: it ends well, and leaves nothing behind even when interrupted."""

import contextlib
import os
import signal
import subprocess
import time

from labkit import netns
from labkit.appliance import ROOT

GROUPS = ("own",)
LAB_ID = "demotest"
STORY_S, TOUR_S = 300, 120  # at most
END_S = 60  # for a demo that is told to end


@contextlib.contextmanager
def demo(seconds, *arguments):
    """The demo in a session of its own, of which nothing is left running, whatever happens here."""
    signal.alarm(seconds + 2 * END_S)
    environment = {**os.environ, "STEELYARD_LAB_ID": LAB_ID, "SY_SETUP": "skip"}
    child = subprocess.Popen([f"{ROOT}/tools/demo", *arguments], env=environment, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield child
    finally:
        signal.alarm(3 * END_S)  # the one before may be about to go off: not in here
        end(child)


def end(child):
    """First as a person would end it, so that it takes its lab away; then by force."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if child.poll() is None:
            signal_session(child, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.communicate(timeout=END_S)
    signal_session(child, signal.SIGKILL)  # what it has left


def signal_session(child, number):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)


def finish(child, seconds):
    """What it printed."""
    try:
        return child.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode(errors="replace")
        raise AssertionError(f"not over after {seconds} s:\n{text}") from None


def test_demo_tells_its_story(_lab):
    with demo(STORY_S, "--pace", "0.3") as child:
        text = finish(child, STORY_S)
    assert child.returncode == 0, text
    for expected in ("web1 33", "noticed after", "slow start", "spare 100.0%", "ended cleanly"):
        assert expected in text, f"'{expected}' is not in:\n{text}"
    assert "WRONG" not in text, text
    assert not netns.names_with(f"sy{LAB_ID}-")


def test_demo_tour(_lab):
    """`tools/demo --tour`, without time to read.  Each stop holds what came of its commands against what
    it tells, and ends the tour if that is not so."""
    with demo(TOUR_S, "--tour", "--fast") as child:
        text = finish(child, TOUR_S)
    assert child.returncode == 0, text
    stops = [line for line in text.splitlines() if line[:2] in ("1.", "2.", "3.", "4.", "5.")]
    assert [stop.split()[1] for stop in stops] == ["explain:", "drain:", "rollback:", "ejection:",
                                                  "capture:"], text
    assert "connections failed in a row" in text and "ended cleanly" in text, text
    assert not netns.names_with(f"sy{LAB_ID}-")


def test_demo_interrupted_leaves_nothing(_lab):
    with demo(STORY_S) as child:
        for line in child.stdout:
            if "1. An even split" in line:
                break
        time.sleep(1)
        os.killpg(child.pid, signal.SIGINT)
        text = finish(child, END_S)
    assert child.returncode != 0 and "interrupted" in text, text
    assert not netns.names_with(f"sy{LAB_ID}-")
    assert not os.path.exists(f"/run/steelyard-lab/{LAB_ID}")
