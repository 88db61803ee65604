# SPDX-License-Identifier: BSD-3-Clause
"""What the demonstration came to, in 80 columns, and whether the books close."""

import textwrap

from labkit import accounting
from labkit.load import failed

WIDTH = 80
TITLE = 20


def _chapter(chapter):
    head = f"{chapter.title[:TITLE]:<{TITLE}} {chapter.requests:>8} {chapter.failed:>7}  "
    text = textwrap.wrap(chapter.outcome, WIDTH - len(head)) or [""]
    return [head + text[0], *(" " * len(head) + line for line in text[1:])]


def chapters(told):
    head = f"{'chapter':<{TITLE}} {'answered':>8} {'failed':>7}  outcome"
    return [head, "-" * WIDTH, *(line for chapter in told for line in _chapter(chapter)), "-" * WIDTH]


def totals(report, wrk_requests, logged):
    text = f"The clients counted {report['ok']} answers and {failed(report)} failures, wrk " \
           f"{wrk_requests} answers; nginx logged {logged} requests. (What wrk has in flight at its " \
           "end, it does not count: up to one for each connection.)"
    return textwrap.wrap(text, WIDTH)


def books(workers):
    came, went = (sum(worker[name] for worker in workers for name in names)
                  for names in (accounting.IN, accounting.OUT))
    created, ended, live = (sum(worker[name] for worker in workers)
                            for name in ("flows_created", "flows_ended", "flows"))
    wrong = accounting.errors(workers)
    return [f"Packets: {came} in = {went} out, to the kernel or dropped with a reason",
            f"Flows:   {created} created - {ended} ended = {live} live",
            *(f"WRONG:   {text}" for text in wrong)]
