# SPDX-License-Identifier: BSD-3-Clause
"""Clients for single requests, and the figures that wrk prints."""

import re
import socket
import subprocess

from .netns import sh


def url(host, path="/", port=80):
    return f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"


def get(namespace, host, path="/", port=80, timeout=5):
    """The body that curl fetched; raises CommandError when the request failed."""
    return namespace.run("curl", "--silent", "--show-error", "--fail", "--max-time", timeout,
                         url(host, path, port), timeout=timeout + 5)


def connect(namespace, host, port=80, timeout=5):
    """A TCP connection opened from inside the namespace."""
    with namespace.entered():
        return socket.create_connection((host, port), timeout=timeout)


def ask(connection, path="/"):
    """One request on an open connection; returns the body."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: lab\r\n\r\n".encode())
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, body = data.split(b"\r\n\r\n", 1)
    length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
    while len(body) < length:
        body += _some(connection)
    return body.decode()


def _some(connection):
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("closed before the answer was complete")
    return data


def dig(namespace, server, name, kind="A"):
    """The first address in a DNS answer over UDP; '' when there was none."""
    return namespace.run("dig", "+short", "+tries=1", "+time=2", f"@{server}", name, kind,
                         check=False, timeout=10).strip().split("\n")[0]


def _wrk_command(target, connections, seconds):
    return ["wrk", "-t", "1", "-c", connections, "-d", f"{seconds}s", "--timeout", "4s", "--latency",
            target]


def wrk(namespace, target, connections, seconds):
    """Run wrk and return {requests, failed, non_2xx, rate, text}."""
    return parse_wrk(namespace.run(*_wrk_command(target, connections, seconds), timeout=seconds + 30))


def start_wrk(namespace, target, connections, seconds):
    """The process, whose output parse_wrk() takes once it has ended."""
    return namespace.spawn(_wrk_command(target, connections, seconds), stdout=subprocess.PIPE,
                           text=True)


def parse_wrk(text):
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    non_2xx = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    failed = sum(map(int, errors.groups())) if errors else 0
    non_2xx = int(non_2xx.group(1)) if non_2xx else 0
    return {"requests": requests, "failed": failed + non_2xx, "non_2xx": non_2xx, "rate": rate,
            "text": text}


def ping(namespace, host, count=3):
    """How many echo requests were answered."""
    text = sh("ip", "netns", "exec", namespace.name, "ping", "-n", "-c", count, "-i", "0.1", "-W",
              "1", host, check=False, timeout=count + 10)
    return int(re.search(r"(\d+) received", text).group(1))
