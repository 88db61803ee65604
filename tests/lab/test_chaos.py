# SPDX-License-Identifier: BSD-3-Clause
"""Everything that goes wrong in a year, in minutes, while clients ask.

Every two seconds, in a short run a little more often, something happens (ACTS), in an order that the
printed seed gives: each at least once, or the run fails.  A request
may fail only when the backend that held it was killed: each failure is traced to its backend.
Afterwards all is well again, the books close, no worker has stalled, and neither memory nor
descriptors have grown.

STEELYARD_LAB_CHAOS_S is how long it takes (20; ten minutes by hand before a release), and
STEELYARD_LAB_CHAOS_SEED repeats a run's order.
"""

import collections
import contextlib
import json
import os
import random
import signal
import socket
import statistics
import struct
import time

from labkit import accounting, config, etcd
from labkit.control import Refused
from labkit.load import Load
from labkit.servers import HTTP_PORT
from labkit.topology import BACKENDS, CLIENT4, VIP4, WAN_DEVICE, backend4
from labkit.witness import Witness

GROUPS = ("two",)

LENGTH_S = float(os.environ.get("STEELYARD_LAB_CHAOS_S", "20"))
SEED = int(os.environ.get("STEELYARD_LAB_CHAOS_SEED", "0")) or random.randrange(1, 1 << 32)
MOST_EACH_S = 2.0  # from one act to the next
MORE_S = 30  # in which what could not be done yet must be
PATIENCE_S = 12  # of clients: longer than a backend is stopped, or a link is down
AWAY_S = (1.0, 3.0)  # how long a backend is dead or stopped
FLAP_S = 0.4
NOTICE_S = 0.5  # by which a request may have been on its way to a backend that is down by now
STALL_US = 2_000_000  # two processors that everything in the lab shares may be away for a while
GROWTH_KB = 2048  # the history keeps 32 files of some 30 KB; the rest comes and goes
PRIMARIES = ("web1", "web2", "web3")
FOUND_PORT = 86  # of a service whose backends a source tells
FOUND = json.dumps(config.backends(PRIMARIES, backend4, HTTP_PORT))
KEYED_PORT = 87  # of one whose backends are keys of etcd
RATES = {80: 200, FOUND_PORT: 50, KEYED_PORT: 50}  # requests a second
POOLS = ("web", "found", "keyed")  # of those services
# A link that is away for a moment must not take all of a pool down: three probes in a row.
HEALTH = {**config.HEALTH, "interval": "500ms", "timeout": "500ms", "fall": 3}


class Chaos:
    """What the acts share: the lab, chance, what is broken now and when it is to be mended."""

    def __init__(self, lab, server):
        self.lab = lab
        self.etcd = server
        self.random = random.Random(SEED)
        self.mends = {}  # what is broken: (when to mend it, how)
        self.kills = []  # (backend, killed, noticed)
        self.source = f"{lab.session.dir}/found.json"
        self.tell_source(FOUND)
        for name in PRIMARIES:
            server.put(name, address=backend4(name), port=HTTP_PORT, weight=10)

    def base(self):
        settings = self.lab.config()
        for name, port, discovery in (
                ("found", FOUND_PORT, {"type": "file", "file": self.source}),
                ("keyed", KEYED_PORT, {"type": "etcd", "urls": [etcd.URL], "prefix": etcd.PREFIX})):
            settings["pools"].append(config.pool(name, [], discovery=discovery))
            settings["services"].append(config.service(name, VIP4, port, name))
        for pool in settings["pools"]:
            if pool["health"]["type"] == "http":
                pool["health"] = dict(HEALTH)
        return settings

    def tell_source(self, text):
        """As discovery's sources are written: whole, by rename.  None: there is none any more."""
        if text is None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.source)
            return
        with open(self.source + ".new", "w", encoding="ascii") as file:
            file.write(text)
        os.rename(self.source + ".new", self.source)

    def later(self, what, seconds, how):
        self.mends[what] = (time.monotonic() + seconds, how)

    def mend(self, everything=False):
        for what, (due, how) in list(self.mends.items()):
            if everything or due <= time.monotonic():
                del self.mends[what]
                how()

    def well(self):
        """A backend that serves and that nothing has been done to; None when it is the last one."""
        serving = [row["name"] for row in self.lab.control.show("backends")
                   if row["pool"] == "web" and row["state"] == "up"]
        choice = [name for name in PRIMARIES if name in serving and name not in self.mends]
        return self.random.choice(choice) if len(choice) > 1 else None


