# SPDX-License-Identifier: BSD-3-Clause
"""Two balancer nodes behind a Linux router, with the routing daemons that conf/ sets up.

    users --- router --- edge (a bridge) === node1, node2 === switch --- web1, web2, web3
                 '---------------------------------------------'

Both nodes run conf/nodes.json and conf/pair.json in one appliance, BIRD by conf/bird.conf and
keepalived by conf/keepalived.conf; the router runs BIRD by conf/bird-router.conf.  The files are
taken as they are, but for what differs between nodes and between the lab and a host.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time

from . import config
from .appliance import ROOT, Appliance
from .control import PROGRAM
from .netns import Namespace, veth
from .servers import HTTP_PORT

VIP4, VIP6 = "198.51.100.80", "2001:db8:51::80" # announced by BIRD
SHARED = "203.0.113.80" # moved by keepalived
GATEWAY = "10.0.0.254" # likewise, for servers
USER4, USER6 = "192.0.2.10", "2001:db8:1::10"
USER_ROUTER4, USER_ROUTER6 = "192.0.2.1", "2001:db8:1::1"
EDGE4, EDGE6 = "203.0.113.1", "2001:db8:113::1"
BACK4, BACK6 = "10.0.0.253", "2001:db8:2::fd"
ANSWERS = 80 # a table of the servers: what they send from the announced addresses


def wait(condition, what, patience=15):
    """Seconds until it holds."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > patience:
            raise TimeoutError(f"{what}: not after {patience} s")
        time.sleep(0.02)
    return time.monotonic() - begun


def read_conf(name):
    with open(f"{ROOT}/conf/{name}", encoding="ascii") as file:
        return file.read()


def read_json(name):
    return json.loads(re.sub(r"(?m)^\s*//.*$|\s//\s.*$", "", read_conf(name)))


class Files:
    """What an appliance wants to know of a session."""

    def __init__(self, session, name):
        self.dir = f"{session.dir}/{name}"
        self.eal_name = f"{session.eal_name}-{name}"
        os.makedirs(self.dir, exist_ok=True)


class Node:
    def __init__(self, lab, number):
        self.number = number
        self.name = f"node{number}"
        self.files = Files(lab.session, self.name)
        self.namespace = Namespace(lab.session.prefix + self.name)
        self.kind = lab.kind
        self.appliance = Appliance(self.files, self.namespace, lab.kind)
        self.control = self.appliance.control
        self.keepalived = None

    def own(self, text):
        """A file of conf/ as this node has it: the other one's addresses end otherwise."""
        return re.sub(r"(203\.0\.113\.|2001:db8:113::|10\.0\.0\.|2001:db8:2::)2\b",
                      rf"\g<1>{self.number + 1}", text)

    def settings(self):
        settings, pair = (json.loads(self.own(json.dumps(read_json(name))))
                          for name in ("nodes.json", "pair.json"))
        settings["pools"] += pair["pools"]
        settings["services"] += pair["services"]
        settings.update(name=self.files.eal_name, hugepages=False, workers=1, max_flows=4096,
                        control={"socket": f"{self.files.dir}/control.sock"})
        for number, port in enumerate(settings["ports"]):
            port["device"] = config.device(self.kind, number, f"{port['name']}0")
        for pool in settings["pools"]:
            pool["health"].update(config.HEALTH)
            pool["passive"] = dict(config.PASSIVE)
            for backend in pool["backends"]:
                backend["port"] = HTTP_PORT # where the lab's servers listen
        for service in settings["services"]:
            if service.get("mode") == "dr": # which keeps the port
                service["port"] = HTTP_PORT
        return settings

    def start(self):
        self.appliance.start(self.settings())

    def start_daemons(self):
        self.bird = start_bird(self.namespace, self.files.dir, self.own(read_conf("bird.conf")))
        text = read_conf("keepalived.conf").replace(
            "/usr/local/sbin/steelyardctl", f"{PROGRAM} --socket {self.files.dir}/control.sock")
        if self.number > 1:
            text = text.replace("priority 150", "priority 100")
        self.keepalived = start_keepalived(self.namespace, self.files.dir, text)

    def crash(self):
        self.appliance.child.kill()
        self.appliance.child.wait()

    def has(self, address):
        return f" {address}/" in self.namespace.run("ip", "-o", "addr", "show")

    def adopted(self):
        """Connections of another node that this one has taken up since it was started."""
        return sum(worker["flows_adopted"] for worker in self.control.show("workers"))

    def stop(self):
        if self.appliance.running():
            self.appliance.stop()
        shutil.rmtree(f"/var/run/dpdk/{self.files.eal_name}", ignore_errors=True)


def start_bird(namespace, directory, text):
    with open(f"{directory}/bird.conf", "w", encoding="ascii") as file:
        file.write(text)
    with open(f"{directory}/bird.log", "ab") as log:
        return namespace.spawn(["bird", "-f", "-c", f"{directory}/bird.conf", "-s",
                                f"{directory}/bird.ctl", "-P", f"{directory}/bird.pid"],
                               stdout=log, stderr=log)


