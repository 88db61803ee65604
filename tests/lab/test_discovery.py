# SPDX-License-Identifier: BSD-3-Clause
"""Backends that are found while the appliance runs: in a watched file, and by a real DNS server."""

import collections
import contextlib
import json
import os
import subprocess
import time

from labkit import client, config
from labkit.control import Refused
from labkit.load import Load, failed
from labkit.servers import HTTP_PORT
from labkit.topology import VIP4, backend4

GROUPS = ("one",)
PORT = 94
POOL = "found"
DNS_PORT = 5399
NAME = "web.found"
SERVICE = "_http._tcp.found"


def settings_with(lab, discovery, health=None):
    settings = lab.config()
    settings["pools"].append(config.pool(
        POOL, [], health=health,
        discovery={"refresh": "1s", "min_refresh": "50ms", "timeout": "2s", **discovery}))
    settings["services"].append(config.service(POOL, VIP4, PORT, POOL))
    return settings


@contextlib.contextmanager
def discovery(lab, **keys):
    lab.reload(settings_with(lab, keys))
    try:
        yield
    finally:
        lab.reload(lab.config())


def source(lab):
    return lab.control.show("discovery", POOL)[0]


def up(lab):
    return {row["address"] for row in lab.control.show("backends")
            if row["pool"] == POOL and row["state"] == "up"}


def wait_for(lab, backends, state, patience=15):
    """Until the pool has these backends, all of them up, and the source is in that state."""
    wanted = {backend4(name) for name in backends}
    end = time.monotonic() + patience
    while True:
        rows = [row for row in lab.control.show("backends")
                if row["pool"] == POOL and row["state"] != "leaving"]
        seen = source(lab)
        if ({row["address"] for row in rows if row["state"] == "up"} == wanted
                and len(rows) == len(wanted) and seen["state"] == state):
            return seen
        assert time.monotonic() < end, (wanted, state, rows, seen)
        time.sleep(0.05)


def who_serves(lab, n_requests=12):
    return set(collections.Counter(client.get(lab.client, VIP4, port=PORT).strip()
                                   for _ in range(n_requests)))


def write(path, text):
    """As a careful writer does: another file, renamed over the old one."""
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(path + ".new", path)


def rows(*backends):
    return json.dumps([{"name": name, "address": backend4(name), "port": HTTP_PORT}
                       for name in backends])


def test_found_in_a_file(lab):
    path = f"{lab.session.dir}/found.json"
    write(path, rows("web1", "web2"))
    with discovery(lab, type="file", file=path, confirm="0s"):
        wait_for(lab, ["web1", "web2"], "good")
        assert who_serves(lab) == {"web1", "web2"}
        load = Load(lab.client, VIP4, port=PORT, rate=200, per_connection=5)
        load.now()
        write(path, rows("web1", "web2", "web3"))
        wait_for(lab, ["web1", "web2", "web3"], "good")
        write(path, rows("web2", "web3"))
        wait_for(lab, ["web2", "web3"], "good")
        # What cannot be read changes nothing, and says where.
        write(path, '[{"address": "10.0.0.300"}]')
        told = wait_for(lab, ["web2", "web3"], "failing")
        assert "found.json:1:14: [0].address: found \"10.0.0.300\"" in told["error"], told
        # Nor does a file that is gone, nor a reload meanwhile.
        os.unlink(path)
        lab.reload(settings_with(lab, {"type": "file", "file": path, "confirm": "0s"}))
        assert up(lab) == {backend4("web2"), backend4("web3")}
        wait_for(lab, ["web2", "web3"], "failing")
        assert who_serves(lab) == {"web2", "web3"}
        # An empty one is held until somebody says that it is right.
        write(path, "[]")
        told = wait_for(lab, ["web2", "web3"], "holding")
        assert told["held"] == 2 and told["found"] == 0, told
        assert failed(load.stop()) == 0
        write(path, rows("web1"))
        wait_for(lab, ["web1", "web2", "web3"], "holding")
        lab.control.run("discovery", "accept", POOL)
        wait_for(lab, ["web1"], "good")
        assert who_serves(lab) == {"web1"}
        try:
            lab.control.run("discovery", "accept", POOL)
            raise AssertionError("not refused")
        except Refused as error:
            assert error.code == 1 and "nothing of pool" in str(error), error
        # What was found is no part of what people have written.
        shown = config.named(lab.control.show("config")["pools"], POOL)
        assert shown["backends"] == [], shown


class Dns:
    """dnsmasq beside web3, with these hosts and servers for SRV."""

    def __init__(self, lab):
        self.namespace = lab.backends["web3"].namespace
        self.server = f"{backend4('web3')}:{DNS_PORT}"
        self.process = None

    def start(self, hosts=(), servers=()):
        self.stop()
        argv = ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
                "--no-hosts", "--user=root", "--pid-file=", "--local-ttl=1", "--local=/found/",
                "--bind-interfaces", f"--listen-address={backend4('web3')}", f"--port={DNS_PORT}"]
        argv += [f"--host-record={NAME},{backend4(name)}" for name in hosts]
        for name, priority in servers:
            argv += [f"--host-record={name}.found,{backend4(name)}",
                     f"--srv-host={SERVICE},{name}.found,{HTTP_PORT},{priority},5"]
        self.process = self.namespace.spawn(argv, stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL)

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=5)
            self.process = None


def test_found_in_dns(lab):
    dns = Dns(lab)
    dns.start(["web1", "web2"])
    try:
        with discovery(lab, type="dns", name=NAME, servers=[dns.server], port=HTTP_PORT,
                       confirm="0s"):
            wait_for(lab, ["web1", "web2"], "good")
            assert who_serves(lab) == {"web1", "web2"}
            dns.start(["web1", "web2", "web3"])
            wait_for(lab, ["web1", "web2", "web3"], "good")
            dns.stop()
            told = wait_for(lab, ["web1", "web2", "web3"], "failing")
            assert NAME in told["error"], told
            assert who_serves(lab) == {"web1", "web2", "web3"}
            # That there is no such name is an answer, and a suspicious one.
            dns.start()
            told = wait_for(lab, ["web1", "web2", "web3"], "holding")
            assert told["held"] == 3, told
            # Only when all are back nothing was; then one may leave.
            dns.start(["web1", "web2", "web3"])
            wait_for(lab, ["web1", "web2", "web3"], "good")
            dns.start(["web2", "web3"])
            wait_for(lab, ["web2", "web3"], "good")
    finally:
        dns.stop()


def test_found_by_srv(lab):
    dns = Dns(lab)
    dns.start(servers=[("web1", 10), ("web2", 10), ("spare", 20)])
    try:
        with discovery(lab, type="dns", name=SERVICE, record="srv", servers=[dns.server]):
            wait_for(lab, ["web1", "web2", "spare"], "good")
            found = {row["address"]: row for row in lab.control.show("backends")
                     if row["pool"] == POOL}
            assert found[backend4("web1")]["port"] == HTTP_PORT, found
            assert found[backend4("web1")]["weight"] == 5, found
            # The lowest priority serves.
            assert who_serves(lab) == {"web1", "web2"}
            dns.start(servers=[("web1", 30), ("spare", 7)])
            wait_for(lab, ["web1", "spare"], "good")
            assert who_serves(lab) == {"spare"}
    finally:
        dns.stop()
