# SPDX-License-Identifier: BSD-3-Clause
"""The appliance on PCI cards: in a guest, which stands where the balancer does.

    client --- wan0 [ br-wan0 --- tap --- card | guest | card --- tap --- br-lan0 ] lan0 --- switch

The guest has two cards of each model, on a bus without IOMMU, and two more behind an emulated IOMMU.
One boot serves all tests.  Clients and servers are those
of the lab; only the balancer is emulated.
"""

import os
import time

from .appliance import ROOT, DAEMON, Appliance, NotReady
from .control import PROGRAM, Control, Refused
from .guest import Guest
from .links import interfaces
from .topology import LAN_DEVICE, WAN_DEVICE

BIND = f"{ROOT}/drivers-config/bind"
SIDES = {"wan": WAN_DEVICE, "lan": LAN_DEVICE}
QUEUES = 2
BARE_BUS, BARE_SLOT = 0x40, 0x1e
SLOT = 8  # the first that is free
HUGEPAGES = 192  # of 2 MB, of the guest's memory
CONTROL_SOCKET = "/run/control.sock"
START_S, STOP_S = 60, 20
PATIENT = {"interval": "3s", "timeout": "3s"}  # an emulated CPU may be away for a while


class Card:
    """A model that QEMU emulates: its two cards, for wan and lan.  `number` tells pairs apart."""

    def __init__(self, name, number, model, tap, kernel_driver, iommu=False):
        self.name = name
        self.kernel_driver = kernel_driver
        self.iommu = iommu
        self._number = 2 * number
        self._model = model
        self._tap = tap

    def _place(self, side):
        return self._number + list(SIDES).index(side)

    def address(self, side):
        if self.iommu:
            return f"0000:00:{SLOT + self._place(side):02x}.0"
        return f"0000:{BARE_BUS + 1 + self._place(side):02x}:00.0"

    def addresses(self):
        return [self.address(side) for side in SIDES]

    def device(self, side):
        """QEMU's name for it."""
        return f"{self.name}-{side}"

    def tap(self, side):
        return f"t-{self.name}-{side}"

    def _bus(self, side):
        """Where it is plugged in: that bus's own arguments, and what the card says of it."""
        slot = SLOT + self._place(side)
        if self.iommu:
            return [], f"bus=pcie.0,addr={slot:#x}"
        port = f"port-{self.device(side)}"
        return ["-device", f"pcie-root-port,id={port},bus=bare,chassis={slot},addr={slot:#x}"], \
            f"bus={port}"

    def qemu(self):
        """The arguments for both."""
        arguments = []
        for side in SIDES:
            bus, place = self._bus(side)
            name = self.device(side)
            arguments += [
                *bus, "-netdev", f"tap,id=net-{name},ifname={self.tap(side)},script=no,"
                                 f"downscript=no,vhost=off,{self._tap}",
                "-device", f"{self._model},id={name},netdev=net-{name},"
                           f"mac=52:54:00:00:00:{self._place(side):02x},{place}"]
        return arguments


VIRTIO = f"virtio-net-pci,disable-legacy=on,mq=on,rss=on,vectors={2 * QUEUES + 2},rx_queue_size=1024"
# A tap without vnet_hdr carries finished checksums only, so what these cards make is seen and
# judged by the kernels of the lab.  virtio has its offloads from the vnet_hdr.
CARDS = {card.name: card for card in (
    Card("virtio", 0, VIRTIO, f"queues={QUEUES}", "virtio-pci"),
    Card("vmxnet3", 1, "vmxnet3", "vnet_hdr=off", "vmxnet3"),
    Card("e1000e", 2, "e1000e", "vnet_hdr=off", "e1000e"),
    Card("iommu", 3, f"{VIRTIO},iommu_platform=on", f"queues={QUEUES}", "virtio-pci", iommu=True))}
# The bus of those that no IOMMU stands before.
BARE = ["-device", f"pxb-pcie,id=bare,bus=pcie.0,addr={BARE_SLOT:#x},bus_nr={BARE_BUS},"
                   "bypass_iommu=on"]


