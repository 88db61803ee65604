# SPDX-License-Identifier: BSD-3-Clause
"""DNS without flows: each question for itself, the answers known by who sends them."""

import contextlib

from labkit import client
from labkit.config import named
from labkit.servers import DNS_NAME
from labkit.topology import VIP4, VIP6, backend4, backend6

GROUPS = ("two",)
PRIMARIES = ("web1", "web2", "web3")


@contextlib.contextmanager
def one_packet(lab):
    settings = lab.config()
    for name in ("dns", "dns6"):
        named(settings["services"], name)["one_packet"] = True
    lab.reload(settings)
    try:
        yield
    finally:
        lab.reload(lab.config())


def ask(lab, name, vip, kind, backend):
    with one_packet(lab):
        before = lab.control.service(name)
        answers = [client.dig(lab.client, vip, DNS_NAME, kind) for _ in range(12)]
        after = lab.control.service(name)
    assert set(answers) == set(map(backend, PRIMARIES)), answers
    assert after["flows_created"] == before["flows_created"], (before, after)
    assert after["stateless_in"] - before["stateless_in"] >= 12, (before, after)
    assert after["stateless_out"] - before["stateless_out"] >= 12, (before, after)


def test_dns_v4(lab):
    ask(lab, "dns", VIP4, "A", backend4)


def test_dns_v6(lab):
    ask(lab, "dns6", VIP6, "AAAA", backend6)
