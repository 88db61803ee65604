# SPDX-License-Identifier: BSD-3-Clause
"""Turns what steelyardctl and the load generator count into the picture's rates."""

import time

from labkit.load import failed
from view import Picture, Row

SMOOTHING = 0.5  # weight of the newest interval in a rate


class Monitor:
    def __init__(self, control, pool, port_kind):
        self.control = control
        self.pool = pool
        self.load = None
        self.extra_requests = 0  # by wrk, which tells at its end only
        self.picture = Picture(port_kind=port_kind)
        self.begun = time.monotonic()
        self._last = None
        self._rates = {}

    def backends(self):
        return [b for b in self.control.show("backends") if b["pool"] == self.pool]

    def refresh(self):
        now = time.monotonic()
        backends, workers, report = self.backends(), self.control.show("workers"), self.load.now()
        sums = {name: sum(worker[name] for worker in workers)
                for name in ("received", "transmitted", "flows", "dropped")}
        counts = {"requests": report["ok"], "packets": sums["received"] + sums["transmitted"],
                  "bytes": sum(b["bytes_in"] + b["bytes_out"] for b in backends),
                  **{b["name"]: b["flows_created"] for b in backends}}
        self._measure(now, counts)
        self._fill(now, report, sums, workers)
        self.picture.rows = self._rows(backends)
        return self.picture

    def _measure(self, now, counts):
        if self._last:
            then, before = self._last
            for name, count in counts.items():
                rate = (count - before.get(name, count)) / max(now - then, 1e-3)
                old = self._rates.get(name, rate)
                self._rates[name] = SMOOTHING * rate + (1 - SMOOTHING) * old
        self._last = (now, counts)

    def _fill(self, now, report, sums, workers):
        p, rate = self.picture, self._rates.get
        p.elapsed = now - self.begun
        p.requests_per_s, p.packets_per_s = rate("requests", 0), rate("packets", 0)
        p.mbit_per_s = rate("bytes", 0) * 8 / 1e6
        p.ok, p.failed = report["ok"] + self.extra_requests, failed(report)
        p.p50_ms, p.p99_ms = report["p50_ms"], report["p99_ms"]
        p.flows, p.dropped = sums["flows"], sums["dropped"]
        p.busy_percent = sum(w["busy_percent"] for w in workers) / len(workers)

    def _rows(self, backends):
        total = sum(self._rates.get(b["name"], 0) for b in backends)
        return [Row(b["name"], b["state"], b["weight"], b["effective_weight"], b["active"],
                    self._rates.get(b["name"], 0),
                    self._rates.get(b["name"], 0) / total if total else 0,
                    b["probe_ms"] or 0, b["spare"]) for b in backends]
