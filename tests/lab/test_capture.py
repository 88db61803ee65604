# SPDX-License-Identifier: BSD-3-Clause
"""capture: files of real traffic, read back with tshark."""

import signal
import socket
import subprocess
import time

from labkit import capture, client
from labkit.control import PROGRAM, Refused
from labkit.topology import BACKENDS, CLIENT4, VIP4, WAN4, backend4

GROUPS = ("one",)
NOBODY = 8  # a port of no service
NAMES = {backend4(name): name for name in BACKENDS}


def lost_udp(lab, n, port=NOBODY):
    with lab.client.entered():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(n):
        sock.sendto(b"x" * 200, (VIP4, port))
    sock.close()


def wait_captured(found, patience=20.0):
    """Until the condition holds: what was sent has passed."""
    end = time.monotonic() + patience
    while not found():
        assert time.monotonic() < end, "the packets did not come"
        time.sleep(0.02)


def test_capture_tells_what_became_of_each(lab):
    with capture.running(lab, "--filter", f"tcp and host {CLIENT4}") as taken:
        served = [client.get(lab.client, VIP4).strip() for _ in range(6)]
        totals = taken.end()
        packets = taken.packets()
    assert totals["packets"] == len(packets) > 6 * 4 * 4 and totals["lost"] == 0, totals
    requests = [p for p in packets if p["frame.comment"].startswith("forwarded to web/")]
    replies = [p for p in packets if p["frame.comment"].startswith("reply from web/")]
    assert len(requests) + len(replies) == len(packets), {p["frame.comment"] for p in packets}
    # Each as it came, and as it left: to the backend that the comment names.
    for rows, came, left in ((requests, "wan", "lan"), (replies, "lan", "wan")):
        before = [p for p in rows if p["frame.interface_name"] == came]
        after = [p for p in rows if p["frame.interface_name"] == left]
        assert len(before) == len(after) == len(rows) / 2
        assert all(p["frame.comment"].endswith(f", service www, out of {left}") for p in before)
        assert {p["frame.packet_flags_direction"] for p in before} == {"0x00000001"}
        assert {p["frame.packet_flags_direction"] for p in after} == {"0x00000002"}
    for packet in requests:
        if packet["ip.dst"] != VIP4:
            assert packet["frame.comment"] == \
                f"forwarded to web/{NAMES[packet['ip.dst']]} by nat, service www"
    for packet in replies:
        if packet["ip.src"] != VIP4:
            name = packet["frame.comment"].split()[2].removeprefix("web/")
            assert NAMES[packet["ip.src"]] == name
    told = {p["frame.comment"].split()[2].removeprefix("web/") for p in requests}
    assert told == set(served), (told, served)
    times = [float(p["frame.time_epoch"]) for p in packets]
    assert abs(times[0] - time.time()) < 60 and max(times) - min(times) < 60, times
    text = capture.infos(taken.file)
    assert "pcapng" in text and "Name = wan" in text and "Name = lan" in text, text
    assert "nanosecond" in text and text.count("Number of stat entries = 1") == 2, text


def test_capture_by_filter_port_stage_and_snaplen(lab):
    with capture.running(lab, "--filter", f"dst host {VIP4} and tcp port 81", "--port", "wan",
                         "--stage", "rx", "--snaplen", 64) as taken:
        for port in (80, 81):
            client.get(lab.client, VIP4, port=port)
        taken.end()
        packets = taken.packets()
    assert len(packets) >= 4, packets
    for packet in packets:
        assert packet["frame.interface_name"] == "wan" and packet["ip.dst"] == VIP4, packet
        assert "service extra, out of lan" in packet["frame.comment"], packet
        assert int(packet["frame.cap_len"]) <= 64, packet
    assert any(int(packet["frame.len"]) > 64 for packet in packets)


def test_capture_of_dropped_by_reason(lab):
    with capture.running(lab, "--dropped", "no_flow") as taken:
        # From a backend's port of no flow: no answer is due to what would be one.
        with lab.backends["web1"].namespace.entered():
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind((backend4("web1"), 54))
        start = lab.control.drops()["no_flow"]
        for _ in range(5):
            sock.sendto(b"unasked", (CLIENT4, 9999))
        sock.close()
        wait_captured(lambda: lab.control.drops()["no_flow"] >= start + 5)
        client.get(lab.client, VIP4)
        taken.end()
        packets = [p for p in taken.packets() if p["ip.dst"] == CLIENT4]
    assert len(packets) == 5, packets
    for packet in packets:
        assert packet["frame.comment"] == \
            "dropped: no_flow (a segment or reply of no known flow)", packet
        assert packet["ip.src"] == backend4("web1"), packet
        assert packet["frame.interface_name"] == "lan", packet
    try:
        lab.control.run("capture", "-w", "/dev/null", "--dropped", "bad_luck")
        raise AssertionError("not refused")
    except Refused as error:
        assert error.code == 1 and "no drop reason 'bad_luck'" in str(error), error


