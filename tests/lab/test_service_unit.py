# SPDX-License-Identifier: BSD-3-Clause
"""The systemd unit's capabilities are enough for a start.  No service manager runs in the lab, so setpriv
limits them."""

import contextlib

from labkit import client
from labkit.appliance import ROOT
from labkit.topology import VIP4

GROUPS = ("own",)


def unit_capabilities():
    with open(f"{ROOT}/conf/steelyard.service", encoding="ascii") as file:
        row = next(line for line in file if line.startswith("CapabilityBoundingSet="))
    return [name.removeprefix("CAP_").lower() for name in row.split("=")[1].split()]


@contextlib.contextmanager
def limited(lab):
    bounds = ",".join(["-all", *(f"+{name}" for name in unit_capabilities())])
    lab.appliance.wrapper = ["setpriv", "--bounding-set", bounds, "--no-new-privs"]
    try:
        yield
    finally:
        lab.appliance.wrapper = []


def test_units_capabilities_are_enough(lab):
    with limited(lab):
        lab.appliance.start(lab.config())
    lab.control.wait_all_up()
    assert client.get(lab.client, VIP4)
    info = lab.control.show("info")
    with open(f"/proc/{info['pid']}/status", encoding="ascii") as file:
        bounding = {line.split()[1] for line in file if line.startswith("CapBnd:")}
    code, _ = lab.appliance.stop()
    assert info["capabilities"] == "net_admin, net_raw", info
    assert bounding == {"0000000000003000"}, bounding
    assert code == 0, lab.appliance.log_tail()
