# SPDX-License-Identifier: BSD-3-Clause
"""`up`: the lab with a running appliance, left for a person to play with.  `down`: away with it."""

import os
import sys

from .control import PROGRAM
from .groups import one
from .lab import Lab
from .session import Busy, Session
from .topology import VIP4

LAB_ID = os.environ.get("STEELYARD_LAB_ID", "play")


def up():
    with Lab(LAB_ID) as lab:
        one(lab)
        lab.session.keep = True
        own = "" if LAB_ID == "play" else f"STEELYARD_LAB_ID={LAB_ID} "
        names = "\n".join(f"  ip netns exec {namespace.name} bash"
                          for namespace in lab.network.namespaces())
        print(f"The lab is up, on net_{lab.kind} ports.  Its namespaces:\n{names}\n"
              f"  alias ctl='{os.path.relpath(PROGRAM)} --socket {lab.control.socket}'\n"
              f"  ip netns exec {lab.client.name} curl http://{VIP4}/\n"
              f"To take it away: {own}tools/lab down")


def down():
    with Session(LAB_ID) as session:
        print("the lab is taken away" if session.found_leftovers else "there is no lab")


if __name__ == "__main__":
    try:
        {"up": up, "down": down}[sys.argv[1]]()
    except Busy as error:
        sys.exit(str(error))
