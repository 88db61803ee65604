# SPDX-License-Identifier: BSD-3-Clause
"""What every surface shows, against what the clients and nginx counted."""

import time

from labkit import client
from labkit.load import Load, failed
from labkit.servers import DNS_NAME
from labkit.topology import VIP4

GROUPS = ("one", "two")
COMMANDS = ("info", "ports", "workers", "steering", "services", "limits", "locals", "persistence", "backends", "discovery", "flows", "drops", "health", "config")


def web(lab):
    return {b["name"]: b for b in lab.control.show("backends") if b["pool"] == "web"}


def test_figures_match_clients_and_nginx(lab):
    lab.forget_requests()
    before, service = web(lab), lab.control.service("www")
    load = Load(lab.client, VIP4, rate=400)
    time.sleep(2.5)
    final = load.stop()
    time.sleep(0.5)
    after = web(lab)
    assert failed(final) == 0 and final["ok"] == final["sent"] > 500, final
    flows = {name: after[name]["flows_created"] - before[name]["flows_created"]
             for name in ("web1", "web2", "web3")}
    assert flows == final["by_backend"], (flows, final["by_backend"])
    assert flows == {name: n for name, n in lab.requests("/").items() if n}
    created = lab.control.service("www")["flows_created"] - service["flows_created"]
    assert created == final["ok"], (created, final["ok"])


def test_packets_and_bytes(lab):
    """One DNS query is one packet each way, and its length is known."""
    before = lab.control.service("dns")
    assert client.dig(lab.client, VIP4, DNS_NAME)
    after = lab.control.service("dns")
    moved = {name: after[name] - before[name]
             for name in ("flows_created", "packets_in", "packets_out")}
    assert moved == {"flows_created": 1, "packets_in": 1, "packets_out": 1}, moved
    assert after["bytes_in"] - before["bytes_in"] >= 28 + 12, "less than the smallest query"
    assert after["bytes_out"] - before["bytes_out"] > after["bytes_in"] - before["bytes_in"]


def test_gauges(lab):
    """What schedulers go by: no connection here takes a second, nor no time at all."""
    for _ in range(12):
        client.get(lab.client, VIP4)
    end = time.monotonic() + 5
    while True:
        rows = [b for name, b in web(lab).items() if name != "spare"]
        if all(row.get("connect_ms", 0) > 0 and row.get("arrivals_rate", 0) > 0 for row in rows):
            break
        assert time.monotonic() < end, rows
        client.get(lab.client, VIP4)
    assert max(row["connect_ms"] for row in rows) < 1000, rows
    assert all(row["packets_rate"] > 0 and row["bytes_rate"] > 40 for row in rows), rows
    assert lab.control.service("www")["signals"] == "", "wrr looks at nothing"


def test_live_connections(lab):
    held = [client.connect(lab.client, VIP4) for _ in range(6)]
    for connection in held:
        client.ask(connection)
    time.sleep(0.1)
    active = {name: b["active"] for name, b in web(lab).items() if b["active"]}
    assert sum(active.values()) >= 6, active
    for connection in held:
        connection.close()
    time.sleep(0.3)
    assert sum(b["active"] for b in web(lab).values()) <= sum(active.values()) - 6


def test_each_telemetry_command(lab):
    listed = lab.telemetry.commands()
    assert {f"/steelyard/{name}" for name in COMMANDS} <= set(listed), listed
    for name in COMMANDS:
        assert lab.telemetry.ask(f"/steelyard/{name}") is not None, name


def test_telemetry_agrees_with_control(lab):
    for backend in lab.control.show("backends"):
        if backend["state"] == "leaving":
            continue  # it has no name any more, only flows
        name = f"{backend['pool']}/{backend['name']}"
        assert name in lab.telemetry.ask("/steelyard/backends")
        row = lab.telemetry.ask(f"/steelyard/backends,{name}")
        for figure in ("flows_created", "packets_in", "bytes_out", "weight", "state"):
            assert row[figure] == backend[figure], (name, figure, row, backend)
    workers = lab.control.show("workers")
    assert len(lab.telemetry.ask("/steelyard/workers")) == len(workers) == lab.workers


def test_show_for_people(lab):
    for name in COMMANDS:
        text = lab.control.run("show", name)
        assert text.strip(), name
        if name not in ("config", "info"):  # these hold texts of any length
            assert max(map(len, text.splitlines())) <= 120, text