def reload(chaos):
    """Other weights, a service more or less, and now and then a backend less."""
    settings = chaos.base()
    web = config.named(settings["pools"], "web")
    for backend in web["backends"]:
        backend["weight"] = chaos.random.randint(1, 20)
    gone = chaos.random.choice((None, *PRIMARIES))
    web["backends"] = [b for b in web["backends"] if b["name"] != gone]
    if chaos.random.random() < 0.5:
        settings["services"].append(config.service("more", VIP4, 83, "extra"))
    how = chaos.random.choice(("order", "signal"))
    chaos.lab.reload(settings,
                     None if how == "order" else lambda: chaos.lab.appliance.signal(signal.SIGHUP))
    return f"by {how}, without {gone}"


def rollback(chaos):
    chaos.lab.control.run("rollback")
    return "to the version before"


def kill(chaos):
    """As a crash does it; it is noticed, and comes back.  Not while too few are well."""
    name = chaos.well()
    if name is None:
        return None
    backend = chaos.lab.backends[name]
    killed = time.monotonic()
    backend.kill()
    noticed = wait_not_used(chaos.lab, name)
    chaos.later(name, chaos.random.uniform(*AWAY_S), backend.start)
    chaos.kills.append((name, killed, noticed))
    return f"{name}, noticed after {noticed - killed:.2f} s"


def wait_not_used(lab, name, patience=10):
    """Until the pools of the loads have the backend no more."""
    end = time.monotonic() + patience
    while any(row["pool"] in POOLS and row["name"] == name
              and row["state"] in ("up", "trial")
              for row in lab.control.show("backends")):
        assert time.monotonic() < end, f"{name} is dead and still used"
        time.sleep(0.05)
    return time.monotonic()


def wait_found(lab, name, patience=10):
    end = time.monotonic() + patience
    while sum(row["pool"] in POOLS and row["name"] == name
              for row in lab.control.show("backends")) < len(POOLS):
        assert time.monotonic() < end, f"{name} has not been found in the sources"
        time.sleep(0.05)


def stop(chaos):
    """SIGSTOP: the kernel takes connections, and nobody answers on them for a while.
    Not while too few are well."""
    name = chaos.well()
    if name is None:
        return None
    backend = chaos.lab.backends[name]
    backend.signal(signal.SIGSTOP)
    chaos.later(name, chaos.random.uniform(*AWAY_S), lambda: backend.signal(signal.SIGCONT))
    return name


def weight(chaos):
    name, value = chaos.random.choice(PRIMARIES), chaos.random.choice((0, 1, 5, 50, "default"))
    with contextlib.suppress(Refused):  # a reload may have removed it
        chaos.lab.control.run("weight", f"web/{name}", value)
        return f"{name} {value}"
    return None


def drain(chaos):
    name = chaos.random.choice(PRIMARIES)
    with contextlib.suppress(Refused):
        chaos.lab.control.run("drain", f"web/{name}")
        chaos.later(f"drain of {name}", 1, lambda: enable(chaos, name))
        return name
    return None


def enable(chaos, name):
    with contextlib.suppress(Refused):
        chaos.lab.control.run("enable", f"web/{name}")


