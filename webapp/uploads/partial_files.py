"""The bytes of unfinished uploads: one file each in UPLOAD_DIR, written at an offset under a lock.

What lies there counts as arrived, also after a crash, except for bytes whose checksum has not been compared yet: where
those begin is noted in a file beside it before the first of them is written.
"""

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings

from webapp import storage

UNVERIFIED = ".unverified"
WANTED = ".wanted"
WANTED_FOR_S = 10.0
"""Then the process that made the mark has died."""


class Busy(Exception):
    """Another request is writing to the same upload right now."""


def path_of(upload_id: UUID) -> Path:
    return Path(settings.UPLOAD_DIR) / upload_id.hex


def arrived_bytes(upload_id: UUID) -> int:
    """Returns how many bytes count; while another request writes, that may be fewer than lie there."""
    path = path_of(upload_id)
    size = path.stat().st_size if path.exists() else 0
    verified = _verified_bytes(upload_id)
    return size if verified is None else min(size, verified)


@contextmanager
def opened(upload_id: UUID, is_new: bool = True) -> Iterator[IO[bytes]]:
    """Opens the file for writing, for one request at a time: a second writer could change bytes that have arrived.

    Unbuffered: what was written is not lost with the process. What an earlier writer left unverified is cut off.
    Raises Busy, and FileNotFoundError where there is none and it is not to be made (`is_new`).
    """
    path = path_of(upload_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if is_new else 0), 0o600)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy from error
        verified = _verified_bytes(upload_id)
        if verified is not None:
            cut_to(file, verified)
            _mark_of(upload_id).unlink(missing_ok=True)
        yield file


@contextmanager
def unverified(upload_id: UUID, offset: int) -> Iterator[None]:
    """Notes that bytes from `offset` on may yet be cut off; not after the `with`, which only a crash leaves early."""
    mark = _mark_of(upload_id)
    with mark.open("w") as file:
        file.write(str(offset))
        file.flush()
        os.fsync(file.fileno())
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


def write(file: IO[bytes], content: bytes) -> None:
    """Writes all of it; where the disk is full, as much as it takes before the OSError.

    The last of the room is left to the database, which has to note what has arrived.
    """
    disk = os.fstatvfs(file.fileno())
    if disk.f_bavail * disk.f_frsize < storage.FULL_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def cut_to(file: IO[bytes], size: int) -> None:
    """Shortens an open file that is longer."""
    if os.fstat(file.fileno()).st_size > size:
        file.truncate(size)


def _mark_of(upload_id: UUID) -> Path:
    return path_of(upload_id).with_suffix(UNVERIFIED)


def _verified_bytes(upload_id: UUID) -> int | None:
    """Returns where unverified bytes begin, if some may lie there; 0 where a power cut took the number."""
    try:
        noted = _mark_of(upload_id).read_text()
    except FileNotFoundError:
        return None
    return int(noted) if noted.isdigit() else 0


def is_stalled(upload_id: UUID, after_s: float) -> bool:
    """Returns whether a request, of any process, holds the file and has written nothing for so long."""
    path = path_of(upload_id)
    try:
        if time.time() - path.stat().st_mtime < after_s:
            return False
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


@contextmanager
def wanted(upload_id: UUID) -> Iterator[None]:
    """Says to all processes that somebody else wants to write: a sender from whom nothing comes is to give way."""
    mark = path_of(upload_id).with_suffix(WANTED)
    mark.touch()
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)


def is_wanted(upload_id: UUID) -> bool:
    try:
        return time.time() - path_of(upload_id).with_suffix(WANTED).stat().st_mtime < WANTED_FOR_S
    except FileNotFoundError:
        return False


def discard(upload_id: UUID) -> None:
    for path in (path_of(upload_id), _mark_of(upload_id), path_of(upload_id).with_suffix(WANTED)):
        path.unlink(missing_ok=True)


def every_file() -> Iterator[Path]:
    """Yields all files, whose names begin with the id of their upload."""
    folder = Path(settings.UPLOAD_DIR)
    return folder.iterdir() if folder.is_dir() else iter(())


def free_bytes() -> int:
    """Returns the free space where uploads arrive."""
    folder = Path(settings.UPLOAD_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(folder).free
