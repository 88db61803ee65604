# SPDX-License-Identifier: BSD-3-Clause
"""Servers that send each datagram back, and sockets to ask them by."""

import contextlib
import socket
import threading

PRIMARIES = ("web1", "web2", "web3")
PORT = 7003


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
def echo_servers(lab, address, port=PORT):
    with contextlib.ExitStack() as stack:
        for name in PRIMARIES:
            sock = stack.enter_context(udp(lab.backends[name].namespace, address(name)))
            sock.bind((address(name), port))
            thread = threading.Thread(target=answer, args=(sock,), daemon=True)
            thread.start()
            stack.callback(thread.join, 5)
            stack.callback(sock.sendto, b"", (address(name), port))
        yield
