# SPDX-License-Identifier: BSD-3-Clause
"""Kinds of probes, each of the real server: dnsmasq, Redis and PostgreSQL, that come and go."""

import contextlib
import glob
import os
import shutil
import subprocess
import time

from labkit import config
from labkit.servers import DNS_NAME
from labkit.skip import Skip
from labkit.topology import VIP4, backend4

GROUPS = ("own",)
REDIS_PORT = 6379
POSTGRESQL_PORT = 5432


def start(lab, port, **health):
    """A pool of one backend, web1, probed so."""
    settings = lab.config()
    settings["pools"] = [config.pool("kind", config.backends(["web1"], backend4, port),
                                     health={**config.HEALTH, **health})]
    settings["services"] = [config.service("kind", VIP4, 80, "kind")]
    lab.appliance.start(settings)


def found(lab, state):
    lab.control.wait_state("kind", "web1", state)
    time.sleep(0.5)
    return lab.control.backend("kind", "web1")["last_probe"]


def end(child):
    child.terminate()
    child.wait(timeout=10)


def run(lab, *command):
    return lab.network.backends["web1"].spawn(
        list(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_dns_probes(lab):
    start(lab, 53, type="dns", name=DNS_NAME)
    well = found(lab, "up")
    lab.appliance.stop()
    start(lab, 53, type="dns", name="nowhere.example")
    unwell = found(lab, "down")
    lab.appliance.stop()
    assert well == "DNS: no error, 1 records", well
    assert unwell.startswith("DNS: refused"), unwell


def test_udp_probes(lab):
    """Nobody listens on the port; then somebody answers."""
    start(lab, 7777, type="udp", send="ping", body="pong")
    refused = found(lab, "down")
    server = run(lab, "python3", "-c",
                 "import socket as s; u = s.socket(s.AF_INET, s.SOCK_DGRAM); u.bind(('', 7777))\n"
                 "while True:\n d, a = u.recvfrom(99); u.sendto(d.replace(b'i', b'o'), a)")
    well = found(lab, "up")
    end(server)
    lab.appliance.stop()
    assert refused == "connection refused", refused
    assert well == "4 bytes of answer", well


def test_redis_probes(lab):
    if not shutil.which("redis-server"):
        raise Skip("no redis-server: tools/setup lab installs it")
    command = ("redis-server", "--port", REDIS_PORT, "--save", "", "--protected-mode", "no")
    start(lab, REDIS_PORT, type="redis")
    refused = found(lab, "down")
    server = run(lab, *map(str, command))
    well = found(lab, "up")
    end(server)
    lab.control.wait_state("kind", "web1", "down")
    server = run(lab, *map(str, command), "--requirepass", "secret")
    guarded = found(lab, "up")
    end(server)
    lab.appliance.stop()
    assert refused == "connection refused", refused
    assert well == "Redis: +PONG", well
    assert guarded.startswith("Redis: -NOAUTH"), guarded


@contextlib.contextmanager
def postgresql(lab):
    programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if not programs:
        raise Skip("no PostgreSQL: tools/setup lab installs it")
    where = f"/tmp/steelyard-{lab.network.backends['web1'].name}-postgresql"
    shutil.rmtree(where, ignore_errors=True)
    os.mkdir(where)
    shutil.chown(where, "postgres")
    as_user = ("runuser", "-u", "postgres", "--")
    subprocess.run([*as_user, f"{programs[-1]}/initdb", "-D", f"{where}/data", "-N"], check=True,
                   capture_output=True, cwd="/")
    server = run(lab, *as_user, f"{programs[-1]}/postgres", "-D", f"{where}/data", "-h", "*",
                 "-k", where, "-p", str(POSTGRESQL_PORT), "-F")
    try:
        yield
    finally:
        end(server)
        shutil.rmtree(where, ignore_errors=True)


def test_postgresql_probes(lab):
    start(lab, POSTGRESQL_PORT, type="postgresql")
    refused = found(lab, "down")
    with postgresql(lab):
        well = found(lab, "up")
    lab.control.wait_state("kind", "web1", "down")
    lab.appliance.stop()
    assert refused == "connection refused", refused
    assert well.startswith("PostgreSQL: no pg_hba.conf entry"), well
