# SPDX-License-Identifier: BSD-3-Clause
"""Path MTU towards the backends: the appliance's own lan port is the narrow place."""

import re

from labkit import client
from labkit.topology import VIP4, VIP6

GROUPS = ("narrow",)


def upload(lab, family, vip):
    lab.client.run("sh", "-c", "head -c 2000000 /dev/zero | curl --silent --show-error --fail "
                   f"--max-time 15 --data-binary @- '{client.url(vip, '/upload')}'")
    route = lab.client.run("ip", family, "route", "get", vip)
    assert re.search(r"mtu 1400\b", route), route


def test_path_mtu_to_backend_v4(lab):
    upload(lab, "-4", VIP4)


def test_path_mtu_to_backend_v6(lab):
    upload(lab, "-6", VIP6)
