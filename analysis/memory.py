"""Giving memory that is free back to the system, or keeping it for what comes next."""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Of glibc's malloc.h."""
KEPT_BYTES = 2**30


def trim_malloc() -> None:
    """Costs about 1 ms. Each segment's threads leave holes in the heap: 25 MB after three of them, and more with time.

    Does nothing where the C library (other than glibc) has no such call.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def keep_freed_memory() -> None:
    """The opposite, for a process that takes and frees hundreds of MB with every batch until it ends: laying out
    the same pages anew can take as long as the computing. Does nothing without glibc.
    """
    change = getattr(ctypes.CDLL(None), "mallopt", None)
    if change is not None:
        for setting in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
            change(setting, KEPT_BYTES)
