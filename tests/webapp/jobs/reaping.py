"""Lets the reaper look for as long as it takes to tell the dead from the living, without the wait."""

from collections.abc import Callable
from itertools import count

import pytest

from webapp.jobs import reaper


def look_until_dead(monkeypatch: pytest.MonkeyPatch, between: Callable[[], None] = lambda: None) -> None:
    """Makes rounds at the usual distance, by the monotonic clock, until one finds dead whoever was silent meanwhile."""
    clock = count(reaper.monotonic(), reaper.EVERY_S)
    with monkeypatch.context() as faster:
        faster.setattr(reaper, "monotonic", lambda: next(clock))
        for _ in range(reaper.STALE_AFTER_S // reaper.EVERY_S + 2):
            reaper.reap()
            between()
    reaper._looks.looked_s = float("-inf")  # the clock goes back to what it was
