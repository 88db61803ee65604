# SPDX-License-Identifier: BSD-3-Clause
"""The guided tour: what an operator asks and orders, with what to look at in each answer.

A stop on the tour is a function.  It tells what happens, runs real commands, and holds what came of
them against what it says, so that a tour that ends has told the truth.
"""

import os
import select
import shlex
import subprocess
import sys
import textwrap
import time

from director import percent
from labkit import client, config
from labkit.load import Load, failed
from labkit.servers import HTTP_PORT
from labkit.topology import CLIENT4, VIP4, backend4

RATE = 100
NAMES = ("web1", "web2", "web3")
WIDTH = 90
READ_S = 15  # for a person to read an answer
PATIENCE_S = 15
ROUNDS = 8


def settings(lab):
    """One service of three backends, whose hosts are pinged: what clients meet is another matter."""
    made = lab.config()
    pool = config.pool("web", config.backends(NAMES, backend4, HTTP_PORT),
                       health={"type": "icmp", "interval": "500ms", "timeout": "400ms"},
                       passive={**config.PASSIVE, "clients": 1}, scheduler="wlc")
    made.update(pools=[pool], services=[config.service("www", VIP4, 80, "web")])
    return made


class Guide:
    def __init__(self, lab, pace, out=sys.stdout):
        self.lab, self.pace, self.out = lab, pace, out
        self.live = out.isatty()
        self.load = Load(lab.client, VIP4, rate=RATE)
        self.n_stops = 0

    def _print(self, text=""):
        print(text, file=self.out, flush=True)

    def _style(self, text, code):
        return f"\x1b[{code}m{text}\x1b[0m" if self.live and not os.environ.get("NO_COLOR") else text

    def title(self, text):
        self.n_stops += 1
        head = f"{self.n_stops}. {text}"
        self._print("\n" + self._style(head, 1) + "\n" + "-" * len(head))

    def say(self, text):
        self._print("\n" + textwrap.fill(text, WIDTH))

    def pause(self, seconds=READ_S):
        """Time to read; Enter goes on at once."""
        if self.live and sys.stdin.isatty():
            if select.select([sys.stdin], [], [], seconds * self.pace)[0]:
                sys.stdin.readline()
        else:
            time.sleep(seconds * self.pace)

    def show(self, command, answer):
        """A command as it would be typed, and what it said."""
        self._print("\n  " + self._style(f"$ {command}", 36))
        for row in answer.rstrip("\n").splitlines():
            self._print(f"  {row.rstrip()}")

    def run(self, *words, read_s=READ_S):
        answer = self.lab.control.run(*words)
        self.show(shlex.join(["steelyardctl", *map(str, words)]), answer)
        self.pause(read_s)
        return answer

    def shares(self, right):
        """Who answers the requests of a second, {name: share}, once that is right: those that were under way
        before, and a machine that is busy, get a few seconds more."""
        for _ in range(ROUNDS):
            time.sleep(0.4)
            before = self.load.now()["by_backend"]
            time.sleep(1)
            now = self.load.now()["by_backend"]
            counts = {name: now[name] - before.get(name, 0) for name in now}
            total = max(sum(counts.values()), 1)
            shares = {name: n / total for name, n in sorted(counts.items()) if n}
            if right(shares):
                return shares
        raise RuntimeError(f"the tour told something else: {percent(shares)}")


def expect(right, what):
    if not right:
        raise RuntimeError(f"the tour told something else: {what}")


def wait_state(guide, name, state):
    return guide.lab.control.wait_state("web", name, state, PATIENCE_S)


def explain(guide):
    guide.title("explain: why is this client on that backend?")
    connection = client.connect(guide.lab.client, VIP4)
    name = client.ask(connection).strip()
    port = connection.getsockname()[1]
    guide.say(f"A client, {CLIENT4} port {port}, has just opened a connection to {VIP4}, and {name} "
              "answered. A user calls: why there? Look at the steps \"flow\", \"reason\" and \"version\": "
              "where it is, why, and what else the scheduler could have chosen.")
    told = guide.run("explain", f"{CLIENT4}:{port}", f"{VIP4}:80/tcp")
    expect(f"web/{name}" in told, told)
    guide.say("And a client who has not come yet? The table has each backend's score as the scheduler "
              "would see it now: \">\" marks the one that he would get.")
    told = guide.run("explain", f"{CLIENT4}:2000", f"{VIP4}:80/tcp")
    expect("SCORE" in told, told)
    connection.close()


