"""Writes the bytes of resumable uploads as they arrive, and notes how far each upload is."""

import hashlib
import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import IO

from django.utils import timezone

from webapp.uploads import partial_files
from webapp.uploads.models import PartialUpload

logger = logging.getLogger(__name__)

EXPIRES_AFTER = timedelta(days=7)
"""An upload that nobody continues for this long is given up."""
EXPIRES_EMPTY_AFTER = timedelta(days=1)
"""So soon where nothing has come at all."""
CHECKSUMS = ("sha1", "sha256")
PROGRESS_EVERY_S = 0.25


class OffsetMismatch(Exception):
    """The bytes do not continue what has arrived."""


class ChecksumMismatch(Exception):
    """The bytes are not the ones that were sent."""


class TooManyBytes(Exception):
    """More bytes than were announced for the whole file."""


def receive(
    upload: PartialUpload,
    *,
    offset: int,
    chunks: Iterable[bytes],
    checksum: tuple[str, bytes] | None = None,
    on_progress: Callable[[], object] = lambda: None,
) -> None:
    """Writes bytes at `offset` and stores the new one in `upload`; after a crash in between they are sent again.

    Calls `on_progress` at most every `PROGRESS_EVERY_S`, and always when the file is complete. Raises OffsetMismatch,
    ChecksumMismatch, TooManyBytes (after which nothing counts as arrived) and `partial_files.Busy`.
    """
    with partial_files.opened(upload.pk) as file:
        upload.refresh_from_db(fields=["offset_bytes", "updated_at"])
        if offset != upload.offset_bytes:
            raise OffsetMismatch
        end = _write(file, offset, chunks, checksum, upload.size_bytes)
        now = timezone.now()
        rows = type(upload)._default_manager.filter(pk=upload.pk, offset_bytes=offset)
        if not rows.update(offset_bytes=end, updated_at=now, expires_at=now + EXPIRES_AFTER, stopped_at=None):
            raise OffsetMismatch
        upload.offset_bytes = end
        upload.stopped_at = None
        upload.expires_at = now + EXPIRES_AFTER
    if _tick(now) != _tick(upload.updated_at) or upload.offset_bytes == upload.size_bytes:
        on_progress()


def set_stopped(upload: PartialUpload, *, is_stopped: bool) -> bool:
    """Notes that nobody sends it any more, or that somebody does again; returns whether that is new."""
    now = timezone.now() if is_stopped else None
    rows = type(upload)._default_manager.filter(pk=upload.pk, stopped_at__isnull=is_stopped)
    upload.stopped_at = now
    return bool(rows.update(stopped_at=now))


def _write(
    file: IO[bytes], offset: int, chunks: Iterable[bytes], checksum: tuple[str, bytes] | None, size_bytes: int
) -> int:
    """Writes what arrives and returns the new offset; what is too long or damaged is cut off again."""
    digest = hashlib.new(checksum[0], usedforsecurity=False) if checksum else None
    end = file.seek(offset)
    for chunk in chunks:
        end += len(chunk)
        if end > size_bytes:
            file.truncate(offset)
            raise TooManyBytes
        file.write(chunk)
        if digest:
            digest.update(chunk)
    file.flush()
    if checksum and digest and digest.digest() != checksum[1]:
        file.truncate(offset)
        raise ChecksumMismatch
    return end


def _tick(moment: datetime) -> int:
    """Chunks that arrive within one tick are reported once, so that a fast connection does not flood the pages."""
    return int(moment.timestamp() / PROGRESS_EVERY_S)


def correct_offset(upload: PartialUpload) -> None:
    """Lowers the stored offset to what is on disk: after a power cut the file may be shorter than the row says.

    Not to be called for a file that has been moved into the store already.
    """
    arrived = partial_files.arrived_bytes(upload.pk)
    if arrived >= upload.offset_bytes:
        return
    logger.warning("Upload %s: %d bytes noted, %d on disk", upload.pk, upload.offset_bytes, arrived)
    type(upload)._default_manager.filter(pk=upload.pk, offset_bytes=upload.offset_bytes).update(offset_bytes=arrived)
    upload.refresh_from_db(fields=["offset_bytes"])
