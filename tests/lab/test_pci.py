# SPDX-License-Identifier: BSD-3-Clause
"""PCI cards, as QEMU emulates them: bound by drivers-config/bind, driven by DPDK's own drivers."""

import json
import os
import shutil
import time

from labkit import client, pci
from labkit.appliance import ROOT, NotReady
from labkit.netns import CommandError
from labkit.servers import DNS_NAME
from labkit.topology import VIP4, VIP6, backend4, backend6
from test_http import even_split, large_bodies

GROUPS = ("pci-virtio", "pci-vmxnet3", "pci-e1000e")
PRIMARIES = ("web1", "web2", "web3")
CHECKSUMS = {f"{way}_{what}_checksum" for way in ("rx", "tx") for what in ("ip", "tcp", "udp")}
# What each driver grants of them, less what its profile avoids.
GRANTED = {
    "virtio": {"tx_tcp_checksum", "tx_udp_checksum"},
    "vmxnet3": {"rx_tcp_checksum", "rx_udp_checksum", "tx_tcp_checksum", "tx_udp_checksum"},
    "e1000e": CHECKSUMS}
RUNGS = {"virtio": "client-hash", "vmxnet3": "software", "e1000e": "software"}


def pass_traffic(lab):
    """Small and large, TCP and UDP, both IP versions; the runner looks for damaged packets."""
    for vip in (VIP4, VIP6):
        even_split(lab, vip)
        large_bodies(lab, vip)
    four = {client.dig(lab.client, VIP4, DNS_NAME, "A") for _ in range(9)}
    six = {client.dig(lab.client, VIP6, DNS_NAME, "AAAA") for _ in range(9)}
    assert four == set(map(backend4, PRIMARIES)), four
    assert six == set(map(backend6, PRIMARIES)), six


def get_both(lab):
    for vip in (VIP4, VIP6):
        assert client.get(lab.client, vip, timeout=20)


def checksums(lab):
    """What the ports are granted; both have the same card."""
    found = [set(port["offloads"].split(", ")) & CHECKSUMS for port in lab.control.show("ports")]
    assert found[0] == found[1], found
    return found[0]


def restart(lab, **more):
    lab.appliance.start(lab.config() | more)
    lab.control.wait_all_up(pci.START_S)


def stop(lab):
    code, _ = lab.appliance.stop()
    assert code == 0, f"exit code {code}"


def test_tcp_and_udp_with_checksum_offloads(lab):
    assert checksums(lab) == GRANTED[lab.kind], checksums(lab)
    pass_traffic(lab)


def link_of(lab, name):
    return next(port for port in lab.control.show("ports") if port["name"] == name)["link"]


def wait_link(lab, name, state, patience=20):
    end = time.monotonic() + patience
    while link_of(lab, name) != state:
        assert time.monotonic() < end, f"port {name} is still {link_of(lab, name)}"
        time.sleep(0.1)


def test_link_down_and_up(lab):
    guest, card = lab.guest(), lab.appliance.card
    for side in pci.SIDES:
        guest.set_link(card.device(side), False)
        try:
            wait_link(lab, side, "down")
        finally:
            guest.set_link(card.device(side), True)
        wait_link(lab, side, "up")
    lab.control.wait_all_up(pci.START_S)
    get_both(lab)


def profiles_without_checksums(lab):
    """A folder of driver profiles, all of which avoid all checksum offloads."""
    folder = f"{lab.session.dir}/profiles"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for name in os.listdir(f"{ROOT}/drivers-config"):
        if name.endswith(".json"):
            with open(f"{ROOT}/drivers-config/{name}", encoding="ascii") as file:
                profile = json.load(file)
            profile["avoid_offloads"] = sorted(CHECKSUMS)
            with open(f"{folder}/{name}", "w", encoding="ascii") as file:
                json.dump(profile, file)
    return folder


def test_tcp_and_udp_without_checksum_offloads(lab):
    """And with idle workers that wait for the cards' interrupts, which all three have."""
    stop(lab)
    lab.appliance.environment["STEELYARD_DRIVERS_CONFIG"] = profiles_without_checksums(lab)
    try:
        restart(lab, idle={"mode": "interrupt", "longest": "50ms"})
    finally:
        lab.appliance.environment.clear()
    assert checksums(lab) == set(), checksums(lab)
    assert "idle workers wait for the ports' receive interrupts" in lab.appliance.log(), \
        lab.appliance.log()
    pass_traffic(lab)


def only_ipv4(settings):
    """One family: a key that serves replies of both is not to be had (lib/dataplane/port)."""
    settings["services"] = [s for s in settings["services"] if ":" not in s["address"]]
    pools = {service["pool"] for service in settings["services"]}
    settings["pools"] = [pool for pool in settings["pools"] if pool["name"] in pools]
    return settings


def test_steering(lab):
    """The rung that the card allows, both workers busy on it, and, where the card steers, every
    packet at the worker that owns its flow."""
    stop(lab)
    lab.appliance.start(only_ipv4(lab.config()))
    lab.control.wait_all_up(pci.START_S)
    even_split(lab, VIP4)
    large_bodies(lab, VIP4)
    info, workers = lab.control.show("info"), lab.control.show("workers")
    assert info["steering"] == RUNGS[lab.kind], info["steering_reason"]
    assert f"steering: {RUNGS[lab.kind]}: " in lab.appliance.log()
    assert min(worker["flows_created"] for worker in workers) > 0, workers
    astray = [worker["misdirected"] for worker in workers]
    assert max(astray) == 0, astray
    handed = sum(worker["handed_over"] for worker in workers)
    assert (handed > 0) == (info["steering"] == "software"), workers


def state_of(lab):
    """What `bind list` says is to be done with the two cards."""
    lines = lab.guest().run(pci.BIND, "list", timeout=60).splitlines()
    return [line for line in lines if line.split()[0] in lab.appliance.card.addresses()]


def refused(action, words):
    try:
        action()
    except (CommandError, NotReady) as error:
        assert words in str(error), error
    else:
        raise AssertionError(f"not refused: {words}")


def test_unbound_and_bound_again(lab):
    appliance, card = lab.appliance, lab.appliance.card
    stop(lab)
    assert all(line.endswith(f"ready: bound to {appliance.driver()}") for line in state_of(lab))
    appliance.bind("restore")
    assert appliance.drivers() == {card.kernel_driver}, appliance.drivers()
    assert all(" eth" in line for line in state_of(lab)), "the kernel made no interfaces"
    refused(lambda: appliance.start(lab.config()), f"bound to the kernel's driver {card.kernel_driver}")
    if appliance.driver() != "vfio-pci":
        refused(lambda: appliance.bind("vfio"), "no mode without")
    appliance.bind()
    assert appliance.drivers() == {appliance.driver()}, appliance.drivers()
    restart(lab)
    get_both(lab)
