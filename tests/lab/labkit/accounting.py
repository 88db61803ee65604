# SPDX-License-Identifier: BSD-3-Clause
"""The books of the appliance: every packet and every flow is accounted for, on each worker."""

import time

IN = ("received", "from_kernel", "handed_in", "originated", "released")
OUT = ("transmitted", "to_kernel", "handed_over", "held", "dropped")


def errors(workers):
    """What does not add up, one text for each."""
    found = []
    for worker in workers:
        came, went = (sum(worker[name] for name in names) for names in (IN, OUT))
        if came != went:
            found.append(f"worker {worker['worker']}: {came} packets came and {went} went: "
                         + ", ".join(f"{name} {worker[name]}" for name in IN + OUT))
        live = worker["flows_created"] - worker["flows_ended"]
        if worker["flows"] != live:
            found.append(f"worker {worker['worker']}: {worker['flows']} flows live, "
                         f"{worker['flows_created']} created - {worker['flows_ended']} ended")
    handed_over, handed_in = (sum(w[name] for w in workers) for name in ("handed_over", "handed_in"))
    if handed_over != handed_in:
        found.append(f"{handed_over} packets handed over and {handed_in} taken")
    return found


def check(control, patience=3.0):
    """Counters are read while workers write them, so they are asked again before they are
    found wrong."""
    end = time.monotonic() + patience
    while found := errors(control.show("workers")):
        if time.monotonic() > end:
            raise AssertionError("; ".join(found))
        time.sleep(0.1)