def source(chaos):
    """The source of a pool's backends is emptied, or wrong, gone, or lacks one of them for a while."""
    name = chaos.random.choice(PRIMARIES)
    fewer = json.dumps(config.backends([n for n in PRIMARIES if n != name], backend4, HTTP_PORT))
    what, text = chaos.random.choice((("emptied", "[]"), ("broken", "[{"), ("gone", None),
                                      (f"without {name}", fewer)))
    chaos.tell_source(text)
    chaos.later("source", chaos.random.uniform(*AWAY_S), lambda: chaos.tell_source(FOUND))
    return what


def restart_etcd(chaos):
    """Killed, and there again a little later."""
    if "etcd" in chaos.mends:
        return None  # it is away already
    chaos.etcd.kill()
    chaos.later("etcd", chaos.random.uniform(*AWAY_S), chaos.etcd.start)
    return "killed"


def flap_lan(chaos):
    """The cable to the servers is out for a moment."""
    flap(chaos.lab.network.switch, "up0")
    return f"for {FLAP_S} s"


def flap_wan(chaos):
    """The other one: at this end, since a client that loses its link fails by itself."""
    flap(chaos.lab.balancer, WAN_DEVICE)
    return f"for {FLAP_S} s"


def flap(namespace, interface):
    namespace.ip(f"link set {interface} down")
    time.sleep(FLAP_S)
    namespace.ip(f"link set {interface} up")


def hostile(chaos):
    """Clients of the control socket that send nonsense, half of something, or never read."""
    path, opened = chaos.lab.control.socket, []
    for number in range(40):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(1)
        opened.append(client)
        with contextlib.suppress(OSError):
            client.connect(path)
            client.sendall(HOSTILE[number % len(HOSTILE)](chaos.random))
    answered = chaos.lab.control.show("info")
    for client in opened:
        client.close()
    return f"{len(opened)} of them, answered beside them: snapshot {answered['snapshot']}"


def _message(text):
    return struct.pack("!I", len(text)) + text


HOSTILE = (
    lambda chance: chance.randbytes(64),
    lambda chance: struct.pack("!I", 1000) + b"{",
    lambda chance: struct.pack("!I", 0xffffffff),
    lambda chance: _message(b'{"version": 1, "command": "backends"}') * 20,
    lambda chance: _message(b"[" * 60000),
    lambda chance: _message(b'{"version": 99, "command": "reload"}'),
    lambda chance: _message(b'{"version": 1, "command": "' + b"x" * 5000 + b'"}'),
)

# Each tells what it did, or None: it could not now.
ACTS = (reload, rollback, kill, stop, weight, drain, source, restart_etcd, flap_lan, flap_wan,
        hostile)


def acts(chance):
    """Each once in a random order, and again."""
    while True:
        yield from chance.sample(ACTS, len(ACTS))


