# SPDX-License-Identifier: BSD-3-Clause
"""Backends that die, fall silent and come back; the spare; and no backend at all."""

import time

from labkit import client, config
from labkit.load import Load, failed
from labkit.netns import CommandError
from labkit.topology import VIP4, VIP6

GROUPS = ("one",)
PRIMARIES = ("web1", "web2", "web3")
DETECTION_S = 2 * 0.44 + 0.4  # fall x interval with its jitter, and one probe's timeout


def test_kill_and_return_under_load(lab):
    lab.forget_requests()
    load = Load(lab.client, VIP4, rate=600)
    load.now()
    lab.backends["web1"].kill()
    killed = time.monotonic()
    lab.control.wait_state("web", "web1", "down")
    time.sleep(1)
    noticed = load.now()
    lab.backends["web1"].start()
    lab.control.wait_state("web", "web1", "up")
    time.sleep(1)
    final = load.stop()

    assert failed(noticed), "the kill went unseen by the clients: the test has no force"
    assert final["last_failure"] - killed < DETECTION_S + 0.3, final
    assert failed(final) == failed(noticed), "requests failed after the backend was noticed"
    assert failed(noticed) <= 600 / 3 * (DETECTION_S + 0.3) + 64, noticed
    served = {name: n for name, n in lab.requests("/").items() if n}
    assert served == final["by_backend"], (served, final)


def test_silent_backend_under_load(lab):
    load = Load(lab.client, VIP4, rate=300, timeout=2)
    load.now()
    lab.network.silence("web2")
    lab.control.wait_state("web", "web2", "down")
    time.sleep(2.3)  # what was sent to it has failed by now
    before = failed(load.now())
    time.sleep(1)
    final = load.stop()
    lab.network.silence("web2", False)
    lab.control.wait_all_up()
    assert failed(final) == before, "requests still go to the silent backend"


def spare_serves(lab, vip, pool):
    for name in PRIMARIES:
        lab.backends[name].say_healthy(False)
    for name in PRIMARIES:
        lab.control.wait_state(pool, name, "down")
    assert [client.get(lab.client, vip).strip() for _ in range(4)] == ["spare"] * 4
    for name in PRIMARIES:
        lab.backends[name].say_healthy(True)
    lab.control.wait_all_up()
    assert client.get(lab.client, vip).strip() in PRIMARIES


def test_spare_when_all_primaries_are_down_v4(lab):
    spare_serves(lab, VIP4, "web")


def test_spare_when_all_primaries_are_down_v6(lab):
    spare_serves(lab, VIP6, "web6")


def test_no_backend_left_refuses_at_once(lab):
    for name in ("web1", "web2"):
        lab.backends[name].say_healthy(False)
    for name in ("web1", "web2"):
        lab.control.wait_state("extra", name, "down")
    begun = time.monotonic()
    try:
        client.connect(lab.client, VIP4, 81)
        raise AssertionError("a connection without any backend was accepted")
    except ConnectionRefusedError:
        assert time.monotonic() - begun < 0.5, "the refusal was late"
    finally:
        for name in ("web1", "web2"):
            lab.backends[name].say_healthy(True)
        lab.control.wait_all_up()


def test_down_keeps_flows(lab):
    held = client.connect(lab.client, VIP4, 81)
    name = client.ask(held).strip()
    lab.backends[name].say_healthy(False)
    lab.control.wait_state("extra", name, "down")
    assert client.ask(held).strip() == name
    lab.backends[name].say_healthy(True)
    lab.control.wait_all_up()
    held.close()


def test_down_resets_flows_when_asked(lab):
    held = client.connect(lab.client, VIP4, 82)
    name = client.ask(held).strip()
    assert server_side(lab, name) == 1
    lab.backends[name].say_healthy(False)
    lab.control.wait_state("cut", name, "down")
    held.settimeout(2)
    try:
        data = held.recv(1)
        raise AssertionError(f"not reset, but {data!r}")
    except ConnectionResetError:
        pass
    time.sleep(0.2)
    left = server_side(lab, name)
    lab.backends[name].say_healthy(True)
    lab.control.wait_all_up()
    assert left == 0, "the backend's side was not reset"


def server_side(lab, name):
    """Connections that the backend has with the client."""
    text = lab.network.backends[name].run(
        "ss", "-Htn", "state", "established", "sport", "=", f":{config.HTTP_PORT}", "dst", "192.0.2.1")
    return len(text.splitlines())


def test_client_sees_refusal_of_closed_port(lab):
    """A port of the virtual IP that is no service: an answer, not silence."""
    try:
        client.get(lab.client, VIP4, port=4444, timeout=3)
        raise AssertionError("something answered")
    except CommandError as error:
        assert "exit code 7" in str(error), error
