# SPDX-License-Identifier: BSD-3-Clause
"""The appliance on ports that are no interfaces: captures, rings, shared memory, nothing.
Routes and neighbours are static, so that such a port needs nobody who answers ARP."""

from . import config
from .frames import BACKEND, BACKEND_MAC, BACKEND_PORT, PORT, ROUTER_MAC, VIP

WAN, LAN = "192.0.2.1/24", "10.0.0.1/24"
NO_PROBE = {"type": "none"}


def settings(name, control_socket, wan, lan=None, protocol="tcp", hugepages=False):
    """wan and lan are devices; with wan alone that port has both networks."""
    ports = [{"name": "wan", "device": wan, "addresses": [WAN] if lan else [WAN, LAN]}]
    if lan:
        ports.append({"name": "lan", "device": lan, "addresses": [LAN]})
    return {
        "name": name, "workers": 1, "max_flows": 100000, "hugepages": hugepages,
        "control": {"socket": control_socket}, "ports": ports,
        "routes": [{"to": "0.0.0.0/0", "via": "192.0.2.254", "port": "wan"}],
        "neighbours": [
            {"address": "192.0.2.254", "mac": ROUTER_MAC, "port": "wan"},
            {"address": BACKEND, "mac": BACKEND_MAC, "port": ports[-1]["name"]}],
        "pools": [config.pool("pool", config.backends(["one"], lambda _name: BACKEND, BACKEND_PORT),
                              health=NO_PROBE)],
        "services": [config.service("service", VIP, PORT, "pool", protocol)],
    }
