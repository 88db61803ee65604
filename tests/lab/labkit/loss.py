# SPDX-License-Identifier: BSD-3-Clause
"""A link that loses packets: an XDP program of seven instructions on an interface.

The kernels that the lab meets have XDP, but not all have netem.  The program goes with its file
descriptor, so that nothing is left behind.
"""

import contextlib
import ctypes
import os
import platform
import socket
import struct

BPF_CALL = {"x86_64": 321, "aarch64": 280}
PROG_LOAD, LINK_CREATE = 5, 28
TYPE_XDP, ATTACH_XDP, SKB_MODE = 6, 37, 2
XDP_DROP, XDP_PASS = 1, 2
RANDOM = 7 # bpf_get_prandom_u32()

_libc = ctypes.CDLL(None, use_errno=True)


def _bpf(command, attributes):
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    result = _libc.syscall(BPF_CALL[platform.machine()], command, buffer, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"bpf({command})")
    return result


def _instruction(code, offset=0, value=0):
    return struct.pack("=BBhi", code, 0, offset, value)


def _program(percent):
    """r0 = random % 100; r0 < percent: drop."""
    return b"".join((
        _instruction(0x85, value=RANDOM), _instruction(0x94, value=100),
        _instruction(0xA5, offset=2, value=percent), _instruction(0xB7, value=XDP_PASS),
        _instruction(0x95), _instruction(0xB7, value=XDP_DROP), _instruction(0x95)))


@contextlib.contextmanager
def losing(namespaces, percent, interface="eth0"):
    """So many of a hundred packets that come in by the interface of each namespace are lost."""
    code = ctypes.create_string_buffer(_program(percent))
    name = ctypes.create_string_buffer(b"BSD")
    program = _bpf(PROG_LOAD, struct.pack(
        "=IIQQ104x", TYPE_XDP, len(_program(percent)) // 8, ctypes.addressof(code),
        ctypes.addressof(name)))
    links = []
    try:
        for namespace in namespaces:
            with namespace.entered():
                links.append(_bpf(LINK_CREATE, struct.pack(
                    "=IIII", program, socket.if_nametoindex(interface), ATTACH_XDP, SKB_MODE)))
        yield
    finally:
        for fd in (*links, program):
            os.close(fd)
