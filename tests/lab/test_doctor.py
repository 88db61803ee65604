# SPDX-License-Identifier: BSD-3-Clause
"""doctor: silent where all is well, and finds what a test has broken."""

import json
import os
import subprocess
import time

from labkit.control import PROGRAM

GROUPS = ("one",)
# What a virtual machine that runs this may really lack.
OF_THE_HOST = {"clock", "governor", "core", "hugepages", "load", "received", "version", "drops"}


def examine(lab, *words):
    """Rows that are not well, and the exit code; in the daemon's own network."""
    done = subprocess.run(["ip", "netns", "exec", lab.balancer.name, PROGRAM, "--socket",
                           lab.control.socket, "--json", "doctor", *words],
                          capture_output=True, text=True, timeout=20, check=False)
    rows = json.loads(done.stdout)
    return [row for row in rows if row["state"] != "ok" and row["check"] not in OF_THE_HOST], \
        done.returncode


def wait_found(lab, check, state, patience=10.0):
    end = time.monotonic() + patience
    while True:
        rows, code = examine(lab)
        found = [row for row in rows if row["check"] == check]
        if found and found[0]["state"] == state and found[0]["remedy"]:
            assert (code == 1) == (state == "fail"), (code, rows)
            return found[0]
        assert time.monotonic() < end, rows
        time.sleep(0.1)


def wait_well(lab, patience=15.0):
    end = time.monotonic() + patience
    while (seen := examine(lab)) != ([], 0):
        assert time.monotonic() < end, seen
        time.sleep(0.1)


def twin(lab, port):
    return next(row["twin"] for row in lab.control.show("ports") if row["name"] == port)


def test_doctor_finds_what_is_broken(lab):
    wait_well(lab)
    name = twin(lab, "wan")
    mtu = next(row["mtu"] for row in lab.control.show("ports") if row["name"] == "wan")
    sysctl = f"net.ipv4.conf.{name}.rp_filter"
    before = lab.balancer.run("sysctl", "-n", sysctl).strip()
    lab.balancer.run("sysctl", "-q", "-w", f"{sysctl}=1")
    try:
        assert wait_found(lab, "rp_filter", "fail")["subject"] == name
    finally:
        lab.balancer.run("sysctl", "-q", "-w", f"{sysctl}={before}")
    lab.balancer.ip(f"link set {name} mtu 1400")
    try:
        assert wait_found(lab, "mtu", "warn")["subject"] == name
    finally:
        lab.balancer.ip(f"link set {name} mtu {mtu}")
    lab.network.silence("web1")
    try:
        assert wait_found(lab, "backend", "warn")["found"] == "down"
    finally:
        lab.network.silence("web1", False)
    lab.control.wait_all_up()
    wait_well(lab)


def test_doctor_of_a_file(lab):
    settings = lab.config()
    settings["ports"][0]["device"] = "net_af_xdp0,iface=nobody0"
    file = os.path.join(lab.session.dir, "ill.json")
    with open(file, "w", encoding="utf-8") as out:
        json.dump(settings, out)
    rows, code = examine(lab, file)
    assert code == 1 and any(row["check"] == "device" and "nobody0" in row["found"] for row in rows), rows
