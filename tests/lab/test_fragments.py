# SPDX-License-Identifier: BSD-3-Clause
"""Datagrams larger than any frame, in pieces both ways, on a range of ports that backends keep."""

import contextlib
import os
import socket
import threading

from labkit.topology import VIP4, VIP6, backend4, backend6

GROUPS = ("one", "two")
PRIMARIES = ("web1", "web2", "web3")
PORT = 7003
SIZES = (1473, 4000, 60000)


def udp(namespace, address):
    with namespace.entered():
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    # All pieces of a datagram wait in the receiver's buffer until the last is there.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.settimeout(3)
    return sock


def answer(sock):
    """What comes goes back, until the socket is shut."""
    with contextlib.suppress(OSError):
        while True:
            try:
                data, sender = sock.recvfrom(65536)
            except TimeoutError:
                continue
            if not data:
                return
            sock.sendto(data, sender)


@contextlib.contextmanager
def echo_servers(lab, address):
    with contextlib.ExitStack() as stack:
        for name in PRIMARIES:
            sock = stack.enter_context(udp(lab.backends[name].namespace, address(name)))
            sock.bind((address(name), PORT))
            thread = threading.Thread(target=answer, args=(sock,), daemon=True)
            thread.start()
            stack.callback(thread.join, 5)
            stack.callback(sock.sendto, b"", (address(name), PORT))
        yield


def total(lab):
    return sum(worker["fragments"] for worker in lab.control.show("workers"))


def echo(lab, vip, address):
    before = total(lab)
    sent = 0
    with echo_servers(lab, address):
        for size in SIZES:
            for _ in range(4):
                with udp(lab.client, vip) as sock:
                    sock.connect((vip, PORT))
                    data = os.urandom(size)
                    sock.send(data)
                    assert sock.recv(65536) == data, size
                    # Without its first piece and the IP headers, each way.
                    sent += 2 * ((size + 8 - 1) // 1480)
    assert total(lab) - before >= sent, (total(lab), before, sent)


def test_large_datagrams_v4(lab):
    echo(lab, VIP4, backend4)


def test_large_datagrams_v6(lab):
    echo(lab, VIP6, backend6)
