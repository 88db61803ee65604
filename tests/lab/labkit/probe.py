# SPDX-License-Identifier: BSD-3-Clause
"""What this host can do: which kind of port, and whether there are hugepages."""

import glob
import os
import socket

AF_XDP = 44  # Python's socket module has no name for it
HUGEPAGES_MIB = 256
_FREE_HUGEPAGES = "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"


def why_no_af_xdp():
    """None when ports can be of net_af_xdp, else the reason why not."""
    if not glob.glob("/usr/lib/*/dpdk/pmds-*/librte_net_af_xdp.so*"):
        return "DPDK's net_af_xdp driver is not installed"
    try:
        socket.socket(AF_XDP, socket.SOCK_RAW, 0).close()
    except OSError as error:
        return f"the kernel refuses AF_XDP sockets ({error.strerror})"
    return None


def port_kind():
    """('af_xdp' or 'tap', why).  STEELYARD_LAB_PORTS decides when it is set."""
    wanted = os.environ.get("STEELYARD_LAB_PORTS")
    if wanted:
        return wanted, "STEELYARD_LAB_PORTS says so"
    reason = why_no_af_xdp()
    return ("tap", reason) if reason else ("af_xdp", "the kernel makes AF_XDP sockets")


def hugepages():
    """Whether the appliance can have its memory in hugepages.  SY_HUGEPAGES decides when set."""
    if "SY_HUGEPAGES" in os.environ:
        return os.environ["SY_HUGEPAGES"] == "true"
    try:
        with open(_FREE_HUGEPAGES, encoding="ascii") as file:
            return int(file.read()) * 2 >= HUGEPAGES_MIB
    except OSError:
        return False
