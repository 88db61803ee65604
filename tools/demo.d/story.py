# SPDX-License-Identifier: BSD-3-Clause
"""The story that the demonstration tells, a function for each chapter."""

import time

from director import percent
from labkit import client
from labkit.topology import VIP4

POOL = "web"
PRIMARIES = ("web1", "web2", "web3")


def _state(director, name):
    return next(b["state"] for b in director.monitor.backends() if b["name"] == name)


def _until_state(director, name, state, patience=15):
    seconds = director.until(lambda: _state(director, name) == state, patience)
    if seconds is None:
        raise TimeoutError(f"{name} did not become {state} within {patience} s; "
                           f"it is {_state(director, name)}")
    return seconds


def even_split(director):
    director.chapter("An even split",
                     f"Three nginx servers of equal weight stand behind {VIP4}; a spare waits.")
    director.watch(9)
    director.outcome(percent(director.shares()))


def full_speed(director):
    director.chapter("Full speed",
                     "wrk adds 200 connections that never pause, on top of the load.")
    seconds = max(2, round(5 * director.pace))
    wrk = client.start_wrk(director.lab.client, client.url(VIP4), 200, seconds)
    director.until(lambda: wrk.poll() is not None, seconds + 15)
    result = client.parse_wrk(wrk.stdout.read())
    director.monitor.extra_requests += result["requests"]
    director.outcome(f"{result['rate']:,.0f} requests/s by wrk, {result['failed']} failed")


def double_weight(director):
    director.chapter("One weight doubled",
                     "While traffic flows, the operator says: steelyardctl weight web/web1 20")
    director.lab.control.run("weight", f"{POOL}/web1", 20)
    director.event("web1 now weighs 20, the others 10 each")
    since = director.monitor.load.now()
    director.watch(9)
    director.outcome(percent(director.shares(since)))


def kill_backend(director):
    director.chapter("One backend killed",
                     "kill -9 to nginx on web1. Its host refuses connections until probes notice.")
    director.watch(2)
    killed = time.monotonic()
    director.lab.backends["web1"].kill()
    director.event("web1's nginx is dead")
    _until_state(director, "web1", "down")
    noticed = time.monotonic() - killed
    director.event(f"noticed after {noticed:.2f} s")
    director.watch(5)
    report = director.monitor.load.now()
    director.close_chapter()
    n_failed, last = director.chapters[-1].failed, report["last_failure"]
    tail = f", the last {max(0.0, last - killed):.2f} s after the kill" if n_failed else ""
    director.outcome(f"noticed after {noticed:.2f} s; {n_failed} requests failed{tail}")


def backend_back(director):
    director.chapter("The backend returns",
                     "web1 starts slowly: its weight grows to 20 over 6 s, so caches can warm up.")
    director.lab.backends["web1"].start()
    _until_state(director, "web1", "up")
    director.event("web1 answers its probes again")
    first = director.monitor.load.now()
    director.watch(2)
    early = director.shares(first).get("web1", 0)
    director.event(f"web1's share in the first seconds: {early:.1%}")
    director.watch(5)
    second = director.monitor.load.now()
    director.watch(2)
    late = director.shares(second).get("web1", 0)
    director.outcome(f"slow start: web1's share went from {early:.1%} to {late:.1%}")


def primaries_down(director):
    director.chapter("All primaries down",
                     "Every primary dies at once. The spare has been waiting for this.")
    killed = time.monotonic()
    for name in PRIMARIES:
        director.lab.backends[name].kill()
    director.event("three nginx are dead")
    for name in PRIMARIES:
        _until_state(director, name, "down")
    director.event(f"all noticed after {time.monotonic() - killed:.2f} s; the spare serves")
    director.watch(1)
    since = director.monitor.load.now()
    director.watch(4)
    director.outcome(f"then served: {percent(director.shares(since)) or 'nothing'}")


CHAPTERS = (even_split, full_speed, double_weight, kill_backend, backend_back, primaries_down)
