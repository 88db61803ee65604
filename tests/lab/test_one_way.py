# SPDX-License-Identifier: BSD-3-Clause
"""One-way modes: the backend has the virtual IPs, takes packets out of tunnels, and answers the
client past the balancer.  The kernel's own VXLAN device is a peer, and its stack that of direct
return; the other tunnels are taken apart by labkit/decapsulate.py, which checks every field."""

import contextlib
import os
import sys
import time

from labkit import client, config
from labkit.links import mac
from labkit.netns import veth
from labkit.servers import HTTP_PORT
from labkit.topology import CLIENT4, CLIENT6, LAN4, LAN6, backend4, backend6

DECAPSULATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "labkit", "decapsulate.py")

GROUPS = ("own",)
BACK4, BACK6 = "10.0.0.254", "2001:db8:2::fe"
NO_PROBE = {"type": "none"}
VNI = 77
# Mode, IP version of the virtual IP, IP version of the backend, and what the decapsulator calls it.
WAYS = [("dr", 4, 4, None), ("dr", 6, 6, None), ("vxlan", 4, 4, None), ("vxlan", 6, 4, None),
        ("ipip", 4, 4, "ipip 4in4"), ("ipip", 6, 4, "ipip 6in4"), ("ipip", 4, 6, "ipip 4in6"),
        ("ipip", 6, 6, "ipip 6in6"), ("gre", 4, 4, "gre 4in4"), ("gre", 6, 6, "gre 6in6"),
        ("gue", 4, 4, "gue 4in4"), ("gue", 6, 6, "gue 6in6"), ("gue", 4, 6, "gue 4in6"),
        ("l3dsr", 4, 4, "l3dsr 4in4"), ("l3dsr", 6, 6, "l3dsr 6in6")]
# Addresses that web1's kernel does not have, so that what comes there is not for its stack as it is.
MARKED, DSCP = {4: "10.0.0.77", 6: "2001:db8:2::77"}, 46


def vip(number, version):
    return f"192.0.2.{100 + number}" if version == 4 else f"2001:db8:1::{100 + number}"


def settings(lab):
    result = lab.config()
    web1 = {4: config.backends(["web1"], backend4, 0), 6: config.backends(["web1"], backend6, 0)}
    result["pools"] = [config.pool(f"to{version}", web1[version], health=NO_PROBE)
                       for version in (4, 6)]
    result["pools"] += [config.pool(f"marked{version}", [{"name": "web1", "address": MARKED[version]}],
                                    health=NO_PROBE) for version in (4, 6)]
    result["neighbours"] = [{"address": address, "mac": mac(lab.network.backends["web1"], "eth0"),
                             "port": "lan"} for address in MARKED.values()]
    result["services"] = [
        {"name": f"{mode}{inside}in{outside}", "address": vip(number, inside), "port": HTTP_PORT,
         "mode": mode, "pool": f"{'marked' if mode == 'l3dsr' else 'to'}{outside}",
         "tunnel": {"vni": VNI, "dscp": DSCP}}
        for number, (mode, inside, outside, _) in enumerate(WAYS)]
    return result


@contextlib.contextmanager
def way_back(lab):
    """A cable from the servers' switch to the client, past the balancer."""
    web1 = lab.network.backends["web1"]
    veth(lab.client, "back0", lab.network.switch, "back")
    try:
        lab.network.switch.ip("link set back master br0", "link set back up")
        lab.client.sysctl({"net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.back0.rp_filter": 0})
        lab.client.ip(f"addr add {BACK4}/24 dev back0", f"addr add {BACK6}/64 dev back0 nodad",
                      "link set back0 up")
        web1.ip(f"route add {CLIENT4}/32 via {BACK4}", f"route add {CLIENT6}/128 via {BACK6}")
        yield web1
    finally:
        lab.client.ip("link del back0")
        web1.ip(f"route del {CLIENT4}/32", f"route del {CLIENT6}/128")


@contextlib.contextmanager
def tunnels_end(lab, web1):
    """The virtual IPs on the backend, and devices that take packets out; yields the report's file."""
    addresses = [vip(number, inside) for number, (_, inside, _, _) in enumerate(WAYS)]
    report = f"{lab.session.dir}/decapsulate"
    # Who asks on the link must not hear that the virtual IPs are here.
    web1.sysctl({"net.ipv4.conf.all.arp_ignore": 1, "net.ipv4.conf.all.rp_filter": 0,
                 "net.ipv4.conf.default.rp_filter": 0, "net.ipv4.conf.eth0.rp_filter": 0})
    web1.ip(*[f"addr add {a}/{128 if ':' in a else 32} dev lo" for a in addresses],
            f"link add vx0 address 02:00:00:00:00:02 type vxlan id {VNI} local {backend4('web1')} "
            "dstport 4789 dev eth0 nolearning", "link set vx0 up")
    marks = [f"{MARKED[outside]}={DSCP}={vip(number, inside)}"
             for number, (mode, inside, outside, _) in enumerate(WAYS) if mode == "l3dsr"]
    process = web1.spawn([sys.executable, "-B", DECAPSULATE, "eth0", LAN4, LAN6, report, *marks])
    try:
        wait_for(report, "ready")
        web1.ip("link set tun0 up")
        yield report
    finally:
        process.terminate()
        process.wait(timeout=5)
        web1.ip("link del vx0", *[f"addr del {a}/{128 if ':' in a else 32} dev lo" for a in addresses])
        web1.sysctl({"net.ipv4.conf.all.arp_ignore": 0})


def wait_for(report, word, patience=10):
    end = time.monotonic() + patience
    while not (os.path.exists(report) and word in read(report)):
        assert time.monotonic() < end, f"no {word!r} in {report}"
        time.sleep(0.02)


def read(report):
    with open(report, encoding="ascii") as file:
        return file.read()


def upload(lab, host):
    """More than a path MTU: segments that fit without the outer header do not with it."""
    url = client.url(host, "/upload", HTTP_PORT)
    answer = lab.client.run("sh", "-c", "head -c 1000000 /dev/zero | curl --silent --show-error --fail "
                            f"--max-time 20 --data-binary @- '{url}'", timeout=30)
    assert answer.strip() == "web1", answer


def test_one_way_modes(lab):
    with way_back(lab) as web1, tunnels_end(lab, web1) as report:
        lab.appliance.start(settings(lab))
        for number, (mode, inside, outside, sort) in enumerate(WAYS):
            host = vip(number, inside)
            assert client.get(lab.client, host, port=HTTP_PORT).strip() == "web1", (mode, host)
            upload(lab, host)
            assert sort is None or f"seen: {sort}" in read(report), (sort, read(report))
        assert "fault" not in read(report), read(report)
        assert lab.control.drops().get("too_big", 0) == 0, lab.control.drops()
        lab.appliance.stop()
