# SPDX-License-Identifier: BSD-3-Clause
"""What each function of a set of objects refers to, as objdump tells it."""
import bisect
import re
import subprocess

FUNCTION = re.compile(r"^([0-9a-f]+) <([^>]+)>:$")
# With -w it stands behind its instruction.
RELOCATION = re.compile(r"\s[0-9a-f]+: R_X86_64_\S+\s+(\S+?)([+-]0x[0-9a-f]+)?$")
# Within one section the assembler has resolved it: a jump, or an address taken (in a comment).
TARGET = re.compile(r"[\s#][0-9a-f]+ <([^>+]+)(?:\+0x[0-9a-f]+)?>$")
SECTION = re.compile(r"^Disassembly of section (\S+):$")
# What the compiler makes of one function: foo.cold, foo.part.0, foo.isra.0.constprop.1
CLONE = re.compile(r"\.(cold|part|isra|constprop|lto_priv)\b.*$")


def plain(name):
    return CLONE.sub("", name)


class Object:
    """functions: name -> set of names referred to; exported: names seen from outside; undefined:
    names that other objects or libraries define."""

    def __init__(self, path):
        self.functions = {}
        self._starts = {}  # section -> sorted [(offset, function)]
        self._pending = []  # (function, section, offset): addresses taken of local functions
        text = subprocess.run(["objdump", "-dr", "--no-show-raw-insn", "-w", path], check=True,
                              capture_output=True, text=True).stdout
        self._read(text)
        for function, section, offset in self._pending:
            target = self._at(section, offset)
            if target:
                self.functions[function].add(target)
        self.exported = self._symbols(path, "--defined-only", "-g")
        self.undefined = self._symbols(path, "-u")

    @staticmethod
    def _symbols(path, *options):
        listing = subprocess.run(["nm", *options, path], check=True, capture_output=True,
                                 text=True).stdout
        return {line.split()[-1] for line in listing.splitlines()}

    def _read(self, text):
        section = function = None
        for line in text.splitlines():
            match = SECTION.match(line)
            if match:
                section = match.group(1)
                continue
            match = FUNCTION.match(line)
            if match:
                function = plain(match.group(2))
                self.functions.setdefault(function, set())
                self._starts.setdefault(section, []).append((int(match.group(1), 16), function))
            elif function:
                self._read_line(line, function)

    def _read_line(self, line, function):
        relocation = RELOCATION.search(line)
        if relocation:
            symbol, addend = relocation.groups()
            if symbol.startswith("."):
                # PC-relative addends are short of the four bytes that hold them.
                self._pending.append((function, symbol, int(addend or "0", 16) + 4))
            else:
                self.functions[function].add(plain(symbol))
            return
        target = TARGET.search(line)
        if target and plain(target.group(1)) != function:
            self.functions[function].add(plain(target.group(1)))

    def _at(self, section, offset):
        starts = self._starts.get(section, [])
        index = bisect.bisect_right([s for s, _ in starts], offset) - 1
        return starts[index][1] if index >= 0 else None
