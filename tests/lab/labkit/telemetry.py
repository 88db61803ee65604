# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's telemetry socket (protocol v2): one packet each way, JSON back."""

import json
import socket


class Telemetry:
    def __init__(self, path):
        self.path = path

    def ask(self, command):
        """The value that the command answers with."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.settimeout(5)
            connection.connect(self.path)
            greeting = json.loads(connection.recv(1024))
            connection.send(command.encode())
            answer = json.loads(connection.recv(greeting["max_output_len"]))
        return answer[command.split(",")[0]]

    def commands(self):
        return [name for name in self.ask("/") if name.startswith("/steelyard/")]
