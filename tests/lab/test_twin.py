# SPDX-License-Identifier: BSD-3-Clause
"""The kernel twin: the host's own services and neighbours work through a DPDK port."""

import contextlib
import os
import socket
import subprocess
import threading

from labkit import client
from labkit.links import mac, neighbour
from labkit.skip import Skip
from labkit.topology import CLIENT4, LAN4, VIP4, VIP6, WAN4, WAN6, backend4

GROUPS = ("one", "tap")
ANSWER = b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nself"


@contextlib.contextmanager
def server(lab, port=8000):
    """A web server of the host itself, in the balancer's namespace."""
    with lab.balancer.entered():
        listener = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.recv(4096)
                connection.sendall(ANSWER)
                connection.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield port
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_curl_to_the_host_itself(lab):
    with server(lab) as port:
        for address in (WAN4, WAN6):
            assert client.get(lab.client, address, port=port) == "self"
        assert client.get(lab.network.backends["web1"], LAN4, port=port) == "self"


def test_curl_from_the_host_itself(lab):
    assert client.get(lab.balancer, backend4("web1"), port=8080).strip() == "web1"


def test_arp_and_neighbour_discovery(lab):
    twin = mac(lab.balancer, "sy-wan")
    lab.client.run("ip", "neigh", "flush", "all")
    for address in (WAN4, WAN6, VIP4, VIP6):
        assert client.ping(lab.client, address, 1) == 1, address
        assert neighbour(lab.client, address) == twin, address
    # The other way: the host finds its neighbours through the port.
    assert client.ping(lab.balancer, CLIENT4, 1) == 1
    assert neighbour(lab.balancer, CLIENT4) == mac(lab.client, "eth0")


def test_ssh_to_the_host_itself(lab):
    if not os.path.exists("/usr/sbin/sshd"):
        raise Skip("openssh-server is not installed")
    home = f"{lab.session.dir}/ssh"
    os.makedirs(home, mode=0o700, exist_ok=True)
    os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
    for key in ("host", "user"):
        if not os.path.exists(f"{home}/{key}"):
            lab.client.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{home}/{key}")
    lab.balancer.spawn(["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-h", f"{home}/host",
                        "-o", f"AuthorizedKeysFile={home}/user.pub", "-o", "StrictModes=no",
                        "-o", "PermitRootLogin=yes", "-o", "UsePAM=no", "-o", "PidFile=none",
                        "-p", "2222"], stderr=subprocess.DEVNULL)
    said = lab.client.run(
        "ssh", "-i", f"{home}/user", "-p", "2222", "-o", "StrictHostKeyChecking=no", "-o",
        f"UserKnownHostsFile={home}/known", "-o", "ConnectionAttempts=5", "-o", "BatchMode=yes",
        f"root@{WAN4}", "echo hello from the balancer")
    assert said.strip() == "hello from the balancer", said
