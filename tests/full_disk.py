"""A disk that really is full: files that the system lets grow no further, or a tiny file system of its own."""

import resource
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.db import OperationalError

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


def of_the_database(cause: Exception) -> OperationalError:
    """Returns an error as Django raises it for one of a driver."""
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


def of_sqlite(code: int = sqlite3.SQLITE_FULL) -> OperationalError:
    """Returns what comes of a write where SQLite finds no room."""
    cause = sqlite3.OperationalError("database or disk is full")
    cause.sqlite_errorcode = code
    return of_the_database(cause)
