# SPDX-License-Identifier: BSD-3-Clause
"""Which backend a client's connection went to, as the backends' own interfaces saw it.

A connection that failed has told its client no name.  So a witness in each backend's namespace
notes the client's port of every SYN.
"""

import contextlib
import ctypes
import select
import socket
import struct
import threading
import time

ETH_P_ALL = 3
SO_ATTACH_FILTER = 26
SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35  # when the kernel had it: who reads may be late on a busy machine
QUEUE_BYTES = 4 << 20
SLACK_S = 0.1
CLIENT_PORT_AT = 34  # behind an Ethernet header and an IPv4 one without options

# Classic BPF: IPv4, TCP, and of the flags SYN without ACK.
FILTER = [(0x28, 0, 0, 12), (0x15, 0, 6, 0x0800), (0x30, 0, 0, 23), (0x15, 0, 4, socket.IPPROTO_TCP),
          (0x30, 0, 0, 47), (0x54, 0, 0, 0x12), (0x15, 0, 1, 0x02), (0x06, 0, 0, 64),
          (0x06, 0, 0, 0)]


def _listen(namespace, interface):
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in FILTER))
    with namespace.entered():
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        tap.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                       struct.pack("HL", len(FILTER), ctypes.addressof(program)))
        tap.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, QUEUE_BYTES)
        tap.bind((interface, 0))
    return tap


class Witness:
    """`with Witness(lab.network, client) as witness:` for connections of that IPv4 address."""

    def __init__(self, network, client):
        self._client = socket.inet_aton(client)
        self._taps = {_listen(namespace, "eth0"): name
                      for name, namespace in network.backends.items()}
        self._wall_ahead = time.time() - time.monotonic()
        self._seen = {}  # by port: (time, backend)
        self._stopping = False
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self):
        self._reader.start()
        return self

    def __exit__(self, *exc):
        self._stopping = True
        self._reader.join(timeout=5)
        for tap in self._taps:
            tap.close()

    def _read(self):
        while not self._stopping:
            for tap in select.select(list(self._taps), [], [], 0.2)[0]:
                self._note(tap)
        for tap in self._taps:  # what has come until now
            tap.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    self._note(tap)

    def _note(self, tap):
        frame, (stamp, *_), _, _ = tap.recvmsg(64, socket.CMSG_SPACE(16))
        if frame[26:30] != self._client:
            return
        seconds, nanoseconds = struct.unpack("qq", stamp[2])
        at = seconds + nanoseconds * 1e-9 - self._wall_ahead
        port = struct.unpack_from("!H", frame, CLIENT_PORT_AT)[0]
        self._seen.setdefault(port, []).append((at, self._taps[tap]))

    def backends_of(self, port, begun, ended):
        """Those that were asked for this connection: several, when it was moved."""
        return {name for at, name in list(self._seen.get(port, ()))
                if begun <= at <= ended + SLACK_S}
