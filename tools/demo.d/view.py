# SPDX-License-Identifier: BSD-3-Clause
"""The picture on the terminal: a frame of 80 columns and 24 rows at most, refreshed in place.

frame() is a pure function of a Picture.  Screen shows frames on a terminal and, where there is none,
prints the chapters and events only, a line each.
"""

import dataclasses
import os
import re
import shutil
import sys

WIDTH = 80
BAR = 14
EVENTS = 5
STYLES = {r"\bup\b": 32, r"\bdown\b": 31, r"\b(drain|starting|disabled)\b": 33}


@dataclasses.dataclass
class Row:
    """One backend."""
    name: str
    state: str
    weight: int
    effective: int
    active: int
    per_second: float
    share: float
    probe_ms: float
    spare: bool = False


@dataclasses.dataclass
class Picture:
    elapsed: float = 0
    chapter: str = ""
    number: int = 0
    n_chapters: int = 0
    text: str = ""
    requests_per_s: float = 0
    ok: int = 0
    failed: int = 0
    failed_in_chapter: int = 0
    p50_ms: float = 0
    p99_ms: float = 0
    packets_per_s: float = 0
    mbit_per_s: float = 0
    flows: int = 0
    dropped: int = 0
    busy_percent: float = 0
    port_kind: str = ""
    rows: list = dataclasses.field(default_factory=list)
    events: list = dataclasses.field(default_factory=list)


def bar(share, full="#", empty="."):
    n_full = round(max(0.0, min(1.0, share)) * BAR)
    return full * n_full + empty * (BAR - n_full)


def _row(row, blocks):
    name = row.name + (" *" if row.spare else "")
    return (f" {name:<9.9} {row.state:<8.8} {row.weight:>6} {row.effective:>6} {row.active:>6} "
            f"{row.per_second:>7.0f}  {bar(row.share, *blocks)} {row.share:>6.1%} {row.probe_ms:>7.1f}")


def frame(picture, blocks=("#", ".")):
    """The lines of one picture, none longer than WIDTH."""
    p = picture
    minutes, seconds = divmod(int(p.elapsed), 60)
    left, right = " STEELYARD", f"{p.port_kind}   {minutes}:{seconds:02}   {p.number} of {p.n_chapters} "
    lines = [
        left + right.rjust(WIDTH - len(left)), "-" * WIDTH,
        f" {p.chapter}", f" {p.text}", "",
        f" requests/s {p.requests_per_s:>8.0f}  answered {p.ok:>9}  failed {p.failed:>6}"
        f"  this chapter {p.failed_in_chapter:>5}",
        f" packets/s  {p.packets_per_s:>8.0f}   Mbit/s {p.mbit_per_s:>11.1f}   p50 {p.p50_ms:>6.1f} ms"
        f"   p99 {p.p99_ms:>8.1f} ms",
        f" live flows {p.flows:>8}   dropped {p.dropped:>10}   worker busy {p.busy_percent:>4.0f} %",
        "",
        f" {'backend':<9} {'state':<8} {'weight':>6} {'now':>6} {'conns':>6} {'new/s':>7}  "
        f"{'share of new':<{BAR + 7}} {'probe ms':>7}",
        *(_row(row, blocks) for row in p.rows),
        "", *(f" {event}" for event in p.events[-EVENTS:])]
    return [line[:WIDTH].rstrip() for line in lines]


def paint(line):
    for pattern, colour in STYLES.items():
        line = re.sub(pattern, lambda found, c=colour: f"\x1b[{c}m{found.group()}\x1b[0m", line, count=1)
    return line


class Screen:
    def __init__(self, out=sys.stdout):
        self.out = out
        self.live = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.colour = self.live and not os.environ.get("NO_COLOR")
        utf8 = (out.encoding or "").lower().startswith("utf")
        self.blocks = ("\u2588", "\u2591") if utf8 else ("#", ".")

    def open(self):
        if self.live:
            # What was said before scrolls up instead of being wiped out.
            rows = shutil.get_terminal_size().lines
            self.out.write("\n" * rows + "\x1b[?25l")

    def close(self):
        if self.live:
            self.out.write("\x1b[?25h")
            self.out.flush()

    def draw(self, picture):
        if not self.live:
            return
        size = shutil.get_terminal_size()
        lines = [line[:size.columns] for line in frame(picture, self.blocks)][:size.lines - 1]
        # Colour belongs to the states in the table, not to words in sentences.
        text = [paint(line) if self.colour and i > 9 else line for i, line in enumerate(lines)]
        self.out.write("\x1b[H" + "".join(f"{line}\x1b[K\n" for line in text) + "\x1b[J")
        self.out.flush()

    def say(self, text):
        """For a log: what happened, when it happened."""
        if not self.live:
            print(text, file=self.out, flush=True)
