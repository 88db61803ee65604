# SPDX-License-Identifier: BSD-3-Clause
"""Datagrams larger than any frame, in pieces both ways, on a range of ports that backends keep."""

import os

from labkit.echo import PORT, echo_servers, udp
from labkit.topology import VIP4, VIP6, backend4, backend6

GROUPS = ("one", "two")
SIZES = (1473, 4000, 60000)


def total(lab):
    return sum(worker["fragments"] for worker in lab.control.show("workers"))


def echo(lab, vip, address):
    before = total(lab)
    sent = 0
    with echo_servers(lab, address):
        for size in SIZES:
            for _ in range(4):
                with udp(lab.client, vip) as sock:
                    sock.connect((vip, PORT))
                    data = os.urandom(size)
                    sock.send(data)
                    assert sock.recv(65536) == data, size
                    # Without its first piece and the IP headers, each way.
                    sent += 2 * ((size + 8 - 1) // 1480)
    assert total(lab) - before >= sent, (total(lab), before, sent)


def test_large_datagrams_v4(lab):
    echo(lab, VIP4, backend4)


def test_large_datagrams_v6(lab):
    echo(lab, VIP6, backend6)
