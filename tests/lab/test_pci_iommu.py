# SPDX-License-Identifier: BSD-3-Clause
"""virtio cards behind an emulated IOMMU: vfio-pci as it should be."""

from test_pci import get_both, pass_traffic, restart, stop

GROUPS = ("pci-iommu",)


def test_tcp_and_udp(lab):
    pass_traffic(lab)


def test_bound_again(lab):
    """Each is in a group of the IOMMU's, and vfio's unsafe mode stays off; with `iommu=pt`, which
    the guest is booted with, uio_pci_generic works too."""
    appliance = lab.appliance
    stop(lab)
    appliance.bind("uio")
    assert appliance.drivers() == {"uio_pci_generic"}, appliance.drivers()
    restart(lab)
    get_both(lab)
    stop(lab)
    said = appliance.bind("vfio")
    assert "enable_unsafe_noiommu_mode" not in said, said
    assert appliance.drivers() == {"vfio-pci"}, appliance.drivers()
    restart(lab)
    get_both(lab)
