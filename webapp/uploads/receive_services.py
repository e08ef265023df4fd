"""Writes the bytes of resumable uploads as they arrive, and notes how far each upload is."""

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import IO

from django.core.exceptions import ObjectDoesNotExist
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
NOTED_EVERY_S = 0.5
"""How far an upload is, while a request goes on; what is on the disk counts, should the server die in between."""
ASKED_EVERY_S = 5.0
"""Whether the sender may go on, who may have been signed out or have lost a role since the request began."""


class OffsetMismatch(Exception):
    """The bytes do not continue what has arrived."""


class ChecksumMismatch(Exception):
    """The bytes are not the ones that were sent."""


class TooManyBytes(Exception):
    """More bytes than were announced for the whole file."""


class NoLongerWelcome(Exception):
    """The upload was given up, or its sender may no longer send."""


def receive(
    upload: PartialUpload,
    *,
    offset: int,
    chunks: Iterable[bytes],
    announced_bytes: int = 0,
    checksum: tuple[str, bytes] | None = None,
    on_progress: Callable[[], object] = lambda: None,
    is_welcome: Callable[[], bool] = lambda: True,
) -> None:
    """Writes bytes at `offset` as they come, and keeps what has come where `chunks` or the disk end with an exception.

    Notes in `upload` how far it is, and calls `on_progress`, now and then and always when the file is complete. Raises
    OffsetMismatch, ChecksumMismatch and TooManyBytes (after which nothing of this call counts), NoLongerWelcome, and
    `partial_files.Busy`.
    """
    with partial_files.opened(upload.pk) as file:
        arrived = partial_files.arrived_bytes(upload.pk)
        with _unless_gone(upload):
            upload.refresh_from_db(fields=["offset_bytes", "updated_at"])
            _set_offset(upload, max(upload.offset_bytes, min(arrived, upload.size_bytes)))
        if offset != upload.offset_bytes or arrived < offset:
            raise OffsetMismatch
        if offset + announced_bytes > upload.size_bytes:
            raise TooManyBytes
        set_stopped(upload, is_stopped=False)
        writing = _Writing(upload, file, on_progress, is_welcome)
        with partial_files.unverified(upload.pk, offset) if checksum else nullcontext():
            writing.write(chunks, checksum)


class _Writing:
    """One call of `receive`, which holds the file."""

    def __init__(
        self,
        upload: PartialUpload,
        file: IO[bytes],
        on_progress: Callable[[], object],
        is_welcome: Callable[[], bool],
    ) -> None:
        self._upload, self._file, self._on_progress, self._is_welcome = upload, file, on_progress, is_welcome
        self._begin = file.seek(upload.offset_bytes)
        self._before = upload.updated_at
        self._noted_s = self._asked_s = time.monotonic()

    def write(self, chunks: Iterable[bytes], checksum: tuple[str, bytes] | None) -> None:
        digest = hashlib.new(checksum[0], usedforsecurity=False) if checksum else None
        keeps_rest = digest is None
        try:
            for chunk in chunks:
                self._expect_no_more_than_announced(len(chunk))
                partial_files.write(self._file, chunk)
                if digest:
                    digest.update(chunk)
                self._note_now_and_then(digest is not None)
            if checksum and digest and digest.digest() != checksum[1]:
                raise ChecksumMismatch
            keeps_rest = True
        except TooManyBytes:
            keeps_rest = False
            raise
        finally:
            if not keeps_rest:
                partial_files.cut_to(self._file, self._begin)
                self._file.seek(self._begin)
            may_go_on = self._note_end()
        if not may_go_on:
            raise NoLongerWelcome
        self._progressed()

    def _expect_no_more_than_announced(self, count: int) -> None:
        if self._file.tell() + count > self._upload.size_bytes:
            raise TooManyBytes

    def _note_now_and_then(self, is_unverified: bool) -> None:
        """Says nothing of a complete file before the request has ended, as it may turn out to be too long."""
        now_s = time.monotonic()
        if now_s - self._noted_s < NOTED_EVERY_S or self._file.tell() == self._upload.size_bytes:
            return
        self._noted_s = now_s
        if not self._note(self._begin if is_unverified else self._file.tell()):
            raise NoLongerWelcome
        if now_s - self._asked_s >= ASKED_EVERY_S:
            self._asked_s = now_s
            if not self._is_welcome():
                raise NoLongerWelcome
        self._progressed()

    def _note_end(self) -> bool:
        """Notes where a request ended; that a file is complete, which finishes it, only while its sender is welcome."""
        offset = self._file.tell()
        if offset == self._upload.size_bytes and not self._is_welcome():
            return False
        return self._note(offset)

    def _note(self, offset: int) -> bool:
        """Stores the offset; returns False where the upload is gone.

        A stop stands: its sender said so while the last bytes were still coming.
        """
        now = timezone.now()
        self._before, self._upload.updated_at = self._upload.updated_at, now
        self._upload.offset_bytes, self._upload.expires_at = offset, now + EXPIRES_AFTER
        rows = type(self._upload)._default_manager.filter(pk=self._upload.pk)
        if not rows.update(offset_bytes=offset, updated_at=now, expires_at=self._upload.expires_at):
            return False
        self._upload.stopped_at = rows.values_list("stopped_at", flat=True).first()
        return True

    def _progressed(self) -> None:
        is_complete = self._upload.offset_bytes == self._upload.size_bytes
        if is_complete or _tick(self._before) != _tick(self._upload.updated_at):
            self._on_progress()


