#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A real gRPC server of the health protocol: grpc_server.py PORT STATUS_FILE [KEY CERTIFICATE].

Each answer is the number in the file; for services other than "" and "shop" it is NOT_FOUND.  Debian's
grpcio has no package of the health service, so the two messages of one field are written here.
"""

import sys
import time
from concurrent import futures

import grpc


def check(request, context):
    if request not in (b"", b"\x0a\x04shop"):
        context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
    with open(sys.argv[2], encoding="ascii") as file:
        return bytes([8, int(file.read())])


def main():
    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
        "grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(check)}),))
    address = f"0.0.0.0:{sys.argv[1]}"
    if len(sys.argv) > 3:
        pair = []
        for name in sys.argv[3:5]:
            with open(name, "rb") as file:
                pair.append(file.read())
        server.add_secure_port(address, grpc.ssl_server_credentials([tuple(pair)]))
    else:
        server.add_insecure_port(address)
    server.start()
    while True:
        time.sleep(60)


main()
