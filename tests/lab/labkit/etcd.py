# SPDX-License-Identifier: BSD-3-Clause
"""A real etcd beside the appliance, on the balancer's loopback; etcdctl changes it."""

import json
import shutil
import subprocess
import time

from .netns import CommandError, sh
from .skip import Skip

URL = "http://127.0.0.1:2379"
BY_NAME = "http://localhost:2379"
PREFIX = "/steelyard/found/"


class Etcd:
    """With tls, over HTTPS, with a certificate that self.certificate is the authority of."""

    def __init__(self, lab, tls=False):
        if not shutil.which("etcd") or not shutil.which("etcdctl"):
            raise Skip("no etcd: tools/setup lab installs it")
        self.namespace = lab.balancer
        self.dir = f"{lab.session.dir}/etcd"
        self.certificate = f"{lab.session.dir}/etcd.pem"
        self.child = None
        self.url, self.options, self.ctl_options = URL, [], []
        if tls:
            self._make_certificate()
        shutil.rmtree(self.dir, ignore_errors=True)

    def _make_certificate(self):
        key = f"{self.certificate}.key"
        sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
           "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2",
           "-keyout", key, "-out", self.certificate)
        self.url = "https://127.0.0.1:2379"
        self.options = ["--cert-file", self.certificate, "--key-file", key]
        self.ctl_options = ["--cacert", self.certificate]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_exc):
        self.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self, patience=15):
        self.child = self.namespace.spawn(
            ["etcd", "--data-dir", self.dir, "--listen-client-urls", self.url, "--advertise-client-urls",
             self.url, "--listen-peer-urls", "http://127.0.0.1:2380", "--log-level", "error",
             *self.options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + patience
        while True:
            try:
                self.ctl("get", "x")
                return
            except CommandError:
                assert time.monotonic() < end, "etcd did not start"
                time.sleep(0.05)

    def kill(self):
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child = None

    def ctl(self, *arguments):
        return self.namespace.run("etcdctl", "--endpoints", self.url, *self.ctl_options, "--dial-timeout", "1s",
                                  "--command-timeout", "5s", *arguments)

    def want_password(self, password):
        """From everybody, who has to be root with it."""
        self.ctl("user", "add", f"root:{password}")
        self.ctl("user", "grant-role", "root", "root")
        self.ctl("auth", "enable")
        self.ctl_options += ["--user", f"root:{password}"]

    def put(self, name, **backend):
        self.ctl("put", PREFIX + name, json.dumps(backend))

    def delete(self, name):
        self.ctl("del", PREFIX + name)

    def empty(self):
        self.ctl("del", "--prefix", PREFIX)

    def compact(self):
        """Forgets all that was before now."""
        status = json.loads(self.ctl("endpoint", "status", "-w", "json"))
        self.ctl("compact", status[0]["Status"]["header"]["revision"])
