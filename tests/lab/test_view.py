# SPDX-License-Identifier: BSD-3-Clause
"""The demo's picture fits a terminal of 80 columns and 24 rows, whatever the figures are."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../tools/demo.d"))

import summary  # noqa: E402
import view  # noqa: E402
from director import Chapter  # noqa: E402

GROUPS = ("own",)


def picture(big):
    rows = [view.Row(name, "starting", big, big, big, big, 1.0, big, name == "spare")
            for name in ("web1", "web2", "web3", "spare")]
    return view.Picture(
        elapsed=3599, chapter="x" * 100, number=6, n_chapters=6, text="y" * 100, requests_per_s=big,
        ok=big, failed=big, failed_in_chapter=big, p50_ms=big, p99_ms=big, packets_per_s=big,
        mbit_per_s=big, flows=big, dropped=big, busy_percent=100, port_kind="net_af_xdp", rows=rows,
        events=["event " * 20] * 12)


def test_picture_fits_the_terminal(_lab):
    for big in (0, 65535, 10 ** 9):
        lines = view.frame(picture(big))
        assert len(lines) <= 23, len(lines)
        assert max(map(len, lines)) <= view.WIDTH


def test_picture_shows_each_backend(_lab):
    text = "\n".join(view.frame(picture(7)))
    for expected in ("web1", "web3", "spare *", "100.0%", "net_af_xdp", "6 of 6"):
        assert expected in text, expected


def test_summary_fits_and_keeps_every_word(_lab):
    told = [Chapter("A title that is much longer than its column", 123456, 78, "word " * 40)]
    lines = summary.chapters(told)
    assert max(map(len, lines)) <= summary.WIDTH
    assert sum(line.count("word") for line in lines) == 40