def set_stopped(upload: PartialUpload, *, is_stopped: bool) -> bool:
    """Notes that nobody sends it any more, or that somebody does again; returns whether that is new."""
    now = timezone.now() if is_stopped else None
    rows = type(upload)._default_manager.filter(pk=upload.pk, stopped_at__isnull=is_stopped)
    upload.stopped_at = now
    return bool(rows.update(stopped_at=now))


def _tick(moment: datetime) -> int:
    """Chunks that arrive within one tick are reported once, so that a fast connection does not flood the pages."""
    return int(moment.timestamp() / PROGRESS_EVERY_S)


def correct_offset(upload: PartialUpload, is_stored: Callable[[], bool]) -> None:
    """Sets the stored offset to what is on the disk: more after a crash, less after a power cut.

    Changes nothing while somebody sends, who notes it, nor where the file `is_stored` already; that is asked when the
    file is missed, as it may be moved at any moment. Raises NoLongerWelcome where the upload is gone.
    """
    try:
        with partial_files.opened(upload.pk, is_new=False), _unless_gone(upload):
            upload.refresh_from_db(fields=["offset_bytes"])
            _set_offset(upload, min(partial_files.arrived_bytes(upload.pk), upload.size_bytes))
    except partial_files.Busy:
        return
    except FileNotFoundError:
        if not is_stored():
            with _unless_gone(upload):
                _set_offset(upload, 0)


@contextmanager
def _unless_gone(upload: PartialUpload) -> Iterator[None]:
    """Raises NoLongerWelcome where the row is read no more, and leaves no empty file, which `opened` may have made."""
    try:
        yield
    except ObjectDoesNotExist as error:
        if not partial_files.arrived_bytes(upload.pk):  # else it may be complete, and about to be stored
            partial_files.discard(upload.pk)
        raise NoLongerWelcome from error


def _set_offset(upload: PartialUpload, offset: int) -> None:
    if offset == upload.offset_bytes:
        return
    logger.warning("Upload %s: %d bytes noted, %d on disk", upload.pk, upload.offset_bytes, offset)
    type(upload)._default_manager.filter(pk=upload.pk, offset_bytes=upload.offset_bytes).update(offset_bytes=offset)
    upload.refresh_from_db(fields=["offset_bytes"])
