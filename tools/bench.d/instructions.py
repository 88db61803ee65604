# SPDX-License-Identifier: BSD-3-Clause
"""How many instructions a packet takes, and where: callgrind's count of the real pipeline.

A function counts for the file that defines it, with what the compiler inlined into it; the
benchmark's own functions, which make the packets, do not count.
"""

import argparse
import collections
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

COLLECTED = "bench_collected"  # and what the compiler adds to the name
OWN = "app/steelyard-bench/"


class Names:
    """callgrind writes a name once, as '(number) name', and then as '(number)'."""

    def __init__(self):
        self._known = {}

    def read(self, text):
        number, name = re.fullmatch(r"\((\d+)\)(?: (.*))?", text).groups()
        return self._known.setdefault(number, name)


def read_costs(lines):
    """Instructions by (file, function); calls are left out, so that each counts once."""
    files, functions = Names(), Names()
    costs = collections.Counter()
    here, called = None, False
    for line in lines:
        key, _, value = line.rstrip("\n").partition("=")
        if key == "fl":
            file = files.read(value)
        elif key in ("fi", "fe", "cfi", "cfl"):
            files.read(value)
        elif key == "fn":
            here = (file, functions.read(value))
        elif key == "cfn":
            functions.read(value)
        elif key == "calls":
            called = True
        elif re.match(r"[0-9+*-]", line) and here:
            if not called:
                costs[here] += int(line.split()[1])
            called = False
    return costs


def defining_files(root):
    """Function names with the sources that define them, from the object files."""
    found = collections.defaultdict(set)
    for folder in ("lib/**", os.path.dirname(OWN)):
        pattern = os.path.join(root, "build", folder, "*.p", "*.o")
        for path in glob.glob(pattern, recursive=True):
            source = os.path.join(os.path.dirname(os.path.dirname(path)),
                                  os.path.basename(path)[:-len(".o")])
            names = subprocess.run(["nm", "--defined-only", "--format=posix", path],
                                   capture_output=True, text=True, check=True).stdout
            for line in names.splitlines():
                found[line.split()[0]].add(os.path.relpath(source, os.path.join(root, "build")))
    return found


def stage_of(file, function, defining, root):
    """The project's files by their path, all others by one word.  callgrind names the file of a
    function's first instruction, which is a header where that has been inlined."""
    sources = defining.get(function, ())
    if len(sources) == 1:
        return next(iter(sources))
    path = os.path.relpath(os.path.realpath(os.path.join(root, "build", file)), root)
    return "elsewhere" if path.startswith("../") or file == "???" else path


def count(program, kind, packets, root):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "callgrind")
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
                   f"--toggle-collect={COLLECTED}*", "--error-exitcode=99",
                   program, *kind, "--packets", str(packets)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench instructions: {' '.join(command)} fails:\n{done.stderr}")
        with open(out, encoding="utf-8") as file:
            costs = read_costs(file)
    if not costs:
        sys.exit(f"bench instructions: {program} ran nothing below {COLLECTED}()")
    stages = collections.Counter()
    defining = defining_files(root)
    for (file, function), cost in costs.items():
        stage = stage_of(file, function, defining, root)
        if not stage.startswith(OWN):
            stages[stage] += cost
    return {stage: cost / packets for stage, cost in stages.most_common()}


def show(result):
    print(f"Instructions a packet: {result['scenario']}, {result['mode']}, {result['packets']} packets (callgrind).\n")
    for stage, cost in result["stages"].items():
        if cost >= 0.05:
            print(f"{stage:<44} {cost:>8.1f}")
    print(f"{'in all':<44} {result['instructions_per_packet']:>8.1f}")


def main():
    parser = argparse.ArgumentParser(prog="tools/bench instructions", description=__doc__)
    parser.add_argument("scenario", nargs="?", default="known4-1k", help="(%(default)s)")
    parser.add_argument("--mode", default="nat", help="the forwarding mode (%(default)s)")
    parser.add_argument("--packets", type=int, default=1 << 16, help="counted (%(default)s)")
    parser.add_argument("--json", metavar="FILE", help="also writes what is shown to FILE")
    options = parser.parse_args()
    root = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
    program = os.path.join(root, "build/app/steelyard-bench/steelyard-bench")
    kind = ["--only", options.scenario, "--mode", options.mode]
    stages = count(program, kind, options.packets, root)
    result = {"scenario": options.scenario, "mode": options.mode, "packets": options.packets,
              "instructions_per_packet": sum(stages.values()), "stages": stages}
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=2)
    show(result)


if __name__ == "__main__":
    main()