class Health:
    """The appliance's own: memory, descriptors, workers' longest turns, packets that they see."""

    def __init__(self, lab):
        self.lab = lab
        self.memory = []
        self.longest_us = 0
        self.received = self._received(lab.control.show("workers"))

    @staticmethod
    def _received(workers):
        return sum(row["received"] for row in workers)

    def look(self):
        workers = self.lab.control.show("workers")
        received = self._received(workers)
        assert received > self.received, "workers have received nothing since the last look"
        self.received = received
        self.longest_us = max(self.longest_us, *(row["longest_turn_us_now"] for row in workers))
        self.memory.append(self.lab.appliance.memory_kb())

    def growth_kb(self):
        """From the second quarter of the run to the last: the first fills what is kept."""
        quarter = max(1, len(self.memory) // 4)
        return statistics.median(self.memory[-quarter:]) \
            - statistics.median(self.memory[quarter:2 * quarter])


def excused(failure, chaos, witness):
    """The backend that held the request was killed while it did, or was dead and not yet noticed."""
    seen = witness.backends_of(failure["port"], failure["opened"] - 1, failure["time"])
    return any(name in seen and killed - 0.2 <= failure["time"]
               and failure["started"] <= noticed + NOTICE_S
               for name, killed, noticed in chaos.kills)


def note(text):
    print(f"# {time.monotonic():.1f} {text}", flush=True)


def tell(failures, witness, most=10):
    """When, how, and to whom."""
    for failure in failures[:most]:
        seen = witness.backends_of(failure["port"], failure["opened"] - 1, failure["time"])
        note(f"{failure['kind']} at {failure['time']:.1f}, asked at {failure['started']:.1f}, "
             f"connected at {failure['opened']:.1f}, to {', '.join(sorted(seen)) or 'nobody'}")


def run(chaos, health):
    """Until the end, and at least until each act has done its work once."""
    each = min(MOST_EACH_S, LENGTH_S / len(ACTS))
    end = time.monotonic() + LENGTH_S
    done = collections.Counter()
    for act in acts(chaos.random):
        due = time.monotonic() + each
        if due > end:
            if len(done) == len(ACTS):
                break
            missing = [other.__name__ for other in ACTS if other not in done]
            assert due < end + MORE_S, f"never done: {', '.join(missing)}"
            if act in done:
                continue
        told = act(chaos)
        note(f"{act.__name__}: {told or 'not now'}")
        if told:
            done[act] += 1
        while time.monotonic() < due:
            chaos.mend()
            time.sleep(0.05)
        health.look()
    note("done: " + ", ".join(f"{act.__name__} {done[act]}" for act in ACTS))


def settle(chaos):
    """All is well again, while clients still ask."""
    note("the end: all is mended")
    chaos.mend(everything=True)
    chaos.lab.restore()
    chaos.lab.reload(chaos.base())
    for name in PRIMARIES:
        for order in (("enable",), ("weight", "default")):
            chaos.lab.control.run(order[0], f"web/{name}", *order[1:])
    chaos.lab.control.wait_all_up()


def wait_descriptors(lab, most, patience=10):
    end = time.monotonic() + patience
    while (found := lab.appliance.descriptors()) > most:
        assert time.monotonic() < end, f"{found} descriptors, {most} before"
        time.sleep(0.1)


def test_chaos(lab):
    signal.alarm(int(LENGTH_S) + 120)
    with etcd.Etcd(lab) as server:
        live_through(lab, Chaos(lab, server))


def live_through(lab, chaos):
    note(f"STEELYARD_LAB_CHAOS_SEED={SEED}")
    for _ in range(2):  # so that the version before is one of these too
        lab.reload(chaos.base())
    for name in PRIMARIES:
        wait_found(lab, name)
    lab.control.wait_all_up()
    descriptors = lab.appliance.descriptors() + len(BACKENDS)  # probes come and go
    with Witness(lab.network, CLIENT4) as witness:
        loads = [Load(lab.client, VIP4, port=port, rate=rate, users=256, per_connection=5,
                      timeout=PATIENCE_S) for port, rate in RATES.items()]
        for load in loads:
            load.now()
        health = Health(lab)
        try:
            run(chaos, health)
        finally:
            settle(chaos)
            results = [load.stop(patience=PATIENCE_S + 10) for load in loads]
            lab.reload(lab.config())
            lab.control.wait_all_up()
    failures = [failure for result in results for failure in result.pop("failures")]
    served = [result["ok"] for result in results]
    unexcused = [failure for failure in failures if not excused(failure, chaos, witness)]
    note(f"{served} requests, {len(failures)} failed; longest turn {health.longest_us:.0f} us, "
         f"memory in kB {health.memory[::max(1, len(health.memory) // 10)]}")
    tell(unexcused, witness)
    assert not unexcused, f"{len(unexcused)} failures that no killed backend had"
    assert all(n > rate / 4 * LENGTH_S for n, rate in zip(served, RATES.values())), results
    assert health.longest_us < STALL_US, f"a worker's turn took {health.longest_us} us"
    assert health.growth_kb() < GROWTH_KB, f"memory in kB: {health.memory}"
    wait_descriptors(lab, descriptors)
    accounting.check(lab.control)
