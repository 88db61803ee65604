# SPDX-License-Identifier: BSD-3-Clause
"""tools/demo, told quickly: it ends well, and leaves nothing behind even when interrupted."""

import os
import signal
import subprocess
import time

from labkit import netns
from labkit.appliance import ROOT

GROUPS = ("own",)
LAB_ID = "demotest"


def demo(*arguments):
    environment = {**os.environ, "STEELYARD_LAB_ID": LAB_ID, "SY_SETUP": "skip"}
    return subprocess.Popen([f"{ROOT}/tools/demo", *arguments], env=environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)


def finish(child, seconds):
    """What it printed; ended like a person would end it, if it does not end by itself."""
    try:
        return child.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGINT)
        text, _ = child.communicate(timeout=60)
        raise AssertionError(f"not over after {seconds} s:\n{text}") from None


def test_demo_tells_its_story(_lab):
    child = demo("--pace", "0.3")
    text = finish(child, 300)
    assert child.returncode == 0, text
    for expected in ("web1 33", "noticed after", "slow start", "spare 100.0%", "ended cleanly"):
        assert expected in text, f"'{expected}' is not in:\n{text}"
    assert "WRONG" not in text, text
    assert not netns.names_with(f"sy{LAB_ID}-")


def test_demo_tour(_lab):
    """`tools/demo --tour`, without time to read.  Each stop holds what came of its commands against what
    it tells, and ends the tour if that is not so."""
    child = demo("--tour", "--fast")
    text = finish(child, 120)
    assert child.returncode == 0, text
    stops = [line for line in text.splitlines() if line[:2] in ("1.", "2.", "3.", "4.", "5.")]
    assert [stop.split()[1] for stop in stops] == ["explain:", "drain:", "rollback:", "ejection:",
                                                  "capture:"], text
    assert "connections failed in a row" in text and "ended cleanly" in text, text
    assert not netns.names_with(f"sy{LAB_ID}-")


def test_demo_interrupted_leaves_nothing(_lab):
    child = demo()
    try:
        for line in child.stdout:
            if "1. An even split" in line:
                break
        time.sleep(1)
        os.killpg(child.pid, signal.SIGINT)
        text = finish(child, 60)
    finally:
        child.kill()
    assert child.returncode != 0 and "interrupted" in text, text
    assert not netns.names_with(f"sy{LAB_ID}-")
    assert not os.path.exists(f"/run/steelyard-lab/{LAB_ID}")
