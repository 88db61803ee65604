# SPDX-License-Identifier: BSD-3-Clause
"""The appliance's configuration in the lab.  Tests change the dictionary that build() gives."""

from . import quic
from .servers import HTTP_PORT
from .topology import (BACKENDS, CLIENT4, CLIENT6, LAN4, LAN6, LAN_DEVICE, LOCALS4, LOCALS6, VIP4,
                       VIP6, WAN4, WAN6, WAN_DEVICE, backend4, backend6)

# Quick enough that a test of a few seconds sees a backend go and come back.
HEALTH = {"type": "http", "path": "/health", "interval": "400ms", "timeout": "400ms", "rise": 2,
          "fall": 2}


# Likewise for who fails clients' connections.
PASSIVE = {"interval": "1s", "base": "2s", "longest": "4s"}


def device(kind, number, interface):
    if kind == "af_xdp":
        return f"net_af_xdp{number},iface={interface}"
    return f"net_tap{number},iface=t-{interface}"


def backends(names, address, port):
    return [{"name": name, "address": address(name), "port": port, "weight": 10,
             **({"spare": True} if name == "spare" else {})} for name in names]


def pool(name, members, health=None, **more):
    return {"name": name, "scheduler": "wrr", "slow_start": "0s", "health": health or dict(HEALTH),
            "backends": members, **{"passive": dict(PASSIVE), **more}}


def service(name, address, port, pool_name, protocol="tcp", **more):
    return {"name": name, "address": address, "port": port, "protocol": protocol, "mode": "nat",
            "pool": pool_name, **more}


def ports(kind):
    return [
        {"name": "wan", "device": device(kind, 0, WAN_DEVICE),
         "addresses": [f"{WAN4}/24", f"{WAN6}/64"]},
        {"name": "lan", "device": device(kind, 1, LAN_DEVICE),
         "addresses": [f"{LAN4}/24", f"{LAN6}/64"]}]


def between_families():
    """IPv6 clients of IPv4 servers and the other way round: HTTP and DNS, echo, and nobody."""
    pools = {"six-to-four": (VIP6, "web", "dns", "echo", "mute"),
             "four-to-six": (VIP4, "web6", "dns6", "echo6", "mute6")}
    return [made for name, (vip, web, dns, echo, mute) in pools.items() for made in (
        service(name, vip, 91, web, mode="fullnat"),
        service(f"{name}-dns", vip, 91, dns, "udp", mode="fullnat"),
        service(f"{name}-echo", vip, 7091, echo, "udp", mode="fullnat"),
        service(f"{name}-mute", vip, 92, mute, "udp", mode="fullnat"))]


CHECK = "exec curl -sSf -o /dev/null http://$STEELYARD_ADDRESS:$STEELYARD_PORT/health"
TELL = ("echo $(id -un) $STEELYARD_EVENT $STEELYARD_POOL/$STEELYARD_BACKEND $STEELYARD_BEFORE "
        "$STEELYARD_STATE >>")


def commands(session):
    """No pool has them at first; but what can be run is fixed at the start."""
    return [{"name": "check", "run": ["/bin/sh", "-c", CHECK]},
            {"name": "tell", "run": ["/bin/sh", "-c", f"{TELL} {session.dir}/told"]}]


def build(session, kind, hugepages, workers=1):
    """HTTP and DNS on both virtual IPs; 'mute', where no server listens; 'extra' and 'cut', which
    share backends but no pool with the rest; 'guarded', with a quota of half-open flows; 'echo', a
    range of ports, which its backends keep; 'quic'; 'kept', which keeps clients; 'hidden', whose
    backends do not see their clients; and services whose backends are of the other family."""
    no_probe = {"type": "none"}
    primaries = [name for name in BACKENDS if name != "spare"]
    return {
        "name": session.eal_name, "workers": workers, "max_flows": 262144,
        "log_level": "info", "hugepages": hugepages,
        "idle": {"mode": "sleep"},
        "control": {"socket": f"{session.dir}/control.sock"},
        "commands": commands(session),
        "local_addresses": [LOCALS4, LOCALS6],
        "ports": ports(kind),
        "routes": [{"to": "0.0.0.0/0", "via": CLIENT4, "port": "wan"},
                   {"to": "::/0", "via": CLIENT6, "port": "wan"}],
        "pools": [
            pool("web", backends(BACKENDS, backend4, HTTP_PORT)),
            pool("web6", backends(BACKENDS, backend6, HTTP_PORT)),
            pool("dns", backends(primaries, backend4, 53), health=no_probe),
            pool("dns6", backends(primaries, backend6, 53), health=no_probe),
            pool("mute", backends(["web1"], backend4, 54), health=no_probe),
            pool("mute6", backends(["web1"], backend6, 54), health=no_probe),
            pool("extra", backends(["web1", "web2"], backend4, HTTP_PORT)),
            pool("echo", backends(primaries, backend4, 0), health=no_probe),
            pool("echo6", backends(primaries, backend6, 0), health=no_probe),
            pool("quic", [{**member, "server_id": quic.server_id(number)} for number, member in
                          enumerate(backends(primaries, backend4, quic.PORT), 1)],
                 health=no_probe),
            pool("sctp", backends(["web1"], backend4, 3905), health=no_probe),
            pool("sctp6", backends(["web1"], backend6, 3905), health=no_probe),
            pool("cut", backends(["web1", "web2"], backend4, HTTP_PORT), on_down="reset")],
        "services": [
            service("www", VIP4, 80, "web"),
            service("www6", VIP6, 80, "web6"),
            service("dns", VIP4, 53, "dns", "udp"),
            service("dns6", VIP6, 53, "dns6", "udp"),
            service("mute", VIP4, 54, "mute", "udp"),
            service("mute6", VIP6, 54, "mute6", "udp"),
            service("echo", VIP4, 7000, "echo", "udp", ports="7000-7009"),
            service("echo6", VIP6, 7000, "echo6", "udp", ports="7000-7009"),
            service("quic", VIP4, quic.PORT, "quic", "udp", quic=quic.CONFIGS),
            service("kept", VIP4, 85, "web", consistency="sticky"),
            service("sctp", VIP4, 2905, "sctp", "sctp", timeouts={"closed": "1s"}),
            service("sctp6", VIP6, 2905, "sctp6", "sctp", timeouts={"closed": "1s"}),
            service("extra", VIP4, 81, "extra"),
            service("cut", VIP4, 82, "cut"),
            service("guarded", VIP4, 84, "extra", max_half_open=64),
            service("hidden", VIP4, 90, "web", mode="fullnat"),
            service("hidden6", VIP6, 90, "web6", mode="fullnat"),
            service("hidden-dns", VIP4, 90, "dns", "udp", mode="fullnat"),
            *between_families()],
    }


def named(items, name):
    """The pool, service, port or backend of that name."""
    return next(item for item in items if item["name"] == name)
