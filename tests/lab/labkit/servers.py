# SPDX-License-Identifier: BSD-3-Clause
"""Real servers in the backend namespaces: nginx for HTTP, dnsmasq for DNS."""

import contextlib
import os
import signal
import socket
import subprocess
import time

from .netns import kill_all
from .topology import backend4, backend6

HTTP_PORT = 8080
TOLD_PORT = 8081 # the same, behind a header of the PROXY protocol
DNS_NAME = "who.lab"
BIG_BYTES = 4 << 20

# The access log is what the tests count requests by; probes of /health go to a log of their own.
NGINX = """\
daemon off;
user root;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {dir}/nginx.pid;
error_log {dir}/error.log error;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  log_format short '$status $request_uri $remote_addr';
  client_body_temp_path {dir}/body;
  proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 120s;
  client_max_body_size 64m;
  server {{
    listen {port} backlog=4096;
    listen [::]:{port} backlog=4096;
    root {dir}/www;
    default_type text/plain;
    access_log {dir}/access.log short;
    location = / {{ return 200 '{name}\\n'; }}
    location = /whoami {{ return 200 '-\\n'; }}
    location /put/ {{ dav_methods PUT; create_full_put_path on; }}
    location = /health {{ access_log {dir}/health.log short; try_files /alive =503; }}
    location = /upload {{ return 200 '{name}\\n'; }}
    location = /big {{ }}
    location = /slow {{ limit_rate 256k; alias {dir}/www/big; }}
  }}
  server {{
    listen {told_port} proxy_protocol;
    listen [::]:{told_port} proxy_protocol;
    root {dir}/www;
    default_type text/plain;
    location = /whoami {{ return 200 '$proxy_protocol_addr $proxy_protocol_port\\n'; }}
    location = /big {{ }}
    location /put/ {{ dav_methods PUT; create_full_put_path on; }}
  }}
}}
"""


class Backend:
    def __init__(self, name, namespace, directory):
        self.name = name
        self.namespace = namespace
        self.dir = f"{directory}/{name}"
        self.nginx = None

    def prepare(self):
        os.makedirs(f"{self.dir}/www", exist_ok=True)
        with open(f"{self.dir}/nginx.conf", "w", encoding="ascii") as file:
            file.write(NGINX.format(dir=self.dir, name=self.name, port=HTTP_PORT,
                                    told_port=TOLD_PORT))
        with open(f"{self.dir}/www/big", "wb") as file:
            file.write((self.name.encode() + b"\n").ljust(16, b".") * (BIG_BYTES // 16))

        self.say_healthy(True)

    def say_healthy(self, healthy):
        """What /health answers: 200, or 503 while everything else is still served."""
        alive = f"{self.dir}/www/alive"
        if healthy:
            with open(alive, "w", encoding="ascii") as file:
                file.write("ok\n")
        else:
            os.unlink(alive)

    def restore(self):
        """Healthy and running, whatever has been done to it."""
        self.say_healthy(True)
        if self.nginx.poll() is not None:
            self.start()
        self.signal(signal.SIGCONT)

    def start(self):
        """Returns once nginx accepts connections."""
        with open(f"{self.dir}/stderr.log", "ab") as log:
            self.nginx = self.namespace.spawn(
                ["nginx", "-p", self.dir, "-c", f"{self.dir}/nginx.conf", "-e",
                 f"{self.dir}/error.log"], stdout=log, stderr=log)
        self._wait_for_listener()

    def _wait_for_listener(self, patience=5.0):
        end = time.monotonic() + patience
        while time.monotonic() < end and self.nginx.poll() is None:
            with self.namespace.entered(), contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", HTTP_PORT), timeout=1).close()
                return
            time.sleep(0.02)
        with open(f"{self.dir}/stderr.log", encoding="utf-8", errors="replace") as log:
            raise RuntimeError(f"nginx of {self.name} did not start: {log.read().strip()}")

    def start_dns(self):
        self.namespace.spawn(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
             "--user=root", "--pid-file=", f"--address=/{DNS_NAME}/{backend4(self.name)}",
             f"--address=/{DNS_NAME}/{backend6(self.name)}", "--port=53"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self):
        """As a crash does it: no farewell; the kernel resets what was open."""
        self.signal(signal.SIGKILL)
        self.nginx.wait(timeout=5)

    def signal(self, signum):
        """To nginx and its worker: SIGSTOP and SIGCONT as well."""
        for pid in self._nginx_pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signum)

    def _nginx_pids(self):
        pid = self.nginx.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [pid, *map(int, file.read().split())]

    def stop_all(self):
        kill_all(self.namespace.name)

    def requests(self, path=None):
        """How many requests the access log holds (those for one path only, when given)."""
        try:
            with open(f"{self.dir}/access.log", "rb") as log:
                data = log.read()
        except FileNotFoundError:
            return 0
        return data.count(b"\n") if path is None else data.count(b" " + path.encode() + b" ")

    def forget_requests(self):
        with contextlib.suppress(FileNotFoundError):
            os.truncate(f"{self.dir}/access.log", 0)
