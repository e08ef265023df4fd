"""The bytes of unfinished uploads: one file each in UPLOAD_DIR, written at an offset under a lock."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings


class Busy(Exception):
    """Another request is writing to the same upload right now."""


def path_of(upload_id: UUID) -> Path:
    return Path(settings.UPLOAD_DIR) / upload_id.hex


def arrived_bytes(upload_id: UUID) -> int:
    path = path_of(upload_id)
    return path.stat().st_size if path.exists() else 0


@contextmanager
def opened(upload_id: UUID) -> Iterator[BinaryIO]:
    """Opens the file for writing, for one request at a time: a second writer could change bytes that have arrived.

    Raises Busy.
    """
    path = path_of(upload_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy from error
        yield file


def discard(upload_id: UUID) -> None:
    path_of(upload_id).unlink(missing_ok=True)


def every_file() -> Iterator[Path]:
    folder = Path(settings.UPLOAD_DIR)
    return folder.iterdir() if folder.is_dir() else iter(())
