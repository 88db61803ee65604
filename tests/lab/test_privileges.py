# SPDX-License-Identifier: BSD-3-Clause
"""What the appliance may still do once it has started, and that it is enough."""

import contextlib
import glob
import json
import time

from labkit import client, config
from labkit.servers import HTTP_PORT
from labkit.topology import backend4

GROUPS = ("one", "tap")
NET_ADMIN, NET_RAW = 1 << 12, 1 << 13
NEW_VIP, UNUSED_VIP = "192.0.2.81", "192.0.2.82"


def threads(lab):
    """The status of each thread of the appliance, by its name and number."""
    found = {}
    for path in glob.glob(f"/proc/{lab.appliance.child.pid}/task/*/status"):
        # One may end meanwhile.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            with open(path, encoding="ascii") as file:
                rows = dict(line.rstrip("\n").split(":", 1) for line in file)
            found[f"{rows['Name'].strip()} {rows['Pid'].strip()}"] = rows
    return found


def check_threads(lab):
    found = threads(lab)
    assert len(found) >= 3, found.keys()
    for name, rows in found.items():
        sets = {key: int(rows[key], 16) for key in ("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb")}
        for key in ("CapPrm", "CapEff", "CapBnd"):
            assert sets[key] == NET_ADMIN | NET_RAW, f"{name}: {key} {sets[key]:x}"
        assert sets["CapInh"] == sets["CapAmb"] == 0, (name, sets)
        assert rows["NoNewPrivs"].strip() == "1", name
        assert rows["Seccomp"].strip() == "2", name


def test_every_thread_gave_up_its_privileges(lab):
    check_threads(lab)
    info = lab.control.show("info")
    assert info["capabilities"] == "net_admin, net_raw", info
    assert info["system_calls"] == "filtered", info
    assert "threads have left: net_admin, net_raw; system calls are filtered" in lab.appliance.log()


def new_service(lab):
    """A service on an address that no twin has yet; its backends are pinged, which takes a raw socket."""
    settings = lab.config()
    members = config.backends(["web1", "web2"], backend4, HTTP_PORT)
    settings["pools"].append(config.pool("later", members, health={**config.HEALTH, "type": "icmp"}))
    del settings["pools"][-1]["health"]["path"]
    settings["services"] += [config.service("later", NEW_VIP, 80, "later"),
                             config.service("unused", UNUSED_VIP, 80, "later")]
    return settings


def addresses(lab, device):
    rows = json.loads(lab.balancer.run("ip", "-json", "address", "show", "dev", device))
    return {address["local"] for address in rows[0]["addr_info"]}


def test_what_is_left_is_enough(lab):
    """New addresses, neighbours, probes of all kinds, telemetry and the books, after a reload."""
    lab.balancer.sysctl({"net.ipv4.ping_group_range": "1 0"})  # nobody: a raw socket it must be
    lab.reload(new_service(lab))
    try:
        lab.control.wait_all_up()
        assert {NEW_VIP, UNUSED_VIP} <= addresses(lab, "sy-wan")
        lab.balancer.run("ip", "neigh", "flush", "all")
        assert client.get(lab.client, NEW_VIP).strip() in ("web1", "web2")
        assert lab.telemetry.ask("/steelyard/info")["version"]
        check_threads(lab)
    finally:
        lab.reload(lab.config())
    end = time.monotonic() + 10
    while UNUSED_VIP in addresses(lab, "sy-wan"):
        assert time.monotonic() < end, "its address stayed"
        time.sleep(0.05)
