# SPDX-License-Identifier: BSD-3-Clause
"""The rows of worker.txt, for the two checks of worker code."""
import fnmatch
import os


class Rules:
    def __init__(self, path=None):
        self.roots = []  # (file pattern, function pattern or None)
        self.setups = []  # file patterns
        self.denied = []  # (symbol pattern, what)
        self.allowed = []  # (symbol pattern, caller pattern)
        path = path or os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker.txt")
        with open(path, encoding="utf-8") as rows:
            for number, row in enumerate(rows, 1):
                words = row.split(None, 2)
                if words and not row.startswith("#"):
                    self._add(words, f"{path}:{number}")

    def _add(self, words, place):
        kind, what = words[0], words[1]
        reason = words[2].strip() if len(words) > 2 else ""
        if kind == "root":
            files, _, functions = what.partition(":")
            self.roots.append((files, functions or None))
        elif not reason:
            raise SystemExit(f"{place}: a row '{kind}' says why")
        elif kind == "setup":
            self.setups.append(what)
        elif kind == "deny":
            self.denied.append((what, reason))
        elif kind == "allow":
            symbol, _, caller = what.partition("@")
            self.allowed.append((symbol, caller or "*"))
        else:
            raise SystemExit(f"{place}: no row is called '{kind}'")

    def is_setup(self, path):
        return any(fnmatch.fnmatchcase(path, s) for s in self.setups)

    def root_functions(self, path):
        """The patterns of this file's worker functions: [] none, ['*'] all."""
        if self.is_setup(path):
            return []
        return [functions or "*" for files, functions in self.roots
                if fnmatch.fnmatchcase(path, files)]

    def why_denied(self, symbol):
        return next((why for s, why in self.denied if fnmatch.fnmatchcase(symbol, s)), None)

    def is_allowed(self, symbol, caller):
        return any(fnmatch.fnmatchcase(symbol, s) and fnmatch.fnmatchcase(caller, c)
                   for s, c in self.allowed)