def boot(session, namespace):
    """A running guest with all cards; raises guest_image.Missing when it cannot be had."""
    guest = Guest(session, namespace)
    guest.start(BARE + [argument for card in CARDS.values() for argument in card.qemu()])
    if guest.image.vfio:
        guest.run("insmod", guest.image.vfio)
    guest.run("modprobe", "vfio_iommu_type1", "allow_unsafe_interrupts=1")  # see intremap=off
    guest.run("modprobe", "-a", "tun", "virtio_net", "vmxnet3", "e1000e")
    guest.run("sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0",
              "net.ipv6.conf.all.accept_dad=0")
    guest.run(BIND, "hugepages", HUGEPAGES)
    return guest


def adapt(settings, card):
    """The lab's configuration, on these cards in the guest."""
    settings.update(hugepages=True, max_flows=16384)
    settings["control"]["socket"] = CONTROL_SOCKET
    for port in settings["ports"]:
        port["device"] = card.address(port["name"])
    for pool in settings["pools"]:
        if pool["health"]["type"] != "none":
            pool["health"].update(PATIENT)


class GuestControl(Control):
    """steelyardctl, run in the guest."""

    def __init__(self, guest):
        super().__init__(CONTROL_SOCKET)
        self.guest = guest

    def run(self, *arguments, timeout=20):
        code, out, err = self.guest.complete([PROGRAM, "--socket", self.socket, *arguments], timeout)
        if code != 0:
            raise Refused(code, (err + out).strip())
        return out


class GuestAppliance(Appliance):
    """The daemon in the guest, on two cards of one model."""

    STOP_S = STOP_S

    def __init__(self, session, namespace, guest, card):
        super().__init__(session, namespace, card.name)
        self.guest = guest
        self.card = card
        self.control = GuestControl(guest)
        self.environment = {}

    def start(self, config, patience=START_S):
        self.write(config)
        self.connect()
        begun = time.monotonic()
        self.launch()
        while not any("READY=1" in note.split("\n") for note in self.child.notes):
            if self.child.poll() is not None:
                raise NotReady(f"the appliance ended with code {self.child.returncode}:\n"
                               f"{self.log_tail()}")
            if time.monotonic() > begun + patience:
                raise NotReady(f"the appliance did not become ready in time:\n{self.log_tail()}")
            time.sleep(0.1)
        return time.monotonic() - begun

    def launch(self):
        with open(self.log_file, "ab") as log:
            self._log_start = log.tell()
        self.child = self.guest.spawn([DAEMON, "--config", self.config_file], self.log_file,
                                      self.environment)

    def stop(self, patience=STOP_S):
        return super().stop(patience)

    def connect(self):
        """The cards' taps and the lab's cables, joined by a bridge on each side."""
        for side, device in SIDES.items():
            tap, bridge = self.card.tap(side), f"br-{device}"
            if bridge not in interfaces(self.namespace):
                self.namespace.ip(f"link add {bridge} type bridge", f"link set {bridge} arp off",
                                  f"link set {device} master {bridge}")
            self.namespace.sysctl({f"net.ipv6.conf.{bridge}.disable_ipv6": 1,
                                   f"net.ipv6.conf.{tap}.disable_ipv6": 1})
            self.namespace.ip(f"link set {tap} master {bridge}", f"link set {tap} up",
                              f"link set {bridge} up")

    def bind(self, how=None):
        """drivers-config/bind, on both cards: what it said."""
        how = how or {"vfio-pci": "vfio", "uio_pci_generic": "uio"}[self.driver()]
        return self.guest.run(BIND, how, *self.card.addresses(), timeout=60)

    def driver(self):
        """What `bind` binds them to."""
        return "vfio-pci" if self.card.iommu or self.guest.image.vfio else "uio_pci_generic"

    def drivers(self):
        """The drivers that the two cards are bound to."""
        links = [f"/sys/bus/pci/devices/{address}/driver" for address in self.card.addresses()]
        return {os.path.basename(link) for link in self.guest.run("readlink", *links).split()}
