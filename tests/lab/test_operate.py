# SPDX-License-Identifier: BSD-3-Clause
"""What an operator does while traffic flows: weights, drain, reload."""

import collections
import contextlib
import json
import os
import signal
import subprocess
import time

from labkit import client, config
from labkit.control import PROGRAM, Refused
from labkit.load import Load, failed
from labkit.netns import CommandError
from labkit.topology import CLIENT4, VIP4

GROUPS = ("one",)


def split(lab, n_requests, port=80):
    return collections.Counter(client.get(lab.client, VIP4, port=port).strip()
                               for _ in range(n_requests))


def test_weight_change(lab):
    lab.control.run("weight", "web/web1", 20)
    shares = split(lab, 40)
    assert shares == {"web1": 20, "web2": 10, "web3": 10}, shares
    assert lab.control.backend("web", "web1")["weight"] == 20
    lab.control.run("weight", "web/web1", 10)
    assert split(lab, 30) == {"web1": 10, "web2": 10, "web3": 10}


def test_weight_of_unknown_backend_is_refused(lab):
    try:
        lab.control.run("weight", "web/web9", 20)
        raise AssertionError("not refused")
    except Refused as error:
        assert error.code == 1 and "web9" in str(error), error


def test_drain(lab):
    held = [client.connect(lab.client, VIP4) for _ in range(3)]
    names = [client.ask(connection).strip() for connection in held]
    lab.control.run("drain", "web/web1")
    assert lab.control.backend("web", "web1")["state"] == "drain"
    shares = split(lab, 20)
    assert set(shares) == {"web2", "web3"}, shares
    assert [client.ask(connection).strip() for connection in held] == names
    assert lab.control.backend("web", "web1")["active"] >= 1
    lab.control.run("enable", "web/web1")
    assert "web1" in split(lab, 12)
    for connection in held:
        connection.close()


def changed(lab):
    """Another weight, a backend less, and a new service; 'extra' as it was."""
    settings = lab.config()
    web = config.named(settings["pools"], "web")
    config.named(web["backends"], "web2")["weight"] = 30
    web["backends"] = [b for b in web["backends"] if b["name"] != "web3"]
    settings["services"].append(config.service("more", VIP4, 83, "web"))
    return settings


def test_reload_under_load(lab):
    held = client.connect(lab.client, VIP4, 81)
    name = client.ask(held)
    loads = [Load(lab.client, VIP4, port=port, rate=300, per_connection=5) for port in (80, 81)]
    for load in loads:
        load.now()
    for _ in range(3):
        lab.reload(changed(lab))
        time.sleep(0.4)
        lab.reload(lab.config(), lambda: lab.appliance.signal(signal.SIGHUP))
        time.sleep(0.4)
    results = [load.stop() for load in loads]
    assert [failed(result) for result in results] == [0, 0], results
    assert min(result["ok"] for result in results) > 300, results
    assert client.ask(held) == name, "a flow of an unchanged service moved"
    held.close()


def test_reload_changes_what_it_says(lab):
    lab.reload(changed(lab))
    lab.control.wait_all_up()
    shares, more = split(lab, 40), split(lab, 4, port=83)
    lab.reload(lab.config())
    lab.control.wait_all_up()
    assert shares == {"web1": 10, "web2": 30}, shares
    assert sum(more.values()) == 4, more


def versions(lab):
    return lab.control.show("history")


