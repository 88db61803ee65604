# SPDX-License-Identifier: BSD-3-Clause
"""The whole lab: a session, the network, four servers, and one appliance."""

import time

from . import config, guest_image, kernels, pci, probe
from .appliance import Appliance
from .servers import Backend
from .session import Session
from .skip import Skip
from .telemetry import Telemetry
from .topology import Network


class Lab:
    """`with Lab("demo") as lab:`; everything in it is gone afterwards, unless lab.session.keep."""

    def __init__(self, lab_id, kind=None):
        self.session = Session(lab_id)
        self.kind, self.kind_reason = (kind, "chosen") if kind else probe.port_kind()
        self.workers = 1
        self._guest = self._no_guest = None
        self.nodes = None # labkit/nodes.py: two more appliances
        self.hugepages = probe.hugepages()
        self.network = Network(self.session.prefix)
        self.client = self.network.client
        self.far = self.network.far
        self.balancer = self.network.balancer
        self.backends = {name: Backend(name, namespace, self.session.dir)
                         for name, namespace in self.network.backends.items()}
        self.use_ports(self.kind)

    def __enter__(self):
        self.session.__enter__()
        try:
            self.network.build()
            for backend in self.backends.values():
                backend.prepare()
                backend.start()
                backend.start_dns()
        except BaseException:
            self.session.__exit__()
            raise
        self.session.at_end(self._stop_appliance)
        return self

    def __exit__(self, *exc):
        self.session.__exit__(*exc)

    def use_ports(self, kind):
        """Another kind of port for the next appliance, and with it another MAC address."""
        if kind != self.kind:
            for namespace in self.network.namespaces():
                namespace.run("ip", "neigh", "flush", "all")
                namespace.run("ip", "-6", "neigh", "flush", "all")
        self.kind = kind
        if kind in pci.CARDS:
            self.appliance = pci.GuestAppliance(self.session, self.balancer, self.guest(),
                                                pci.CARDS[kind])
        else:
            self.appliance = Appliance(self.session, self.balancer, kind)
        self.control = self.appliance.control
        self.telemetry = Telemetry(self.appliance.telemetry_socket)

    def guest(self):
        """The virtual machine with the PCI cards, booted when it is first asked for."""
        if self._no_guest:
            raise Skip(self._no_guest)
        if self._guest is None:
            try:
                guest = pci.boot(self.session, self.balancer)
            except guest_image.Missing as reason:
                self._no_guest = f"no PCI cards without QEMU: {reason}"
                raise Skip(self._no_guest) from None
            self.session.at_end(guest.stop)
            self._guest = guest
        return self._guest

    def _stop_appliance(self):
        if self.appliance.running():
            self.appliance.stop()

    def config(self):
        settings = config.build(self.session, self.kind, self.hugepages, self.workers)
        if self.kind in pci.CARDS:
            pci.adapt(settings, pci.CARDS[self.kind])
        return settings

    def reload(self, settings, how=None):
        """The appliance takes up another file, by order or as told."""
        before = self.control.show("info")["snapshot"]
        self.appliance.write(settings)
        (how or (lambda: self.control.run("reload")))()
        end = time.monotonic() + 5
        while self.control.show("info")["snapshot"] == before:
            assert time.monotonic() < end, "the reload did not happen"
            time.sleep(0.05)

    def restore(self):
        """The network and the servers as they were at the beginning."""
        for name, backend in self.backends.items():
            self.network.silence(name, False)
            backend.restore()

    def requests(self, path=None):
        """What each nginx logged."""
        return {name: backend.requests(path) for name, backend in self.backends.items()}

    def forget_requests(self):
        for backend in self.backends.values():
            backend.forget_requests()

    def damaged(self):
        """Damaged packets that any kernel of the lab has counted."""
        return kernels.errors(self.network.namespaces())
