# SPDX-License-Identifier: BSD-3-Clause
"""What the kernel says of a process's AF_XDP sockets, read from outside (pidfd_getfd(2), Linux 5.6;
`struct xdp_statistics` of linux/if_xdp.h)."""

import ctypes
import os
import socket
import struct

from .probe import AF_XDP

SOL_XDP, XDP_STATISTICS = 283, 7
SYS_PIDFD_GETFD = 438  # the same on every architecture
FIELDS = ("rx_dropped", "rx_invalid_descs", "tx_invalid_descs", "rx_ring_full",
          "rx_fill_ring_empty_descs", "tx_ring_empty_descs")
_libc = ctypes.CDLL(None, use_errno=True)


def _sockets(pid):
    process = os.pidfd_open(pid)
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            copy = _libc.syscall(SYS_PIDFD_GETFD, process, int(name), 0)
            if copy >= 0 and os.readlink(f"/proc/self/fd/{copy}").startswith("socket:"):
                with socket.socket(AF_XDP, socket.SOCK_RAW, 0, fileno=copy) as opened:
                    yield opened
            elif copy >= 0:
                os.close(copy)
    finally:
        os.close(process)


def statistics(pid):
    """One dictionary for each AF_XDP socket of the process."""
    found = []
    for opened in _sockets(pid):
        try:
            figures = opened.getsockopt(SOL_XDP, XDP_STATISTICS, 8 * len(FIELDS))
        except OSError:
            continue  # a socket of another kind
        found.append(dict(zip(FIELDS, struct.unpack(f"{len(FIELDS)}Q", figures))))
    return found


def refused(pid):
    """Packets that the kernel would not send, as their buffers lie where it knows of no memory.
    Such a buffer is lost for receiving too, in silence, until the port is deaf."""
    return sum(figures["tx_invalid_descs"] for figures in statistics(pid))
