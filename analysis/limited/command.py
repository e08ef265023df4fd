"""`python -m analysis.limited.command LIMITS NICENESS PROGRAM ARGUMENT...`: becomes a program that is limited."""

from __future__ import annotations

import json
import os
import sys

from analysis.limited.limits import Limits, limit_this_process


def main(limits: str, niceness: str, *command: str) -> None:
    """Takes the limits upon this process, then runs the program in its place."""
    os.nice(int(niceness))
    limit_this_process(Limits(**json.loads(limits)))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
