# SPDX-License-Identifier: BSD-3-Clause
"""tools/demo after set-up and build: the lab, the appliance, the story, the end."""

import argparse
import os
import subprocess
import sys
import time

import summary
import tour
from director import Director
from labkit import accounting, config, session
from labkit.appliance import NotReady
from labkit.control import PROGRAM, Refused
from labkit.lab import Lab
from labkit.load import Load
from labkit.netns import CommandError
from labkit.topology import VIP4
from monitor import Monitor
from story import CHAPTERS, POOL, PRIMARIES
from view import Screen

LAB_ID = os.environ.get("STEELYARD_LAB_ID", "demo")
RATE = 800
HEALTH = {"type": "http", "path": "/health", "interval": "500ms", "timeout": "500ms", "rise": 2,
          "fall": 2}


def settings(lab):
    """The lab's configuration with what the story needs."""
    made = lab.config()
    web = config.named(made["pools"], POOL)
    web.update(slow_start="6s", health=HEALTH)
    made["services"] = [s for s in made["services"] if s["pool"] == POOL]
    made["pools"] = [web]
    return made


def step(text):
    print(f"==> {text}", flush=True)


def start_appliance(lab, made):
    step(f"starting the appliance on net_{lab.kind} ports ({lab.kind_reason}), "
         f"{'with' if lab.hugepages else 'without'} hugepages")
    try:
        lab.appliance.start(made(lab))
    except NotReady as error:
        if lab.kind == "tap":
            raise
        print(f"    it does not start on net_af_xdp:\n{error}", flush=True)
        step("falling back to net_tap ports")
        lab.use_ports("tap")
        lab.appliance.start(made(lab))
    lab.control.wait_all_up()


def tell(lab, pace):
    """Runs the story; returns its director."""
    screen = Screen()
    monitor = Monitor(lab.control, POOL, f"net_{lab.kind}")
    monitor.load = Load(lab.client, VIP4, rate=RATE)
    director = Director(lab, monitor, screen, len(CHAPTERS), pace)
    screen.open()
    try:
        for chapter in CHAPTERS:
            chapter(director)
        director.close_chapter()
    finally:
        screen.close()
    return director


def finish(lab, director):
    """Ends the load, closes the books; returns the lines of the summary."""
    report = director.monitor.load.stop()
    time.sleep(0.3)
    accounting.check(lab.control)
    lines = ["", *summary.chapters(director.chapters),
             *summary.totals(report, director.monitor.extra_requests, sum(lab.requests("/").values())),
             *summary.books(lab.control.show("workers"))]
    return lines


def clean_end(lab):
    code, seconds = lab.appliance.stop()
    if code != 0:
        raise NotReady(f"the appliance ended with code {code}:\n{lab.appliance.log_tail()}")
    return f"the appliance ended cleanly in {seconds:.1f} s"


def leave_running(lab):
    for name in PRIMARIES:
        lab.backends[name].restore()
    lab.client.spawn([sys.executable, "-m", "labkit.generator", "--host", VIP4, "--rate", 200],
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                     env=dict(os.environ))
    lab.session.keep = True
    control = f"{os.path.relpath(PROGRAM)} --socket {lab.control.socket}"
    name = lab.session.eal_name
    client, balancer = lab.client.name, lab.balancer.name
    return ["", "Everything is left running, with 200 requests/s.  What to try next:", "",
            f"  alias ctl='{control}'", "",
            "  ctl top",
            "  ctl show backends                 # also: services, workers, cycles, flows, drops, health",
            "  ctl drain web/web2                # and back: ctl enable web/web2",
            "  ctl weight web/web3 40",
            f"  edit {lab.appliance.config_file}, then: ctl reload",
            f"  ip netns exec {client} curl http://{VIP4}/",
            f"  ip netns exec {client} wrk -t1 -c200 -d10s http://{VIP4}/",
            f"  ip netns exec {client} traceroute -T -p 80 -n {VIP4}",
            f"  ip netns exec {balancer} ip -br address   # the kernel twins",
            f"  dpdk-telemetry.py -f {name}    # then: /steelyard/services", "",
            "To take it all away: tools/demo --stop"]


def run(options):
    step("building the lab: a client, the balancer, three nginx and a spare")
    with Lab(LAB_ID) as lab:
        if lab.session.found_leftovers:
            step("what an earlier run had left was taken away first")
        lab.session.remember_hugepages()
        if options.tour:
            start_appliance(lab, tour.settings)
            print("\n".join([*tour.tell(lab, options.pace), clean_end(lab)]), flush=True)
            return
        start_appliance(lab, settings)
        step(f"{RATE} requests/s through {VIP4}, a connection each; the story begins")
        director = tell(lab, options.pace)
        lines = finish(lab, director)
        lines += leave_running(lab) if options.keep else [clean_end(lab)]
        print("\n".join(lines), flush=True)
    if not options.keep:
        print("every process, namespace and interface of the demo is gone")


def stop():
    with session.Session(LAB_ID) as gone:
        print("the demo's lab is taken away" if gone.found_leftovers else "there is no demo's lab")


def main():
    parser = argparse.ArgumentParser(prog="tools/demo", description="Steelyard balances real HTTP "
                                     "between network namespaces, and tells a story about it.")
    parser.add_argument("--keep", action="store_true", help="leave everything running at the end")
    parser.add_argument("--tour", action="store_true", help="instead of the story, what an operator asks "
                        "and orders: explain, drain, rollback, ejection, capture; under five minutes")
    parser.add_argument("--fast", action="store_true", help="of the tour, without time to read")
    parser.add_argument("--stop", action="store_true", help="take away what --keep has left")
    parser.add_argument("--pace", type=float, default=1.0, help="0.5: half as long (default 1)")
    options = parser.parse_args()
    if options.tour and options.keep:
        parser.error("--tour ends with what it shows; --keep is for the story")
    if options.fast:
        options.pace = 0
    try:
        stop() if options.stop else run(options)
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; everything was taken away")
    except (session.Busy, NotReady, Refused, CommandError, OSError, RuntimeError, TimeoutError,
            AssertionError) as error:
        sys.exit(f"\ndemo: {error}\nEverything was taken away.  The tests of the lab say more: "
                 "tests/lab/run one/")


if __name__ == "__main__":
    main()
