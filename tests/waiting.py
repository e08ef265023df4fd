"""Waiting for something that other processes do."""

import time
from collections.abc import Callable
from typing import Literal, TypeVar

Value = TypeVar("Value")


def wait_for(look: Callable[[], Value | Literal[False]], within_s: float = 20, what: str = "") -> Value:
    """The first true answer of `look`; fails the test when there is none in time."""
    give_up_at = time.monotonic() + within_s
    while not (value := look()):
        assert time.monotonic() < give_up_at, f"waited {within_s} s in vain: {what or look}"
        time.sleep(0.05)
    return value
