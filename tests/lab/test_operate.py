# SPDX-License-Identifier: BSD-3-Clause
"""What an operator does while traffic flows: weights, drain, reload."""

import collections
import signal
import time

from labkit import client, config
from labkit.control import Refused
from labkit.load import Load, failed
from labkit.topology import VIP4

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
