#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""config_schema.py SCHEMA: checks the examples beside it with another reader of JSON Schema.

Every example must be valid, and each of a list of mistakes must not be.  Exit status 77: the
jsonschema package is missing.
"""
import copy
import glob
import json
import os
import re
import sys

try:
    import jsonschema
except ImportError:
    sys.exit(77)

COMMENT_OR_STRING = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)

# Path into the first user's file, and a value that must not be there.
MISTAKES = [
    (["workers"], 0),
    (["workers"], "4"),
    (["wrokers"], 4),
    (["ports"], []),
    (["ports", 0, "addresses", 0], "192.0.2.2"),
    (["ports", 0, "mac"], "02-00-00-00-00-01"),
    (["ports", 0, "twin"], "longer_than_linux"),
    (["pools", 0, "health", "interval"], "2"),
    (["pools", 0, "health", "jitter"], "ten"),
    (["pools", 0, "health", "status"], "600"),
    (["pools", 0, "health", "type"], "https2"),
    (["pools", 0, "backends", 0, "port"], 65536),
    (["pools", 0, "backends", 0, "spare"], 1),
    (["pools", 0, "name"], "-p"),
    (["services", 0, "on_empty"], "refuse"),
    (["services", 0, "timeouts"], {"udp": 5}),
]


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.loads(COMMENT_OR_STRING.sub(lambda match: match[1] or " ", file.read()))


def main():
    schema = load(sys.argv[1])
    folder = os.path.dirname(sys.argv[1])
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failed = False
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        if path == sys.argv[1]:
            continue
        for error in validator.iter_errors(load(path)):
            print(f"# {path}: {error.json_path}: {error.message}")
            failed = True
    right = load(os.path.join(folder, "steelyard.json"))
    for path, value in MISTAKES:
        wrong = copy.deepcopy(right)
        inner = wrong
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
        if validator.is_valid(wrong):
            print(f"# {path} = {value!r} is valid by the schema")
            failed = True
    return 1 if failed else 0


sys.exit(main())
