# SPDX-License-Identifier: BSD-3-Clause
"""Runs the chapters: keeps the picture fresh, notes events, and what each chapter came to."""

import dataclasses
import time

from labkit.load import failed

REFRESH_S = 0.5
POLL_S = 0.05


@dataclasses.dataclass
class Chapter:
    title: str
    requests: int = 0
    failed: int = 0
    outcome: str = ""


class Director:
    def __init__(self, lab, monitor, screen, n_chapters, pace):
        self.lab = lab
        self.monitor = monitor
        self.screen = screen
        self.pace = pace
        self.chapters = []
        self.picture = monitor.picture
        self.picture.n_chapters = n_chapters
        self._at_start = None
        self._drawn = 0.0

    def chapter(self, title, text):
        self.close_chapter()
        self.chapters.append(Chapter(title))
        self.picture.chapter, self.picture.text = title, text
        self.picture.number = len(self.chapters)
        self.picture.events = []
        self._at_start = self.monitor.load.now()
        self.screen.say(f"\n{len(self.chapters)}. {title}\n   {text}")

    def close_chapter(self):
        if self.chapters:
            self._count(self.chapters[-1])

    def _count(self, chapter):
        now = self.monitor.load.now()
        chapter.requests = now["ok"] - self._at_start["ok"]
        chapter.failed = failed(now) - failed(self._at_start)

    def outcome(self, text):
        """What the summary says of this chapter."""
        self.chapters[-1].outcome = text
        self.event(text)

    def event(self, text):
        self.picture.events.append(f"{self.monitor.picture.elapsed:5.1f} s  {text}")
        self.screen.say(f"   {self.monitor.picture.elapsed:5.1f} s  {text}")
        self.draw()

    def draw(self):
        self._drawn = time.monotonic()
        self.monitor.refresh()
        self._count(self.chapters[-1])
        self.picture.failed_in_chapter = self.chapters[-1].failed
        self.screen.draw(self.picture)

    def watch(self, seconds):
        """Let it run, and let it be seen."""
        self.until(lambda: False, seconds * self.pace)

    def until(self, condition, patience):
        """Seconds until condition(); None when it did not come true in time."""
        begun = time.monotonic()
        while (now := time.monotonic()) - begun < patience:
            if condition():
                return now - begun
            if now - self._drawn >= REFRESH_S:
                self.draw()
            time.sleep(POLL_S)
        return None

    def shares(self, since=None):
        """{backend: share} of the requests answered since then (a report of the load)."""
        before = (since or self._at_start)["by_backend"]
        now = self.monitor.load.now()["by_backend"]
        counts = {name: now[name] - before.get(name, 0) for name in now}
        total = sum(counts.values())
        return {name: count / total for name, count in sorted(counts.items()) if total and count}


def percent(shares):
    return ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
