"""Moves what has arrived into the store: at once by a rename, or in a worker where that is on another file system."""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from webapp import storage
from webapp.uploads import partial_files
from webapp.uploads.models import PartialUpload


def hand_in(upload: PartialUpload, key: str) -> bool:
    """Moves a complete file if a rename does it, else leaves it to `bring_in`; returns False where there is none.

    May be repeated at any point.
    """
    if partial_files.arrived_bytes(upload.pk) == upload.size_bytes:
        with suppress(FileNotFoundError):  # another request was quicker
            storage.take_file(key, partial_files.path_of(upload.pk))
            return True
    return storage.exists(key) and storage.size(key) == upload.size_bytes


def bring_in(upload_id: UUID, key: str, size_bytes: int, on_progress: Callable[[int], None]) -> None:
    """Copies a file that was handed in but could not be moved; does nothing where it is in the store already.

    Work for a worker, which `on_progress` may end. Killed in between, it begins anew.
    """
    if not storage.exists(key) and awaits_move(upload_id, size_bytes):
        storage.put_file(key, partial_files.path_of(upload_id), on_progress)
    if storage.exists(key):
        partial_files.discard(upload_id)


def awaits_move(upload_id: UUID, size_bytes: int) -> bool:
    """Returns whether a complete file lies where uploads arrive."""
    return partial_files.arrived_bytes(upload_id) == size_bytes
