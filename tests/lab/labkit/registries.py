# SPDX-License-Identifier: BSD-3-Clause
"""Recorded servers, on the balancer's loopback, in place of a Consul agent and a Kubernetes API server,
which cannot run here: Debian 12 has no Consul, and Kubernetes wants a cluster.

They are not the real ones. They answer in their real messages' forms, taken from the documentation of
Consul 1.17 (health endpoint, blocking queries) and of Kubernetes 1.28 (EndpointSlice
discovery.k8s.io/v1; list, watch in chunks, bookmarks, 410 Gone), and keep to what those say about
indexes and versions. A test changes what they know, and they tell whoever waits."""

import contextlib
import http.server
import json
import threading
import time
import urllib.parse

CONSUL_PORT, KUBERNETES_PORT = 8500, 6443


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments):
        pass

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        self.server.asked.append(self.path)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.server.answer(self, url.path, query)

    def send(self, status, body, **headers):
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(data),
                            **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(data)

    def begin_chunks(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, text):
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


class _Registry(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, lab, port):
        with lab.balancer.entered():
            super().__init__(("127.0.0.1", port), _Handler)
        self.changed = threading.Condition()
        self.ended = False
        self.asked = []  # paths
        self.broken = None  # what is answered to everything, instead of the truth
        self.token = None  # which is wanted

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_exc):
        with self.changed:
            self.ended = True
            self.changed.notify_all()
        self.shutdown()
        self.server_close()

    def break_down(self, status, body):
        """Nothing but this from now on, also for those who wait; (None, None): the truth again."""
        with self.changed:
            self.broken = (status, body) if status else None
            self.changed.notify_all()


class Consul(_Registry):
    """An agent with one service, "web", in the datacenter dc1."""

    def __init__(self, lab, port=CONSUL_PORT):
        super().__init__(lab, port)
        self.index = 100
        self.restored = 0  # times
        self.instances = {}  # id: (address, port, weight, passing)

    def put(self, name, address, port, weight=1, passing=True):
        with self.changed:
            self.instances[name] = (address, port, weight, passing)
            self.index += 1
            self.changed.notify_all()

    def remove(self, *names):
        with self.changed:
            for name in names:
                del self.instances[name]
            self.index += 1
            self.changed.notify_all()

    def restore(self, index):
        """As after the restoration of a snapshot: the index goes backwards."""
        with self.changed:
            self.index = index
            self.restored += 1
            self.changed.notify_all()

    def answer(self, handler, path, query):
        if self.token and handler.headers.get("X-Consul-Token") != self.token:
            handler.send(403, "Permission denied", Content_Type="text/plain")
        elif path != "/v1/health/service/web" or query.get("dc", "dc1") != "dc1":
            handler.send(500, "No path to datacenter", Content_Type="text/plain")
        else:
            self._wait(int(query.get("index", 0)), query.get("wait", "300000ms"))
            with self.changed:
                broken, index = self.broken, self.index
                rows = [self._row(name) for name, row in sorted(self.instances.items())
                        if row[3] or "passing" not in query]
            if broken:
                handler.send(*broken, X_Consul_Index=index)
            else:
                handler.send(200, rows, X_Consul_Index=index, X_Consul_KnownLeader="true",
                             X_Consul_LastContact=0)

    def _wait(self, index, wait):
        assert wait.endswith("ms"), wait
        with self.changed:
            restored = self.restored
            # It blocks as long as nothing is newer, unless all is restored; an index of 0 never blocks.
            self.changed.wait_for(lambda: (self.index > index or self.restored > restored or self.broken or
                                           self.ended),
                                  timeout=float(wait[:-2]) / 1000 if index > 0 else 0)

    def _row(self, name):
        address, port, weight, passing = self.instances[name]
        return {
            "Node": {"ID": "40e4a748-2192-161a-0510-9bf59fe950b5", "Node": f"node-{name}",
                     "Address": "10.0.0.250", "Datacenter": "dc1",
                     "TaggedAddresses": {"lan": "10.0.0.250", "wan": "10.0.0.250"},
                     "Meta": {"consul-network-segment": ""}, "CreateIndex": 12, "ModifyIndex": 13},
            "Service": {"ID": name, "Service": "web", "Tags": [], "Address": address,
                        "TaggedAddresses": {"lan_ipv4": {"Address": address, "Port": port}},
                        "Meta": None, "Port": port, "Weights": {"Passing": weight, "Warning": 1},
                        "EnableTagOverride": False, "Proxy": {"Mode": "", "MeshGateway": {}},
                        "Connect": {}, "PeerName": "", "CreateIndex": 14, "ModifyIndex": 14},
            "Checks": [{"Node": f"node-{name}", "CheckID": f"service:{name}",
                        "Name": "Service 'web' check", "Status": "passing" if passing else "critical",
                        "Notes": "", "Output": "HTTP GET: 200 OK", "ServiceID": name,
                        "ServiceName": "web", "ServiceTags": [], "Type": "http", "Definition": {},
                        "CreateIndex": 14, "ModifyIndex": 15}]}


