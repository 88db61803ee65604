# SPDX-License-Identifier: BSD-3-Clause
"""Questions to ip(8) about interfaces and neighbours."""

import json


def mac(namespace, interface):
    return json.loads(namespace.run("ip", "-json", "link", "show", interface))[0]["address"]


def neighbour(namespace, address):
    """The MAC address that the namespace's kernel knows for it, or None."""
    found = json.loads(namespace.run("ip", "-json", "neigh", "show", address) or "[]")
    return found[0].get("lladdr") if found else None


def interfaces(namespace):
    return {link["ifname"] for link in json.loads(namespace.run("ip", "-json", "link", "show"))}
