# SPDX-License-Identifier: BSD-3-Clause
"""Programs of the operator's: as a probe, and told of each change of state."""

import os
import time

from labkit import config
from labkit.servers import HTTP_PORT
from labkit.topology import backend4

GROUPS = ("one",)


def wait_lines(path, wanted, patience=20):
    """Until each of the lines is there, in whatever order."""
    end = time.monotonic() + patience
    while True:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        if wanted <= set(lines):
            return
        assert time.monotonic() < end, lines
        time.sleep(0.05)


def test_commands(lab):
    told = f"{lab.session.dir}/told"
    with open(told, "w", encoding="utf-8"):
        os.chmod(told, 0o666)
    settings = lab.config()
    settings["pools"].append(config.pool(
        "asked", config.backends(["web1", "web2"], backend4, HTTP_PORT), on_change="tell",
        health={"type": "command", "command": "check", "interval": "3s", "timeout": "3s", "rise": 1,
                "fall": 1}))
    lab.reload(settings)
    lab.control.wait_all_up()
    well = lab.control.backend("asked", "web1")["last_probe"]
    lab.backends["web1"].say_healthy(False)
    lab.control.wait_state("asked", "web1", "down", patience=20)
    unwell = lab.control.backend("asked", "web1")["last_probe"]
    wait_lines(told, {"nobody backend asked/web1 up down"})
    lab.control.run("drain", "asked/web2")
    wait_lines(told, {"nobody backend asked/web2 up drain", "nobody pool asked/ up down"})
    lab.backends["web1"].say_healthy(True)
    wait_lines(told, {"nobody backend asked/web1 down up", "nobody pool asked/ down up"})
    info = lab.control.show("info")
    lab.reload(lab.config())
    lab.control.wait_all_up()
    assert well == "exit status 0", well
    assert unwell.startswith("exit status 22: curl: (22)"), unwell
    assert info["commands_run"] >= 5 and info["commands_failed"] == 0, info