class Kubernetes(_Registry):
    """An API server with the EndpointSlices of one service, "web", in the namespace "shop"."""

    PATH = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"

    def __init__(self, lab, port=KUBERNETES_PORT):
        super().__init__(lab, port)
        self.version = 1000
        self.oldest = 0  # a watch from an older version is too late
        self.slices = {}
        self.events = []  # (version, type, object)
        self.cut = 0  # watches that began before are ended
        self.n_watches = 0

    def apply(self, name, endpoints, port=8080, address_type="IPv4"):
        """endpoints: (pod, address, {condition: truth})"""
        with self.changed:
            kind = "MODIFIED" if name in self.slices else "ADDED"
            self.version += 1
            self.slices[name] = self._slice(name, endpoints, port, address_type)
            self.events.append((self.version, kind, self.slices[name]))
            self.changed.notify_all()

    def remove(self, name):
        with self.changed:
            self.version += 1
            gone = self.slices.pop(name)
            gone["metadata"]["resourceVersion"] = str(self.version)
            self.events.append((self.version, "DELETED", gone))
            self.changed.notify_all()

    def expire(self):
        """The past is forgotten, watches included: they are told 410."""
        with self.changed:
            self.version += 1
            self.oldest = self.version
            self.events.clear()
            self.changed.notify_all()

    def hang_up(self):
        """Ends all watches, as a server does that restarts or thinks it is time."""
        with self.changed:
            self.cut += 1
            self.changed.notify_all()

    def answer(self, handler, path, query):
        if self.broken:
            handler.send(*self.broken)
        elif self.token and handler.headers.get("Authorization") != f"Bearer {self.token}":
            handler.send(401, self._status(401, "Unauthorized", "Unauthorized"))
        elif path != self.PATH or query.get("labelSelector") != "kubernetes.io/service-name=web":
            handler.send(404, self._status(404, "NotFound", "the server could not find it"))
        elif "watch" in query:
            self._watch(handler, query)
        else:
            with self.changed:
                items = {"kind": "EndpointSliceList", "apiVersion": "discovery.k8s.io/v1",
                         "metadata": {"resourceVersion": str(self.version)},
                         "items": list(self.slices.values())}
            handler.send(200, items)

    def _watch(self, handler, query):
        at, cut = int(query["resourceVersion"]), self.cut
        end = time.monotonic() + float(query["timeoutSeconds"])
        handler.begin_chunks()
        self.n_watches += 1
        while not self.ended and not self.broken and self.cut == cut and time.monotonic() < end:
            with self.changed:
                if at < self.oldest:
                    gone = self._status(410, "Expired", f"too old resource version: {at}")
                    news = [("ERROR", gone)]
                else:
                    news = [(kind, item) for version, kind, item in self.events if version > at]
                    at = self.version
                if not news:
                    self.changed.wait(0.5)
            for kind, item in news:
                handler.chunk(json.dumps({"type": kind, "object": item}) + "\n")
            if not news and query.get("allowWatchBookmarks") == "true":
                handler.chunk(json.dumps({"type": "BOOKMARK", "object": {
                    "kind": "EndpointSlice", "apiVersion": "discovery.k8s.io/v1",
                    "metadata": {"resourceVersion": str(at), "creationTimestamp": None},
                    "addressType": "", "endpoints": None, "ports": None}}) + "\n")
            if news and news[0][0] == "ERROR":
                break
        handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = True

    @staticmethod
    def _status(code, reason, message):
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                "message": message, "reason": reason, "code": code}

    def _slice(self, name, endpoints, port, address_type):
        return {
            "metadata": {"name": name, "generateName": "web-", "namespace": "shop",
                         "uid": "a6b0b4fb-5f2c-4d8c-8c7f-3f6f2e0a3a11",
                         "resourceVersion": str(self.version), "generation": 3,
                         "creationTimestamp": "2023-11-01T10:00:00Z",
                         "labels": {"kubernetes.io/service-name": "web",
                                    "endpointslice.kubernetes.io/managed-by":
                                        "endpointslice-controller.k8s.io"}},
            "addressType": address_type,
            "endpoints": [{"addresses": [address],
                           "conditions": {"ready": True, "serving": True, "terminating": False,
                                          **conditions},
                           "targetRef": {"kind": "Pod", "namespace": "shop", "name": pod,
                                         "uid": "5f2c4d8c-8c7f-4f6f-8e0a-3a11a6b0b4fb"},
                           "nodeName": "node-1", "zone": "eu-central-1a"}
                          for pod, address, conditions in endpoints],
            "ports": [{"name": "http", "protocol": "TCP", "port": port},
                      {"name": "metrics", "protocol": "TCP", "port": 9090}]}
