# SPDX-License-Identifier: BSD-3-Clause
"""The appliances that tests ask for: a name, and how to start it."""

from . import config, pci, probe
from . import told as told_services
from .nodes import Nodes


def _start(lab, kind=None, workers=1, change=None):
    lab.use_ports(kind or probe.port_kind()[0])
    lab.workers = workers
    settings = lab.config()
    if change:
        change(settings)
    lab.appliance.start(settings)
    lab.control.wait_all_up()


def one(lab):
    """One worker on the host's best kind of port."""
    _start(lab)


def two(lab):
    """Two workers, which share the flows by the software rung of steering."""
    _start(lab, workers=2)


def tap(lab):
    """The fall-back for kernels without AF_XDP."""
    _start(lab, kind="tap")


def narrow(lab):
    """A lan port that takes smaller packets than the wan port does."""
    _start(lab, change=lambda settings: config.named(settings["ports"], "lan").update(mtu=1400))


def told(lab):
    """Services whose backends are told their client's address."""
    _start(lab, change=told_services.change)


def own(lab):
    """No appliance: the tests start their own."""
    lab.workers = 1
    lab.use_ports(probe.port_kind()[0])


def made(lab):
    """No appliance either: the tests start theirs on devices that are no interfaces."""
    lab.use_ports("made")


def routed(lab):
    """No appliance of the lab's: two nodes of their own, with routing daemons."""
    own(lab)
    if lab.nodes is None:
        lab.nodes = Nodes(lab)
        lab.session.at_end(lab.nodes.stop)
        lab.nodes.start()
    else:
        lab.nodes.mend()


def card(model):
    """Two workers on PCI cards of this model, in a guest."""
    def start(lab):
        lab.use_ports(model)
        lab.workers = 2
        if lab.appliance.drivers() != {lab.appliance.driver()}:
            lab.appliance.bind()
        lab.appliance.start(lab.config())
        lab.control.wait_all_up(pci.START_S)
    return start


GROUPS = {"one": one, "two": two, "tap": tap, "narrow": narrow, "told": told, "own": own, "made": made,
          **{f"pci-{model}": card(model) for model in pci.CARDS}, "routed": routed}