def test_diff_reload_rollback(lab):
    """What a file would change is told, done under load, and taken back; each with who did it."""
    load = Load(lab.client, VIP4, rate=300, per_connection=5)
    first, before = versions(lab)[0]["version"], lab.control.show("config")
    load.now()
    lab.appliance.write(changed(lab))
    told = json.loads(lab.control.run("--json", "diff"))
    paths = {change["path"]: change for change in told["changes"]}
    assert paths["pools/web/backends/web2/weight"]["to"] == "30", told
    assert paths["pools/web/backends/web3"]["change"] == "removed", told
    assert paths["services/more"]["change"] == "added", told
    assert (told["added"], told["removed"], told["changed"]) == (1, 1, 1), told
    assert versions(lab)[0]["version"] == first, "diff made a version"
    lab.control.run("reload")
    lab.control.wait_all_up()
    assert "1 added, 1 removed, 1 changed" == versions(lab)[0]["changes"], versions(lab)
    shares = split(lab, 40)
    lab.control.run("rollback")
    lab.control.wait_all_up()
    newest = versions(lab)[0]
    assert (newest["version"], newest["from_version"]) == (first + 2, first), newest
    assert newest["by"].startswith("uid 0, pid "), newest
    assert lab.control.show("config") == before
    assert set(split(lab, 30)) == {"web1", "web2", "web3"}
    assert set(shares) == {"web1", "web2"}, shares
    result = load.stop()
    assert failed(result) == 0 and result["ok"] > 100, result
    lab.reload(lab.config(), lambda: lab.appliance.signal(signal.SIGHUP))
    commands = [record["command"] for record in lab.control.show("audit")[:3]]
    assert commands == ["reload", "rollback", "reload"], commands
    assert lab.control.show("audit")[0]["by"] == "SIGHUP"


def far_is_served(lab, timeout):
    """Whether the way back to a client behind a router is known."""
    with contextlib.suppress(CommandError):
        return client.get(lab.far, VIP4, timeout=timeout) != ""
    return False


def test_reload_routes(lab):
    """Static routes come, go and come back, and others' flows do not notice."""
    held = client.connect(lab.client, VIP4)
    name = client.ask(held)
    settings = lab.config()
    assert far_is_served(lab, 5)
    settings["routes"] = [route for route in settings["routes"] if route["to"] != "0.0.0.0/0"]
    lab.reload(settings)
    gone = not far_is_served(lab, 1)
    settings["routes"].append({"to": "198.51.100.0/24", "via": CLIENT4})
    lab.reload(settings)
    narrower = far_is_served(lab, 5)
    lab.reload(lab.config())
    assert (gone, narrower, far_is_served(lab, 5)) == (True, True, True)
    assert client.ask(held) == name
    held.close()


def test_diff_tells_what_is_refused(lab):
    settings = changed(lab)
    settings["max_flows"] = 77777
    lab.appliance.write(settings)
    before = lab.control.show("config")
    for command in ("diff", "reload"):
        try:
            lab.control.run(command)
            raise AssertionError(f"{command}: not refused")
        except Refused as error:
            assert error.code == 1 and "max_flows" in str(error), error
            assert "restart" in str(error), error
            assert command == "reload" or "+ services/more" in str(error), error
    assert lab.control.show("config") == before
    assert lab.control.show("audit")[0]["result"] != "done"
    lab.appliance.write(lab.config())


def complete(lab, *words):
    """What bash offers for the last of the words."""
    script = ('source <("$0" completion bash); steelyardctl() { "$program" "$@"; }; program=$0\n'
              'COMP_WORDS=(steelyardctl "$@"); COMP_CWORD=$#; _steelyardctl\n'
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script, PROGRAM, *words], text=True, check=True,
                          capture_output=True, env={**os.environ, "STEELYARD_SOCKET": lab.control.socket})
    return done.stdout.split()


def test_completion(lab):
    assert complete(lab, "ro") == ["rollback"]
    assert complete(lab, "show", "hi") == ["history"]
    assert "web/web1" in complete(lab, "drain", "web/")
    assert complete(lab, "show", "backends", "web/web2") == ["web/web2"]
    assert complete(lab, "top", "--de") == ["--delay"]


def test_watch(lab):
    out = lab.control.run("watch", "-n", 2, "-d", 1, "backends", "web/web1")
    assert out.count("web/web1") == 2 and "web/web2" not in out, out


def test_broken_reload_changes_nothing(lab):
    before = lab.control.show("config")
    broken = lab.config()
    config.named(broken["pools"], "web")["shceduler"] = "rr"
    lab.appliance.write(broken)
    try:
        lab.control.run("reload")
        raise AssertionError("the broken file was taken")
    except Refused as error:
        assert error.code == 1, error
        assert "steelyard.json:" in str(error) and "scheduler" in str(error), error
    lab.appliance.signal(signal.SIGHUP)
    time.sleep(0.5)
    assert "shceduler" in lab.appliance.log(), lab.appliance.log_tail()
    assert lab.control.show("config") == before
    assert sum(split(lab, 3).values()) == 3
    lab.appliance.write(lab.config())
