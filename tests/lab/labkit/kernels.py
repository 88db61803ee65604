# SPDX-License-Identifier: BSD-3-Clause
"""What the kernels of the lab found wrong with packets: each finishes and checks its checksums in
software, so a checksum that the appliance got wrong is counted here and nowhere else."""

WRONG = "InCsumErrors"


def _pairs(table):
    with open(f"/proc/thread-self/net/{table}", encoding="ascii") as file:
        lines = [line.split() for line in file]
    for names, values in zip(lines[::2], lines[1::2]):
        yield from ((names[0][:-1] + name, int(value))
                    for name, value in zip(names[1:], values[1:]))


def _snmp6():
    with open("/proc/thread-self/net/snmp6", encoding="ascii") as file:
        for line in file:
            name, value = line.split()
            yield name, int(value)


def errors(namespaces):
    """{(namespace, counter): how many}, of packets that a kernel refused as damaged."""
    found = {}
    for namespace in namespaces:
        with namespace.entered():
            for name, value in (*_pairs("snmp"), *_pairs("netstat"), *_snmp6()):
                if value and name.endswith(WRONG):
                    found[namespace.name, name] = value
    return found


def grown(before, after):
    return {where: count - before.get(where, 0) for where, count in after.items()
            if count > before.get(where, 0)}