def drain(guide):
    guide.title("drain: take a server out for maintenance, and lose nobody")
    held = {}
    while len(held) < len(NAMES):
        connection = client.connect(guide.lab.client, VIP4)
        if held.setdefault(client.ask(connection).strip(), connection) is not connection:
            connection.close()
    begun = failed(guide.load.now())
    guide.say("web1 wants a new kernel. Drained, it gets no new connections, and keeps those that it "
              "has. A long download stands open on it.")
    guide.run("drain", "web1", read_s=3)
    guide.say("Look at web1's state, and at how many of its flows are left of those that it had.")
    guide.run("show", "backends")
    shares = guide.shares(lambda found: found and "web1" not in found)
    guide.say(f"New requests of the last second: {percent(shares)}. The download: "
              f"{client.ask(held['web1']).strip()} still answers. When it is over, web1 can go.")
    guide.run("enable", "web1", read_s=3)
    wait_state(guide, "web1", "up")
    lost = failed(guide.load.now()) - begun
    guide.say(f"Requests that failed on the way: {lost}.")
    expect(lost < 5, f"{lost} requests failed")
    for connection in held.values():
        connection.close()
    guide.pause(5)


def edit(guide, change):
    """The file, changed by a person with an editor."""
    made = settings(guide.lab)
    change(made)
    guide.lab.appliance.write(made)


def rollback(guide):
    guide.title("rollback: a bad evening's reload, undone")

    def mistake(made):
        del made["pools"][0]["backends"][1:]

    guide.say("Somebody has edited the configuration and taken out two backends instead of one. diff "
              "tells what a reload would change before it does: each line starts with what happens.")
    edit(guide, mistake)
    guide.run("diff")
    guide.say("Nobody looked, and it was reloaded. Nothing breaks: open connections stay. But one server "
              "has all the work now.")
    guide.run("reload", read_s=3)
    shares = guide.shares(lambda found: set(found) == {"web1"})
    guide.say(f"New requests of the last second: {percent(shares)}.")
    guide.say("Every configuration that was in force is kept, with its number, its time, and who loaded "
              "it. rollback takes the one before.")
    guide.run("history", read_s=6)
    guide.run("rollback", read_s=3)
    guide.lab.control.wait_all_up()
    shares = guide.shares(lambda found: set(found) == set(NAMES))
    guide.say(f"New requests of the last second: {percent(shares)}.")
    guide.lab.appliance.write(settings(guide.lab))
    guide.pause(5)


def ejection(guide):
    guide.title("ejection: a server that answers ping, and no client")
    before = failed(guide.load.now())
    guide.say("kill -9 to nginx on web3. Its host is well and answers every probe, which is a ping "
              "here: probes see nothing. Clients' connections do.")
    guide.lab.backends["web3"].kill()
    took = wait_state(guide, "web3", "ejected")
    guide.say("Look at web3: the reason, and for how long it gets no clients. After that it is given a "
              "trial, and a longer time out if that fails.")
    guide.run("show", "health")
    lost = failed(guide.load.now()) - before
    guide.say(f"It took {took:.1f} s and cost {lost} requests at {RATE} a second; those after it went to "
              "web1 and web2. Now nginx starts again, and nobody orders anything:")
    guide.lab.backends["web3"].start()
    back = wait_state(guide, "web3", "up")
    guide.say(f"web3 is back {back:.1f} s later: its trial went well.")
    guide.run("show", "backends")


def capture(guide):
    guide.title("capture: the packets, with what became of each")
    file = f"{guide.lab.session.dir}/web.pcapng"
    guide.say("tcpdump shows packets. This shows the balancer's verdict too, as a comment on each packet, "
              "in a file that Wireshark opens.")
    guide.run("capture", "-w", file, "--filter", "tcp port 80 or tcp port 8080", "--count", 12,
              "--seconds", 10, read_s=3)
    guide.say("Look at the pairs: a packet comes to the virtual address, and leaves to a backend; the "
              "last column is the verdict.")
    read = ["tshark", "-r", file, "-T", "fields", "-e", "ip.src", "-e", "ip.dst", "-e",
            "frame.comment"]
    answer = subprocess.run(read, text=True, capture_output=True, check=True, timeout=30).stdout
    guide.show(shlex.join(read), answer)
    expect("service www" in answer, answer)
    guide.pause()


STOPS = (explain, drain, rollback, ejection, capture)


def tell(lab, pace):
    """All stops; returns the closing lines."""
    guide = Guide(lab, pace)
    guide.say(f"The lab: a client ({CLIENT4}) asks www ({VIP4}) for pages, {RATE} times a second. The "
              f"balancer gives each request to one of three nginx servers. Commands after \"$\" are run "
              "as you see them" + ("; Enter goes on." if guide.live else "."))
    guide.pause(6)
    begun = time.monotonic()
    for stop in STOPS:
        stop(guide)
    report = guide.load.stop()
    return ["", f"The tour took {time.monotonic() - begun:.0f} s; {report['ok']} requests were answered and "
            f"{failed(report)} failed."]
