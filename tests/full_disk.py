"""A disk that really is full: files that the system lets grow no further, or a tiny file system of its own."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

APART = ("unshare", "--map-root-user", "--mount")
"""In a mount namespace of its own, where also who is not root may mount."""


@contextmanager
def no_file_beyond(size_bytes: int) -> Iterator[None]:
    """Inside of it no file grows beyond `size_bytes`: a write fails with EFBIG, half of it done, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@cache
def can_mount() -> bool:
    """Whether a file system of our own can be mounted for a test."""
    try:
        return subprocess.run([*APART, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0
    except OSError:
        return False
