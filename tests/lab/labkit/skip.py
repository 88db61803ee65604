# SPDX-License-Identifier: BSD-3-Clause
"""What a test, or the start of a group, raises where it cannot be run."""


class Skip(Exception):
    """This cannot be run here; the text says why."""