def start_keepalived(namespace, directory, text):
    with open(f"{directory}/keepalived.conf", "w", encoding="ascii") as file:
        file.write(text)
    with open(f"{directory}/keepalived.log", "ab") as log:
        return namespace.spawn(["keepalived", "--dont-fork", "--log-console", "--vrrp", "-f",
                                f"{directory}/keepalived.conf", "-p", f"{directory}/keepalived.pid",
                                "-r", f"{directory}/vrrp.pid"], stdout=log, stderr=log)


class Nodes:
    def __init__(self, lab):
        self.lab = lab
        self.users = Namespace(lab.session.prefix + "users")
        self.router = Namespace(lab.session.prefix + "router")
        self.nodes = [Node(lab, 1), Node(lab, 2)]
        self.files = Files(lab.session, "router")

    def start(self):
        for namespace in (self.users, self.router, *[node.namespace for node in self.nodes]):
            namespace.create()
        self._outside()
        self._inside()
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.start_daemons()
        self.bird = start_bird(self.router, self.files.dir, read_conf("bird-router.conf"))
        for node in self.nodes:
            node.control.wait_all_up()

    def wait_alike(self):
        """Until all nodes have all backends, and choose alike."""
        for node in self.nodes:
            node.control.wait_all_up()

    def mend(self):
        """All is there again, after a test that failed."""
        for node in self.nodes:
            self.lab.network.switch.ip(f"link set {node.name} up")
            if not node.appliance.running():
                node.start()

    def stop(self):
        for node in self.nodes:
            node.stop()

    def _outside(self):
        users, router = self.users, self.router
        veth(users, "eth0", router, "users0")
        users.ip(f"addr add {USER4}/24 dev eth0", f"addr add {USER6}/64 dev eth0 nodad",
                 "link set eth0 up", f"route add default via {USER_ROUTER4}",
                 f"route add default via {USER_ROUTER6}")
        router.ip("link add edge type bridge", "link set edge up",
                  f"addr add {USER_ROUTER4}/24 dev users0",
                  f"addr add {USER_ROUTER6}/64 dev users0 nodad", "link set users0 up",
                  f"addr add {EDGE4}/24 dev edge", f"addr add {EDGE6}/64 dev edge nodad")
        router.sysctl({"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1,
                       "net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.default.rp_filter": 0,
                       "net.ipv4.fib_multipath_hash_policy": 1,
                       "net.ipv6.fib_multipath_hash_policy": 1})
        for node in self.nodes:
            veth(router, node.name, node.namespace, "wan0")
            router.ip(f"link set {node.name} master edge", f"link set {node.name} up")

    def _inside(self):
        switch = self.lab.network.switch
        for node in self.nodes:
            veth(switch, node.name, node.namespace, "lan0")
            switch.ip(f"link set {node.name} master br0", f"link set {node.name} up")
            for device in ("wan0", "lan0"):
                node.namespace.sysctl({f"net.ipv6.conf.{device}.disable_ipv6": 1})
                node.namespace.ip(f"link set {device} up")
        veth(self.router, "back0", switch, "back")
        switch.ip("link set back master br0", "link set back up")
        self.router.ip(f"addr add {BACK4}/24 dev back0", f"addr add {BACK6}/64 dev back0 nodad",
                       "link set back0 up")
        self.router.sysctl({"net.ipv4.conf.back0.rp_filter": 0, "net.ipv4.conf.users0.rp_filter": 0,
                            "net.ipv4.conf.edge.rp_filter": 0})
        for namespace in self.lab.network.backends.values():
            namespace.sysctl({"net.ipv4.conf.all.arp_ignore": 1})
            namespace.ip(f"addr add {VIP4}/32 dev lo", f"addr add {VIP6}/128 dev lo nodad",
                         f"route replace default via {GATEWAY}",
                         f"rule add from {VIP4} table {ANSWERS}",
                         f"route add default via {BACK4} table {ANSWERS}")
            namespace.run("ip", "-6", "rule", "add", "from", VIP6, "table", str(ANSWERS))
            namespace.run("ip", "-6", "route", "add", "default", "via", BACK6, "table",
                          str(ANSWERS))

    def birdc(self, namespace, files, *words):
        return namespace.run("birdc", "-s", f"{files.dir}/bird.ctl", *words)

    def routes(self, vip=VIP4):
        """The nodes over which the router sends to an address, by their numbers."""
        text = self.router.run("ip", "-6" if ":" in vip else "-4", "route", "show", vip)
        return sorted(int(last) - 1 for last in
                      re.findall(r"via (?:203\.0\.113\.|2001:db8:113::)(\d+)\b", text))

    def wait_routes(self, wanted, vip=VIP4, patience=30):
        return wait(lambda: self.routes(vip) == wanted,
                    f"the router's way to {vip} over nodes {wanted}", patience)
