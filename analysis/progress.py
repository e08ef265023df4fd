"""Passes on fewer reports of progress than are made: whoever gets them may write to a database."""

from __future__ import annotations

import math
import time

from analysis.types import OnProgress, Progress

EVERY_S = 0.2


def paced(on_progress: OnProgress) -> OnProgress:
    """Returns a callback that passes on at most five reports a second."""
    next_at = -math.inf

    def report(progress: Progress) -> None:
        nonlocal next_at
        now = time.monotonic()
        if now >= next_at:
            next_at = now + EVERY_S
            on_progress(progress)

    return report
