# SPDX-License-Identifier: BSD-3-Clause
"""A real QUIC server and client (ngtcp2's), whose connection IDs name the server."""

import os
import subprocess
import time

from .appliance import BUILD
from .netns import sh
from .skip import Skip

PORT = 4433
KEY = "8f95f09245765f80256934e50c66207f"
CONFIGS = {"configs": [{"rotation": 1, "server_id_length": 8, "nonce_length": 9, "key": KEY}]}
SERVER, CLIENT = "/usr/sbin/gtlsserver", "/usr/bin/gtlsclient"
PRELOAD = os.path.join(BUILD, "tests/lab/quic/quic_server_ids.so")


def server_id(number):
    return f"5a17e00000{number:06x}"


def need_programs():
    for path in (SERVER, CLIENT):
        if not os.path.exists(path):
            raise Skip(f"{path} is missing: tools/setup lab installs it")


def start_server(backend, number):
    """Serves /name, which holds the backend's, until the lab ends."""
    folder = f"{backend.dir}/quic"
    os.makedirs(f"{folder}/www", exist_ok=True)
    sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
       "-nodes", "-days", 2, "-subj", "/CN=who.lab", "-keyout", f"{folder}/key.pem",
       "-out", f"{folder}/cert.pem")
    with open(f"{folder}/www/name", "w", encoding="ascii") as file:
        file.write(backend.name)
    environment = {**os.environ, "LD_PRELOAD": PRELOAD, "STEELYARD_QUIC_KEY": KEY,
                   "STEELYARD_QUIC_ID": server_id(number)}
    # env is in the namespace's command, for ip(8) is not to load the library.
    wanted = [f"{name}={environment[name]}"
              for name in ("LD_PRELOAD", "STEELYARD_QUIC_KEY", "STEELYARD_QUIC_ID")]
    with open(f"{folder}/log", "wb") as log:
        return backend.namespace.spawn(
            ["env", *wanted, SERVER, "-q", "-d", f"{folder}/www", "0.0.0.0", PORT,
             f"{folder}/key.pem", f"{folder}/cert.pem"], stdout=log, stderr=log)


def start_client(namespace, host, folder, *options, change_ms=300):
    """Changes its address so long after the handshake (to another port; or to what the route says
    by then), and asks for /name 400 ms later."""
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/log", "wb") as log:
        return namespace.spawn(
            [CLIENT, "-q", f"--change-local-addr={change_ms}ms",
             f"--delay-stream={change_ms + 400}ms",
             "--exit-on-all-streams-close", f"--download={folder}", *options, host, PORT,
             "https://who.lab/name"], stdout=log, stderr=log)


def answer(client, folder, patience=10.0):
    """The backend's name; a client without an answer is at fault, or its balancer."""
    try:
        code = client.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        client.kill()
        code = "none in time"
    with open(f"{folder}/log", encoding="utf-8", errors="replace") as log:
        assert code == 0, f"exit code {code}: {log.read().strip()[-400:]}"
    with open(f"{folder}/name", encoding="ascii") as file:
        return file.read()


def is_listening(namespace):
    return f":{PORT} " in namespace.run("ss", "-Hlun")


def wait_listening(namespace, patience=5.0):
    end = time.monotonic() + patience
    while not is_listening(namespace):
        assert time.monotonic() < end, "no QUIC server after five seconds"
        time.sleep(0.05)
