"""Returns freed memory to the system, or keeps it for the next batch (glibc only)."""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""From glibc's malloc.h."""
KEPT_BYTES = 2**30


def trim_malloc() -> None:
    """Returns freed heap memory to the system, in about 1 ms; without glibc does nothing.

    Each segment's threads leave holes in the heap: 25 MB after three segments, and growing.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def keep_freed_memory() -> None:
    """Makes the heap keep freed memory until the process ends; without glibc does nothing.

    For processes that allocate and free hundreds of MB with every batch: mapping the same pages anew can take as long
    as the computing.
    """
    change = getattr(ctypes.CDLL(None), "mallopt", None)
    if change is not None:
        for setting in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
            change(setting, KEPT_BYTES)
