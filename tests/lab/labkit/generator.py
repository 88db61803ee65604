# SPDX-License-Identifier: BSD-3-Clause
"""A load of HTTP requests at a set rate, with each failure counted.

wrk says how many requests failed; this says also when, how, and which backend answered.
`python3 -m labkit.generator` prints one JSON line of totals several times a second, until it
is told to stop by SIGTERM; the last one lists the failures.  Times are CLOCK_MONOTONIC, so that
they compare across processes.
"""

import argparse
import errno
import json
import select
import signal
import socket
import sys
import time

REPORT_S = 0.2
REQUEST = b"GET %s HTTP/1.1\r\nHost: lab\r\n\r\n"


class Totals:
    def __init__(self):
        self.sent = 0
        self.ok = 0
        self.failed = {}
        self.by_backend = {}
        self.last_failure = None
        self.failures = []
        self.latencies = []

    def succeed(self, body, seconds):
        self.ok += 1
        name = body.strip().decode("ascii", "replace")
        self.by_backend[name] = self.by_backend.get(name, 0) + 1
        self.latencies.append(seconds)

    def fail(self, kind, user):
        self.failed[kind] = self.failed.get(kind, 0) + 1
        self.last_failure = time.monotonic()
        self.failures.append({"kind": kind, "time": self.last_failure, "started": user.started,
                              "opened": user.opened, "port": user.port})

    def report(self, in_flight):
        ranked = sorted(self.latencies)
        self.latencies = []
        p50, p99 = (ranked[int(len(ranked) * q)] * 1e3 if ranked else 0.0 for q in (0.5, 0.99))
        return {"time": time.monotonic(), "sent": self.sent, "ok": self.ok, "failed": self.failed,
                "by_backend": self.by_backend, "last_failure": self.last_failure,
                "in_flight": in_flight, "p50_ms": round(p50, 3), "p99_ms": round(p99, 3)}


class User:
    """One connection at a time, `per_connection` requests on each."""

    def __init__(self, engine):
        self.engine = engine
        self.socket = None
        self.left = 0
        self.started = None
        self.opened = None  # when the connection was asked for, and its local port
        self.port = 0

    def begin(self, now):
        self.started = now
        self.engine.totals.sent += 1
        if self.socket is None:
            self._open()
        else:
            self._send()

    def _open(self):
        engine = self.engine
        self.socket = socket.socket(engine.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.left = engine.per_connection
        engine.users[self.socket.fileno()] = self
        self.opened = time.monotonic()
        error = self.socket.connect_ex(engine.address)
        self.port = self.socket.getsockname()[1]
        if error not in (0, errno.EINPROGRESS):
            self._fail(errno.errorcode.get(error, str(error)))
            return
        engine.poll.register(self.socket, select.EPOLLOUT)

    def _send(self):
        self.buffer = b""
        try:
            self.socket.send(self.engine.request)
        except OSError as error:
            self._fail(errno.errorcode[error.errno])

    def ready(self, events):
        if events & select.EPOLLOUT:
            error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                self._fail(errno.errorcode.get(error, str(error)))
                return
            self.engine.poll.modify(self.socket, select.EPOLLIN)
            self._send()
        else:
            self._receive()

    def _receive(self):
        try:
            data = self.socket.recv(65536)
        except OSError as error:
            data, why = b"", errno.errorcode[error.errno]
        else:
            why = "closed early"
        if not data:
            self._ended_by_peer(why)
            return
        self.buffer += data
        body = _complete(self.buffer)
        if body is not None:
            self._succeed(body)

    def _ended_by_peer(self, why):
        if self.started is None:
            self.close()  # an idle connection may end without harm
        else:
            self._fail(why)

    def _succeed(self, body):
        if self.buffer.startswith(b"HTTP/1.1 200"):
            self.engine.totals.succeed(body, time.monotonic() - self.started)
        else:
            self.engine.totals.fail(self.buffer[:12].decode("ascii", "replace"), self)
        self.started = None
        self.left -= 1
        if self.left <= 0:
            self.close()
        self.engine.idle.append(self)

    def _fail(self, kind):
        self.engine.totals.fail(kind, self)
        self.started = None
        self.close()
        self.engine.idle.append(self)

    def close(self):
        if self.socket is not None:
            self.engine.users.pop(self.socket.fileno(), None)
            self.socket.close()
            self.socket = None

    def expire(self, now):
        if self.started is not None and now - self.started > self.engine.timeout:
            self._fail("timeout")


def _complete(buffer):
    head, separator, body = buffer.partition(b"\r\n\r\n")
    if not separator:
        return None
    at = head.lower().find(b"content-length:")
    length = int(head[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else 0
    return body[:length] if len(body) >= length else None


class Engine:
    def __init__(self, options):
        self.address = (options.host, options.port)
        self.family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
        self.request = REQUEST % options.path.encode()
        self.per_connection = options.per_connection
        self.timeout = options.timeout
        self.rate = options.rate
        self.totals = Totals()
        self.poll = select.epoll()
        self.users = {}
        self.everyone = [User(self) for _ in range(options.users)]
        self.idle = list(self.everyone)
        self.stopping = False

    def run(self, out):
        self.clock = time.monotonic()
        reported = expired = self.clock
        while not self.stopping or self._in_flight():
            now = time.monotonic()
            if not self.stopping:
                self._begin_due(now)
            for fd, events in self.poll.poll(0.002):
                if fd in self.users:
                    self.users[fd].ready(events)
            if now - expired > 0.1:
                expired = now
                for user in self.everyone:
                    user.expire(now)
            if now - reported > REPORT_S:
                reported = now
                _print(out, self.totals.report(self._in_flight()))
        _print(out, {**self.totals.report(0), "final": True, "failures": self.totals.failures})

    def _in_flight(self):
        return len(self.everyone) - len(self.idle)

    def _begin_due(self, now):
        """Requests that fell due while no user was free are not made up for later."""
        self.clock = max(self.clock, now - 0.05)
        while self.clock <= now and self.idle:
            self.clock += 1 / self.rate
            self.idle.pop(0).begin(now)


def _print(out, report):
    out.write(json.dumps(report) + "\n")
    out.flush()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, default=80)
    parser.add_argument("--path", default="/")
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--users", type=int, default=64)
    parser.add_argument("--per-connection", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=3)
    engine = Engine(parser.parse_args())

    def stop(_signum, _frame):
        engine.stopping = True

    signal.signal(signal.SIGTERM, stop)
    engine.run(sys.stdout)


if __name__ == "__main__":
    main()