def test_capture_tells_host_and_answers(lab):
    with capture.running(lab, "--filter", f"icmp or udp port {NOBODY}", "--port", "wan") as taken:
        client.ping(lab.client, WAN4)
        lost_udp(lab, 1)
        expected = {"to the kernel", "from the kernel", "answered here, out of wan",
                    "answered here"}
        wait_captured(lambda: expected <= told_so_far(taken))
        taken.end()
        comments = {p["frame.comment"] for p in taken.packets()}
    assert comments == expected, comments


def told_so_far(taken):
    """The comments of a file that is being written: its last packet may be half there."""
    done = subprocess.run(["tshark", "-n", "-r", taken.file, "-T", "fields", "-e", "frame.comment"],
                          capture_output=True, text=True, timeout=60, check=False)
    return set(done.stdout.splitlines())


def test_capture_ends_by_count_and_time(lab):
    with capture.running(lab, "--filter", "tcp", "--count", 7) as taken:
        client.get(lab.client, VIP4)
        client.get(lab.client, VIP4)
        assert taken.end(None)["packets"] == 7
        assert len(taken.packets()) == 7
    begun = time.monotonic()
    with capture.running(lab, "--seconds", 1, "--filter", "tcp port 9") as taken:
        assert taken.end(None)["packets"] == 0
    assert time.monotonic() - begun > 0.9
    assert taken.packets() == [] and "pcapng" in capture.infos(taken.file)


def test_capture_one_at_a_time_until_its_client_vanishes(lab):
    with capture.running(lab, "--filter", "tcp") as taken:
        try:
            lab.control.run("capture", "-w", "/dev/null")
            raise AssertionError("not refused")
        except Refused as error:
            assert error.code == 1 and "another capture is running" in str(error), error
        client.get(lab.client, VIP4)
        taken.process.kill()
        taken.process.wait()
    # The next one may begin as soon as the daemon has seen that.
    end = time.monotonic() + 10
    while True:
        try:
            lab.control.run("capture", "-w", f"{lab.session.dir}/next.pcapng", "--seconds", 1)
            break
        except Refused as error:
            assert "another capture" in str(error) and time.monotonic() < end, error
            time.sleep(0.05)
    rows = [row for row in lab.control.show("audit") if row["command"] == "capture"]
    assert any("another capture is running" in row["result"] for row in rows), rows
    assert any("another capture is running" not in row["result"] for row in rows), rows


def test_capture_into_a_pipe_that_closes(lab):
    """As with `| head`: the reader ends it."""
    tshark = None
    producer = subprocess.Popen([PROGRAM, "--socket", lab.control.socket, "capture", "-w", "-",
                                 "--filter", "tcp port 80"], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=False)
    try:
        assert b"capturing" in producer.stderr.readline()
        tshark = subprocess.Popen(["tshark", "-n", "-l", "-r", "-", "-c", "3", "-T", "fields", "-e",
                                   "frame.comment"], stdin=producer.stdout, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
        producer.stdout.close()
        for _ in range(3):
            client.get(lab.client, VIP4)
        lines = tshark.communicate(timeout=20)[0].splitlines()
        assert len(lines) == 3 and all("web/" in line for line in lines), lines
        while producer.poll() is None:
            client.get(lab.client, VIP4)
    finally:
        for process in (producer, tshark):
            if process and process.poll() is None:
                process.kill()
            if process:
                process.wait()


def test_capture_reader_that_stops_costs_no_packet(lab):
    """SIGSTOP: what it does not take is lost to the capture, and told."""
    with capture.running(lab, "--filter", f"tcp and host {CLIENT4}") as taken:
        taken.process.send_signal(signal.SIGSTOP)
        result = client.wrk(lab.client, client.url(VIP4), 16, 2)
        taken.process.send_signal(signal.SIGCONT)
        totals = taken.end()
        n = len(taken.packets())
    assert result["non_2xx"] == 0 and result["requests"] > 100, result
    assert totals["packets"] == n > 100 and totals["lost"] > 0, (totals, n)


def test_capture_checks_filters_first(lab):
    try:
        lab.control.run("capture", "-w", f"{lab.session.dir}/none.pcapng", "--filter", "tcp prt 80")
        raise AssertionError("not refused")
    except Refused as error:
        assert error.code == 2 and "pcap-filter" in str(error), error
