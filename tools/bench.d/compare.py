# SPDX-License-Identifier: BSD-3-Clause
"""Two files of tools/bench --json beside each other: the ratio, and whether it exceeds the noise.

A difference counts as noise while it is no larger than both interquartile ranges together.  The
floor's own ratio tells what became of the machine in between.
"""

import argparse
import json
import sys

USUAL_SCHEDULER = "wlc"  # of scenarios that are not about schedulers


def key(row):
    return row["scenario"], row["mode"], row["ip"], row.get("scheduler", USUAL_SCHEDULER)


def load(name):
    try:
        with open(name, encoding="utf-8") as file:
            return {key(row): row for row in json.load(file)}
    except OSError as error:
        sys.exit(f"{name}: {error.strerror}: make it with tools/bench --json {name}")
    except (ValueError, KeyError, TypeError):
        sys.exit(f"{name}: not a file that tools/bench --json wrote")


def verdict(before, after):
    change = after["ns_per_packet"] - before["ns_per_packet"]
    if abs(change) <= before["iqr_ns"] + after["iqr_ns"]:
        return "noise"
    return "slower" if change > 0 else "faster"


def compare(before, after):
    return {"scenario": before["scenario"], "mode": before["mode"], "ip": before["ip"],
            "scheduler": before.get("scheduler", USUAL_SCHEDULER),
            "before_ns": before["ns_per_packet"], "after_ns": after["ns_per_packet"],
            "noise_ns": before["iqr_ns"] + after["iqr_ns"],
            "ratio": after["ns_per_packet"] / before["ns_per_packet"],
            "floor_ratio": after["floor_ns_per_packet"] / before["floor_ns_per_packet"],
            "verdict": verdict(before, after)}


def name_of(row):
    usual = row["scheduler"] == USUAL_SCHEDULER
    return row["scenario"] if usual else f"{row['scenario']} {row['scheduler']}"


def show(rows):
    print(f"{'scenario':<24} {'mode':<7} {'ip':>2} {'before':>8} {'after':>8} {'noise':>7} "
          f"{'ratio':>6} {'floor':>6}")
    for row in rows:
        print(f"{name_of(row):<24} {row['mode']:<7} {row['ip']:>2} {row['before_ns']:>8.1f} "
              f"{row['after_ns']:>8.1f} {row['noise_ns']:>7.1f} {row['ratio']:>6.2f} "
              f"{row['floor_ratio']:>6.2f} {row['verdict']}")


def main():
    parser = argparse.ArgumentParser(prog="tools/bench compare", description=__doc__)
    parser.add_argument("before", metavar="A.json")
    parser.add_argument("after", metavar="B.json")
    parser.add_argument("--json", metavar="FILE", help="also writes what is shown to FILE")
    options = parser.parse_args()
    before, after = load(options.before), load(options.after)
    rows = [compare(before[it], after[it]) for it in before if it in after]
    if not rows:
        sys.exit("bench compare: the files have no scenario in common")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=2)
    show(rows)
    for name, these, others in ((options.before, before, after), (options.after, after, before)):
        only = [it[0] for it in these if it not in others]
        if only:
            print(f"only in {name}: {', '.join(only)}")


if __name__ == "__main__":
    main()
