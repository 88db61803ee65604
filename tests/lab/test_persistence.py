# SPDX-License-Identifier: BSD-3-Clause
"""A service that keeps its clients, over two workers."""

from labkit import client

GROUPS = ("two",)
PORT = 85
N = 12


def names(lab, namespace):
    return {client.get(namespace, "192.0.2.80", port=PORT).strip() for _ in range(N)}


def table(lab):
    return lab.control.show("persistence")[0]


def test_sticky(lab):
    """Each new connection has another port, and so maybe another worker."""
    before = table(lab)
    near, far = names(lab, lab.client), names(lab, lab.far)
    assert len(near) == 1 and len(far) == 1, (near, far)
    now = table(lab)
    made = now["made"] - before["made"]
    assert made <= 2 and now["entries"] == before["entries"] + made, (before, now)
    assert now["hits"] == before["hits"] + 2 * N - made, (before, now)
    services = lab.control.show("persistence")[1:]
    assert sum(row["hits"] for row in services) == now["hits"], (services, now)
    assert sum(row["made"] for row in services) == now["made"], (services, now)


def test_drain(lab):
    """A client stays with a backend that drains."""
    kept = next(iter(names(lab, lab.client)))
    lab.control.run("drain", f"web/{kept}")
    try:
        assert names(lab, lab.client) == {kept}
    finally:
        lab.control.run("enable", f"web/{kept}")
