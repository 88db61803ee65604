# SPDX-License-Identifier: BSD-3-Clause
"""Probes over HTTP/2 and TLS, of real servers: nghttpd, gRPC's own, and certificates."""

import contextlib
import os
import shutil
import subprocess

from labkit import config
from labkit.netns import sh
from labkit.skip import Skip
from labkit.topology import backend4

GROUPS = ("one",)
PYTHON = "/usr/bin/python3"  # Debian's, which has its grpcio
GRPC_SERVER = os.path.join(os.path.dirname(__file__), "labkit/grpc_server.py")
QUICK = {"interval": "1s", "timeout": "1s", "rise": 1, "fall": 2}
PORTS = {"h2c": 8443, "h2": 8444, "grpc": 8445, "grpcs": 8446}
TLS = {"host": "www.lab", "verify": True}


def certificate(folder):
    """For www.lab, signed by itself, and good for a day."""
    sh("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
       "/CN=www.lab", "-addext", "subjectAltName=DNS:www.lab", "-keyout", f"{folder}/key",
       "-out", f"{folder}/cert")


@contextlib.contextmanager
def servers(lab, folder):
    key, cert, status = (f"{folder}/{name}" for name in ("key", "cert", "status"))
    commands = [["nghttpd", "--no-tls", "-d", folder, str(PORTS["h2c"])],
                ["nghttpd", "-d", folder, str(PORTS["h2"]), key, cert],
                [PYTHON, GRPC_SERVER, str(PORTS["grpc"]), status],
                [PYTHON, GRPC_SERVER, str(PORTS["grpcs"]), status, key, cert]]
    children = [lab.network.backends["web1"].spawn(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for command in commands]
    try:
        yield
    finally:
        for child in children:
            child.kill()
            child.wait(timeout=10)


def pool(pool_name, port, **health):
    return config.pool(pool_name, config.backends(["web1"], backend4, PORTS[port]),
                       health={**QUICK, **health})


def pools(folder):
    ca = {**TLS, "ca_file": f"{folder}/cert"}
    return [pool("h2c", "h2c", type="http", http_version="2", path="/status"),
            pool("h2", "h2", type="https", http_version="2", path="/status", **ca),
            pool("grpc", "grpc", type="grpc"),
            pool("shop", "grpc", type="grpc", name="shop"),
            pool("nowhere", "grpc", type="grpc", name="nowhere"),
            pool("grpcs", "grpcs", type="grpcs", **ca),
            pool("unsigned", "h2", type="https", http_version="2", **TLS),
            pool("other", "h2", type="https", http_version="2", **{**ca, "host": "mail.lab"})]


def found(lab, name):
    return lab.control.backend(name, "web1")["last_probe"]


def write(path, text):
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(path + ".new", path)


def test_http2_and_grpc(lab):
    if not shutil.which("nghttpd") or subprocess.run([PYTHON, "-c", "import grpc"], check=False,
                                                     capture_output=True).returncode:
        raise Skip("no nghttpd or grpcio: tools/setup lab installs them")
    folder = f"{lab.session.dir}/http2"
    os.makedirs(folder)
    certificate(folder)
    write(f"{folder}/status", "1")
    settings = lab.config()
    settings["pools"] += pools(folder)
    with servers(lab, folder):
        lab.reload(settings)
        for name in ("h2c", "h2", "grpc", "shop", "grpcs"):
            lab.control.wait_state(name, "web1", "up", patience=20)
        well = {name: found(lab, name) for name in ("h2c", "h2", "grpc", "shop", "grpcs")}
        for name in ("nowhere", "unsigned", "other"):
            lab.control.wait_state(name, "web1", "down", patience=20)
        unwell = {name: found(lab, name) for name in ("nowhere", "unsigned", "other")}
        rows = {row["pool"]: row for row in lab.control.show("health")}
        write(f"{folder}/status", "2")
        lab.control.wait_state("grpcs", "web1", "down", patience=20)
        refused = found(lab, "grpcs")
    lab.reload(lab.config())
    lab.control.wait_all_up()
    assert well == {"h2c": "HTTP 200", "h2": "HTTP 200", "grpc": "gRPC: SERVING",
                    "shop": "gRPC: SERVING", "grpcs": "gRPC: SERVING"}, well
    assert unwell["nowhere"] == "gRPC: no such service: unknown service", unwell
    assert "certificate" in unwell["unsigned"], unwell
    assert "mail.lab" in unwell["other"], unwell
    assert refused == "gRPC: NOT_SERVING", refused
    for name in ("h2", "grpcs"):
        assert 86400 - 600 < rows[name]["certificate_expires_in_s"] <= 86400, rows[name]
    assert "certificate_expires_in_s" not in rows["h2c"], rows["h2c"]
    with open(lab.appliance.log_file, encoding="utf-8") as log:
        told = [line for line in log if "backend h2/web1 has a certificate" in line]
    assert len(told) == 1, told
    assert told[0].rstrip().endswith(("expires in 23 hours", "expires in 24 hours")), told
