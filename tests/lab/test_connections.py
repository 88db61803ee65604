# SPDX-License-Identifier: BSD-3-Clause
"""Many connections at once, with no request lost, and the books of everyone agreeing."""

import os

from labkit import client
from labkit.topology import VIP4, VIP6

GROUPS = ("one", "two")
STEADY_S = int(os.environ.get("STEELYARD_LAB_STEADY_S", "8"))


def no_failure(lab, vip, connections, seconds):
    lab.forget_requests()
    result = client.wrk(lab.client, client.url(vip), connections, seconds)
    assert result["failed"] == 0, result["text"]
    assert result["requests"] > 100 * seconds, result["text"]
    logged = sum(lab.requests("/").values())
    # When its time is over, wrk drops the requests that are in flight, one a connection.
    assert 0 <= logged - result["requests"] <= connections, (logged, result["requests"])


def test_500_connections_v4(lab):
    no_failure(lab, VIP4, 500, 5)


def test_500_connections_v6(lab):
    no_failure(lab, VIP6, 500, 5)


def test_steady_200_connections(lab):
    no_failure(lab, VIP4, 200, STEADY_S)
