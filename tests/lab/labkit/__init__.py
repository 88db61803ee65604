# SPDX-License-Identifier: BSD-3-Clause
"""A laboratory of network namespaces around one Steelyard appliance.

Tests (tests/lab) and the demonstration (tools/demo) share it.  Each module is one thing:
session (lock, directory, signals, clean-up), netns, topology, servers, appliance, control,
telemetry, load, wrk, accounting, need.
"""
