# SPDX-License-Identifier: BSD-3-Clause
"""The network of the lab.

    far --- client --------- wan [ balancer ] lan --------- switch --- web1, web2, web3, spare
          (also a router;         (the appliance,            (a bridge)
           its far side takes      its own namespace)
           packets of 1400 only)
"""

from .netns import Namespace, veth

VIP4, VIP6 = "192.0.2.80", "2001:db8:1::80"
CLIENT4, CLIENT6 = "192.0.2.1", "2001:db8:1::1"
WAN4, WAN6 = "192.0.2.2", "2001:db8:1::2"
LAN4, LAN6 = "10.0.0.1", "2001:db8:2::1"
FAR4, FAR6 = "198.51.100.2", "2001:db8:51::2"
ROUTER4, ROUTER6 = "198.51.100.1", "2001:db8:51::1"
FAR_MTU = 1400
# What backends see in place of clients, by services that hide them.
LOCALS4, LOCALS6 = "10.0.0.240-10.0.0.243", "2001:db8:2::f0-2001:db8:2::f3"

BACKENDS = {"web1": 11, "web2": 12, "web3": 13, "spare": 19}
WAN_DEVICE, LAN_DEVICE = "wan0", "lan0"


def backend4(name):
    return f"10.0.0.{BACKENDS[name]}"


def backend6(name):
    return f"2001:db8:2::{BACKENDS[name]}"


class Network:
    """Every namespace and cable.  build() needs root; the session's sweep takes it all away."""

    def __init__(self, prefix):
        for name in ("far", "client", "balancer", "switch"):
            setattr(self, name, Namespace(prefix + name))
        self.backends = {name: Namespace(prefix + name) for name in BACKENDS}

    def namespaces(self):
        return [self.far, self.client, self.balancer, self.switch, *self.backends.values()]

    def build(self):
        for namespace in self.namespaces():
            namespace.create()
        self._cable()
        self._client_side()
        self._balancer()
        self._switch()
        for name, namespace in self.backends.items():
            _backend(name, namespace)

    def silence(self, backend, silent=True):
        """Pull, or plug, the cable of a backend: its packets are lost without a word."""
        self.switch.ip(f"link set {backend} {'down' if silent else 'up'}")

    def _cable(self):
        veth(self.far, "eth0", self.client, "far0")
        veth(self.client, "eth0", self.balancer, WAN_DEVICE)
        veth(self.switch, "up0", self.balancer, LAN_DEVICE)
        for name, namespace in self.backends.items():
            veth(namespace, "eth0", self.switch, name)

    def _client_side(self):
        self.client.ip(
            f"addr add {CLIENT4}/24 dev eth0", f"addr add {CLIENT6}/64 dev eth0 nodad",
            f"addr add {ROUTER4}/24 dev far0", f"addr add {ROUTER6}/64 dev far0 nodad",
            "link set eth0 up", "link set far0 up",
            # A locked route MTU is what a router with a narrow link does: it answers with
            # 'fragmentation needed' or 'packet too big'.
            f"route replace 198.51.100.0/24 dev far0 mtu lock {FAR_MTU}",
            f"route replace 2001:db8:51::/64 dev far0 metric 10 mtu lock {FAR_MTU}")
        self.client.sysctl({
            "net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1,
            "net.ipv4.tcp_tw_reuse": 1, "net.ipv4.ip_local_port_range": "2048 65000"})
        self.far.ip(
            f"addr add {FAR4}/24 dev eth0", f"addr add {FAR6}/64 dev eth0 nodad",
            "link set eth0 up",
            f"route add default via {ROUTER4}", f"route add default via {ROUTER6}")

    def _balancer(self):
        # The port's interface belongs to the appliance; the kernel lives on its twin.
        for device in (WAN_DEVICE, LAN_DEVICE):
            self.balancer.sysctl({f"net.ipv6.conf.{device}.disable_ipv6": 1})
            self.balancer.ip(f"link set {device} up")

    def _switch(self):
        self.switch.ip("link add br0 type bridge", "link set br0 up")
        for port in ("up0", *self.backends):
            self.switch.sysctl({f"net.ipv6.conf.{port}.disable_ipv6": 1})
            self.switch.ip(f"link set {port} master br0", f"link set {port} up")


def _backend(name, namespace):
    namespace.ip(
        f"addr add {backend4(name)}/24 dev eth0", f"addr add {backend6(name)}/64 dev eth0 nodad",
        "link set eth0 up",
        f"route add default via {LAN4}", f"route add default via {LAN6}")
    # A burst of connections must not be taken for an attack by the servers' own kernels.
    namespace.sysctl({"net.core.somaxconn": 4096, "net.ipv4.tcp_max_syn_backlog": 4096})
