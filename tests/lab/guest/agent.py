# SPDX-License-Identifier: BSD-3-Clause
"""What the guest runs: it does what the host's harness asks over a virtio-serial port, one
request a line of JSON, one answer a line.  labkit/guest.py is the other end."""

import glob
import json
import os
import socket
import subprocess
import sys
import time

NOTIFY = "/run/notify.sock"
PATIENCE_S = 10


class Agent:
    def __init__(self):
        self.children = {}
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.notify.bind(NOTIFY)

    def run(self, argv, timeout, text=None):
        """A command to its end."""
        try:
            done = subprocess.run(argv, input=text, text=True, capture_output=True, timeout=timeout,
                                  check=False)
        except subprocess.TimeoutExpired:
            return {"code": -1, "out": "", "err": f"it did not end in {timeout} s"}
        except OSError as error:
            return {"code": -1, "out": "", "err": str(error)}
        return {"code": done.returncode, "out": done.stdout, "err": done.stderr}

    def spawn(self, argv, log, env):
        """A process that goes on; what it notifies is told by poll."""
        with open(log, "ab") as output:
            child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                     env={**os.environ, **env, "NOTIFY_SOCKET": NOTIFY})
        self.children[child.pid] = child
        return {"pid": child.pid}

    def poll(self, pid):
        notes = []
        try:
            while True:
                notes.append(self.notify.recv(4096).decode())
        except BlockingIOError:
            pass
        return {"code": self.children[pid].poll(), "notes": notes}

    def kill(self, pid, signum):
        self.children[pid].send_signal(signum)
        return {}


def port():
    """The only virtio-serial port, once the kernel has made it."""
    end = time.monotonic() + PATIENCE_S
    while not (found := glob.glob("/dev/vport*")):
        if time.monotonic() > end:
            sys.exit("guest: no virtio-serial port")
        time.sleep(0.05)
    return found[0]


def main():
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    agent = Agent()
    with open(port(), "r+b", buffering=0) as line:
        def say(answer):
            data = json.dumps(answer).encode() + b"\n"
            while data:
                data = data[line.write(data):]

        say({"ready": True})
        buffer = b""
        while True:
            data = line.read(65536)
            if not data:  # nobody is at the other end
                time.sleep(0.1)
            buffer += data
            while b"\n" in buffer:
                request, buffer = buffer.split(b"\n", 1)
                order = json.loads(request)
                number = order.pop("id")
                say({**getattr(agent, order.pop("do"))(**order), "id": number})


if __name__ == "__main__":
    main()
