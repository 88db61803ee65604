# SPDX-License-Identifier: BSD-3-Clause
"""Birth and death of the appliance: starts, stops, crashes, broken files, idleness."""

import json
import os
import time

from labkit import client
from labkit.links import interfaces
from labkit.load import Load
from labkit.topology import VIP4

GROUPS = ("own",)


def started(lab, settings=None):
    seconds = lab.appliance.start(settings or lab.config())
    lab.control.wait_all_up()
    return seconds


def test_sigterm_in_the_middle_of_traffic(lab):
    started(lab)
    load = Load(lab.client, VIP4, rate=500, timeout=1)
    time.sleep(1)
    assert load.now()["ok"] > 100, load.now()
    code, seconds = lab.appliance.stop()
    load.stop()
    assert code == 0, f"exit code {code}: {lab.appliance.log_tail()}"
    assert seconds < 3, seconds
    left = [name for name in interfaces(lab.balancer) if name.startswith("sy-")]
    assert not left, f"twins left behind: {left}"
    assert not os.path.exists(lab.control.socket), "the control socket was left behind"
    assert not os.path.exists(lab.telemetry.path), "the telemetry socket was left behind"


def test_start_after_a_crash(lab):
    started(lab)
    lab.appliance.child.kill()
    lab.appliance.child.wait()
    started(lab)
    assert client.get(lab.client, VIP4)
    lab.appliance.stop()


def test_idle_appliance_uses_little_cpu(lab):
    """Wake-ups are what it costs, whatever one costs on this machine; and who never sleeps has
    none, so that CPU time counts too.  The best of several windows: other programs only add."""
    started(lab)
    time.sleep(0.5)
    shares, rates = [], []
    for _ in range(6):
        cpu, wakeups = lab.appliance.cpu_seconds(), lab.appliance.wakeups()
        begun = time.monotonic()
        time.sleep(1)
        seconds = time.monotonic() - begun
        shares.append((lab.appliance.cpu_seconds() - cpu) / seconds)
        rates.append((lab.appliance.wakeups() - wakeups) / seconds)
    lab.appliance.stop()
    assert min(rates) < 4000, f"wake-ups a second: {', '.join(f'{rate:.0f}' for rate in rates)}"
    assert min(shares) < 0.4, f"shares of a core: {', '.join(f'{s:.0%}' for s in shares)}"


def refused(lab, text, *expected):
    lab.appliance.write(text)
    for option in ("--config", "--check"):
        done = lab.appliance.run_to_end(option, lab.appliance.config_file)
        assert done.returncode not in (0, None) and done.returncode > 0, done
        said = done.stderr + done.stdout
        for part in (lab.appliance.config_file, *expected):
            assert part in said, f"{option} does not say '{part}': {said}"


def test_broken_syntax_at_start(lab):
    text = json.dumps(lab.config(), indent=2).replace('"workers": 1,', '"workers": 1', 1)
    line = next(n for n, row in enumerate(text.splitlines(), 1) if '"workers": 1' in row)
    lab.appliance.write(text)
    done = lab.appliance.run_to_end("--check", lab.appliance.config_file)
    # The parser notices at the next token, which is on the next line.
    assert f"steelyard.json:{line + 1}:" in done.stderr + done.stdout, done
    refused(lab, text)


def test_unknown_key_at_start(lab):
    settings = lab.config()
    settings["pools"][0]["health"]["intervall"] = "1s"
    text = json.dumps(settings, indent=2)
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "intervall" in row)
    refused(lab, text, f"steelyard.json:{line}:", "pools[0].health", "intervall", "interval")


def test_wrong_type_at_start(lab):
    settings = lab.config()
    settings["services"][1]["port"] = "eighty"
    refused(lab, json.dumps(settings, indent=2), "services[1].port", "eighty")


def test_service_without_its_pool_at_start(lab):
    settings = lab.config()
    settings["services"][0]["pool"] = "wbe"
    refused(lab, json.dumps(settings, indent=2), "services[0].pool", "wbe")


def test_unknown_scheduler_at_start(lab):
    settings = lab.config()
    settings["pools"][0]["scheduler"] = "roundrobin"
    refused(lab, json.dumps(settings, indent=2), "pools[0].scheduler", "roundrobin", "rr, ", "wlc")


def test_unknown_mode_at_start(lab):
    settings = lab.config()
    settings["services"][0]["mode"] = "dsr"
    refused(lab, json.dumps(settings, indent=2), "services[0].mode", "dsr", "known: nat")


def test_missing_device_at_start(lab):
    settings = lab.config()
    settings["ports"][0]["device"] = "net_af_xdp0,iface=absent0"
    lab.appliance.write(settings)
    done = lab.appliance.run_to_end("--config", lab.appliance.config_file)
    assert done.returncode > 0, done
    assert "absent0" in done.stderr, done.stderr


def test_check_of_a_good_file(lab):
    lab.appliance.write(lab.config())
    done = lab.appliance.run_to_end("--check", lab.appliance.config_file)
    assert done.returncode == 0, done
