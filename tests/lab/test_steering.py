# SPDX-License-Identifier: BSD-3-Clause
"""Two workers behind ports that nobody can tell how to spread packets."""

from labkit.topology import VIP4, VIP6
from test_http import even_split

GROUPS = ("two",)


def test_steering_in_software(lab):
    info = lab.control.show("info")
    assert info["steering"] == "software", info["steering"]
    assert "has no RSS" in info["steering_reason"], info["steering_reason"]
    before = lab.control.show("workers")
    for vip in (VIP4, VIP6):
        even_split(lab, vip)
    after = lab.control.show("workers")
    made = [new["flows_created"] - old["flows_created"] for old, new in zip(before, after)]
    assert min(made) > 0, made
    assert sum(worker["handed_over"] for worker in after) > 0, after
    # Packets are sorted before anyone looks for their flows.
    assert not any(worker["misdirected"] for worker in after), after


def test_steering_rungs_say_why(lab):
    rungs = {rung["rung"]: rung for rung in lab.control.show("steering")}
    assert list(rungs) == ["single", "client-hash", "chosen-port", "flow-rules", "software"]
    assert rungs["software"]["state"] == "in use"
    for name in ("single", "client-hash", "chosen-port", "flow-rules"):
        assert rungs[name]["state"] == "no" and rungs[name]["reason"], rungs[name]
    assert lab.control.show("steering", "software")[0] == rungs["software"]
