# SPDX-License-Identifier: BSD-3-Clause
"""The order of layers.txt, for the two layering checks."""
import os

SHARED_PLANES = ("base", "model")


class Layers:
    def __init__(self, root, table=None):
        self.root = root
        self.rank = {}  # component's folder -> its row's number
        self.plane = {}
        path = table or os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.txt")
        with open(path, encoding="utf-8") as rows:
            for number, row in enumerate(r.split() for r in rows if r.strip() and r[0] != "#"):
                for component in row[1:]:
                    folder = "lib/base" if row[0] == "base" else f"lib/{row[0]}/{component}"
                    self.rank[folder] = number
                    self.plane[folder] = row[0]
        self.headers = self._headers()  # "sy/net.h" -> component's folder

    def _headers(self):
        headers = {}
        for folder in self.present():
            public = os.path.join(self.root, folder, "include")
            for base, _, names in os.walk(public):
                for name in names:
                    headers[os.path.relpath(os.path.join(base, name), public)] = folder
        return headers

    def present(self):
        """The components of the table that exist."""
        return [f for f in self.rank if os.path.isdir(os.path.join(self.root, f))]

    def unknown(self):
        """Folders of lib/ with a meson.build of their own and no row."""
        found = []
        for base, _, names in os.walk(os.path.join(self.root, "lib")):
            folder = os.path.relpath(base, self.root)
            if "include" in folder.split(os.sep) or "meson.build" not in names:
                continue
            is_known = any(folder == f or folder.startswith(f + "/") for f in self.rank)
            is_parent = any(f.startswith(folder + "/") for f in self.rank)
            if not is_known and not is_parent:
                found.append(folder)
        return found

    def owner(self, path):
        """The component that a file belongs to; None outside of lib/."""
        folder = os.path.dirname(path)
        while folder and folder not in self.rank:
            folder = os.path.dirname(folder)
        return folder or None

    def may_include(self, component, other):
        if component == other:
            return True
        shared = self.plane[other] in SHARED_PLANES
        return (shared or self.plane[other] == self.plane[component]) and \
            self.rank[other] < self.rank[component]
