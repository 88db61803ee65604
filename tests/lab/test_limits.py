# SPDX-License-Identifier: BSD-3-Clause
"""Limits of backends, and drains that end."""

import contextlib
import time

from labkit import client, config
from labkit.netns import CommandError
from labkit.servers import HTTP_PORT
from labkit.topology import VIP4, backend4

GROUPS = ("one",)
PORT = 89


@contextlib.contextmanager
def limited(lab, **limits):
    """A pool of its own behind the port, so that nobody else's flows count: web1 and web2, with these
    limits."""
    settings = lab.config()
    members = config.backends(["web1", "web2"], backend4, HTTP_PORT)
    for backend in members:
        backend.update(limits)
    settings["pools"].append(config.pool("limited", members))
    settings["services"].append(config.service("limited", VIP4, PORT, "limited"))
    lab.reload(settings)
    lab.control.wait_all_up()
    try:
        yield
    finally:
        lab.reload(lab.config())


def refused(lab):
    try:
        client.connect(lab.client, VIP4, PORT).close()
    except ConnectionRefusedError:
        return True
    return False


def connect_soon(lab, patience=2.0):
    """A connection as soon as there is room: workers learn of each other's flows a tick of the management
    core after the views do, and refuse until then."""
    end = time.monotonic() + patience
    while True:
        try:
            return client.connect(lab.client, VIP4, PORT)
        except ConnectionRefusedError:
            assert time.monotonic() < end, "refused though a flow has gone"
            time.sleep(0.02)


def active(lab):
    """Flows that count: not those that are over."""
    return sum(lab.control.backend("limited", name)["active"] for name in ("web1", "web2"))


def wait_active(lab, number, patience=5.0):
    end = time.monotonic() + patience
    while (found := active(lab)) != number:
        assert time.monotonic() < end, (number, found)
        time.sleep(0.05)


def test_flows_at_once(lab):
    """Two at each of two backends; the fifth is refused at once, and served when one has gone."""
    with limited(lab, max_flows=2):
        held = [client.connect(lab.client, VIP4, PORT) for _ in range(4)]
        names = [client.ask(connection).strip() for connection in held]
        assert sorted(names) == ["web1", "web1", "web2", "web2"], names
        assert refused(lab) and refused(lab)
        assert lab.control.service("limited")["flows_refused"] >= 2
        held.pop().close()
        wait_active(lab, 3)
        held.append(connect_soon(lab))
        assert client.ask(held[-1]).strip() == names[-1]
        for connection in held:
            connection.close()
        wait_active(lab, 0)


def test_flows_at_once_under_load(lab):
    """wrk wants sixteen connections and gets six: what it asks on those is answered."""
    with limited(lab, max_flows=3):
        wait_active(lab, 0)
        process = client.start_wrk(lab.client, client.url(VIP4, port=PORT), 16, 2)
        highest = 0
        while process.poll() is None:
            highest = max(highest, *(lab.control.backend("limited", name)["active"]
                                     for name in ("web1", "web2")))
            time.sleep(0.1)
        result = client.parse_wrk(process.communicate()[0])
    assert highest == 3, (highest, result)
    assert result["requests"] > 100 and result["non_2xx"] == 0, result


def test_new_flows_a_second(lab):
    """Five a second at each of two backends, whatever curl asks for."""
    with limited(lab, max_new_per_s=5):
        begun, served, asked = time.monotonic(), 0, 0
        while time.monotonic() - begun < 3:
            asked += 1
            with contextlib.suppress(CommandError):
                client.get(lab.client, VIP4, port=PORT)
                served += 1
        took = time.monotonic() - begun
    # What was unspent at the beginning, a second's worth, and what came in the time.
    assert asked > 60, f"too slow to see it: {asked} requests"
    assert 10 * (took - 1) <= served <= 10 * (took + 1) + 2, (served, asked, took)


def test_drain_with_deadline(lab):
    """The order's deadline: flows go on until then, and are reset on both sides."""
    with limited(lab):
        wait_active(lab, 0)
        held = [client.connect(lab.client, VIP4, PORT) for _ in range(4)]
        names = [client.ask(connection).strip() for connection in held]
        assert set(names) == {"web1", "web2"}, names
        lab.control.run("drain", "limited/web1", "--deadline", "2s", "--on-deadline", "reset")
        try:
            row = lab.control.backend("limited", "web1")
            assert row["state"] == "drain" and row["drain_flows_left"] >= 2, row
            assert row["drain_flows_at_start"] >= 2 and 1 <= row["drain_ends_in_s"] <= 2, row
            assert "drain 2/2 " in lab.control.run("show", "backends", "limited/web1")
            assert [client.ask(connection).strip() for connection in held] == names
            time.sleep(3.2)
            for connection, name in zip(held, names):
                try:
                    assert client.ask(connection).strip() == name == "web2"
                except ConnectionError:
                    assert name == "web1"
            row = lab.control.backend("limited", "web1")
            assert row["drain_flows_left"] == 0 and row["drain_ends_in_s"] == 0, row
        finally:
            lab.control.run("enable", "limited/web1")
        for connection in held:
            connection.close()
        assert "drain_ends_in_s" not in lab.control.backend("limited", "web1")
