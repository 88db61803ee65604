# SPDX-License-Identifier: BSD-3-Clause
"""HTTP through NAT, both IP versions, small answers and large bodies both ways."""

import collections

from labkit import client
from labkit.servers import BIG_BYTES
from labkit.topology import VIP4, VIP6

GROUPS = ("one", "two", "tap")
PRIMARIES = {"web1", "web2", "web3"}


def even_split(lab, vip):
    lab.forget_requests()
    bodies = collections.Counter(client.get(lab.client, vip).strip() for _ in range(30))
    assert set(bodies) == PRIMARIES, bodies
    # Round robin is exact on one worker; each of several starts its own round.
    assert max(bodies.values()) - min(bodies.values()) <= 3 * (lab.workers - 1), bodies
    logged = {name: n for name, n in lab.requests("/").items() if n}
    assert logged == bodies, (logged, bodies)


def test_http_v4(lab):
    even_split(lab, VIP4)


def test_http_v6(lab):
    even_split(lab, VIP6)


def large_bodies(lab, vip):
    body = client.get(lab.client, vip, "/big", timeout=20)
    assert len(body) == BIG_BYTES
    assert body == body[:16] * (BIG_BYTES // 16), "the body is damaged"
    answer = lab.client.run("sh", "-c", "head -c 4000000 /dev/zero | curl --silent --show-error "
                            f"--fail --max-time 20 --data-binary @- '{client.url(vip, '/upload')}'")
    assert answer.strip() in PRIMARIES, answer


def test_large_bodies_v4(lab):
    large_bodies(lab, VIP4)


def test_large_bodies_v6(lab):
    large_bodies(lab, VIP6)
