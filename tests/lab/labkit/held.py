# SPDX-License-Identifier: BSD-3-Clause
"""Connections that are held open while something happens, each with one request after the other."""

import contextlib
import selectors
import socket
import threading
import time

REQUEST = b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n"
PAUSE_S = 0.02


class _Connection:
    def __init__(self, sock):
        self.socket = sock
        self.who = None # the server that answers
        self.data = b""
        self.asked = None # when, while an answer is awaited
        self.due = 0.0
        self.longest = 0.0
        self.answers = 0


class Held:
    """`with Held(namespace, host, port, n) as held:`; fault is what was wrong with the first that broke."""

    def __init__(self, namespace, host, port, n):
        self.fault = None
        self._connections = []
        with namespace.entered():
            for _ in range(n):
                sock = socket.create_connection((host, port), timeout=10)
                sock.setblocking(False)
                self._connections.append(_Connection(sock))
        self._ends = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        self.wait_answers(1)
        return self

    def __exit__(self, *_exc):
        self._ends = True
        self._thread.join(timeout=5)
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.socket.close()

    def wait_answers(self, more, patience=30):
        """Until each has had so many answers more."""
        wanted = [(c, c.answers + more) for c in self._connections]
        end = time.monotonic() + patience
        while any(c.answers < n for c, n in wanted):
            assert self.fault is None, self.fault
            assert time.monotonic() < end, f"{sum(c.answers < n for c, n in wanted)} of " \
                f"{len(wanted)} connections are silent after {patience} s"
            time.sleep(0.02)

    def longest(self):
        """The longest that any waited for an answer, in seconds."""
        return max(c.longest for c in self._connections)

    def forget(self):
        for connection in self._connections:
            connection.longest = 0.0

    def _run(self):
        selector = selectors.DefaultSelector()
        for connection in self._connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        try:
            while not self._ends:
                now = time.monotonic()
                for connection in self._connections:
                    if connection.asked is None and now >= connection.due:
                        connection.socket.send(REQUEST)
                        connection.asked = now
                for key, _ in selector.select(timeout=0.01):
                    self._read(key.data)
        except (OSError, AssertionError) as error:
            self.fault = f"{type(error).__name__}: {error}"

    def _read(self, connection):
        data = connection.socket.recv(65536)
        if not data:
            raise ConnectionError("closed by the server")
        connection.data += data
        head, found, body = connection.data.partition(b"\r\n\r\n")
        if not found or not body.endswith(b"\n"):
            return
        assert head.startswith(b"HTTP/1.1 200"), head
        assert connection.who in (None, body), f"{connection.who} became {body}"
        now = time.monotonic()
        connection.who, connection.data = body, b""
        connection.longest = max(connection.longest, now - connection.asked)
        connection.asked, connection.due = None, now + PAUSE_S
        connection.answers += 1
