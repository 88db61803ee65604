# SPDX-License-Identifier: BSD-3-Clause
"""A pool whose backends come from a source, and what became of them."""

import contextlib
import time

from . import client, config
from .topology import VIP4

PORT = 95
POOL = "found"


@contextlib.contextmanager
def pool(lab, **discovery):
    """A service on PORT whose pool is filled by this source alone."""
    settings = lab.config()
    # Only a watch can be in time: nothing is asked again for an hour.
    source = {"refresh": "1h", "min_refresh": "100ms", "timeout": "2s", "weight": 10, **discovery}
    settings["pools"].append(config.pool(POOL, [], discovery=source))
    settings["services"].append(config.service(POOL, VIP4, PORT, POOL))
    lab.reload(settings)
    try:
        yield
    finally:
        lab.reload(lab.config())


def backends(lab):
    """{name: weight} of those that may serve."""
    return {row["name"]: row["weight"] for row in lab.control.show("backends")
            if row["pool"] == POOL and row["state"] == "up"}


def wait(lab, expected, patience=10):
    """Seconds until these, {name: weight}, are the pool's backends."""
    begun = time.monotonic()
    while (found := backends(lab)) != expected:
        assert time.monotonic() - begun < patience, (expected, found, lab.appliance.log_tail())
        time.sleep(0.05)
    return time.monotonic() - begun


def status(lab):
    """What the appliance says of the source."""
    return next(row for row in lab.control.show("discovery") if row["pool"] == POOL)


def wait_state(lab, state, error="", patience=15):
    """Until the source is in this state, with this in the words of its last failure."""
    end = time.monotonic() + patience
    while (seen := status(lab))["state"] != state or error not in seen["error"]:
        assert time.monotonic() < end, (state, error, seen)
        time.sleep(0.05)


def served_by(lab, requests=12):
    """Who answers."""
    return {client.get(lab.client, VIP4, port=PORT).strip() for _ in range(requests)}
