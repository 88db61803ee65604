# SPDX-License-Identifier: BSD-3-Clause
"""What servers send of their own: to a host outside, from addresses of the balancer's, and back."""

import contextlib
import time

from labkit import client
from labkit.topology import CLIENT4, CLIENT6, VIP4

GROUPS = ("one", "two")
OUT4, OUT6 = "192.0.2.90", "2001:db8:1::90"
RULES = [{"name": "out4", "from": ["10.0.0.0/24"], "to": [OUT4]},
         {"name": "out6", "from": ["2001:db8:2::/64"], "to": [OUT6]}]
PORT = 8099
# Answers each connection with the address that it comes from.
SERVER = """
import socket
server = socket.create_server(("::", %d), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    connection, peer = server.accept()
    connection.sendall(peer[0].removeprefix("::ffff:").encode())
    connection.close()
""" % PORT
ASK = ("import socket, sys; c = socket.create_connection((sys.argv[1], %d), 3); "
       "print(c.recv(100).decode())" % PORT)


def wait_listening(lab, patience=10.0):
    end = time.monotonic() + patience
    while True:
        try:
            return client.connect(lab.client, CLIENT4, PORT).close()
        except ConnectionRefusedError:
            assert time.monotonic() < end, "the server outside does not listen"
            time.sleep(0.05)


@contextlib.contextmanager
def outside(lab):
    """Rules in force, and a server that servers ask."""
    server = lab.client.spawn(["python3", "-c", SERVER])
    lab.reload({**lab.config(), "snat": RULES})
    try:
        wait_listening(lab)
        yield
    finally:
        server.kill()
        server.wait()
        lab.reload(lab.config())


def test_snat_tcp_and_ping(lab):
    with outside(lab):
        for name in ("web1", "web2", "web3"):
            backend = lab.network.backends[name]
            for host, address in ((CLIENT4, OUT4), (CLIENT6, OUT6)):
                seen = {backend.run("python3", "-c", ASK, host).strip() for _ in range(8)}
                assert seen == {address}, seen
                backend.run("ping", "-c", "3", "-i", "0.2", "-W", "2", host)
        rows = {row["name"]: row for row in lab.control.show("services")}
        assert rows["out4"]["flows_created"] >= 27 and rows["out4"]["mode"] == "snat", rows
        # The service is as it was.
        lab.client.run("curl", "--silent", "--fail", "--max-time", "5", f"http://{VIP4}/")
