"""Reads and writes stored media, and nothing else does. Keys are relative paths; `webapp.stores` knows where they lie.

The functions block, except `stream`; call them from async code through a thread.
"""

import asyncio
import errno
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from django.conf import settings

from webapp.stores.base import OnBytes, Store, StoreAway, Stored, StoredFile
from webapp.stores.file_cache import FileCache
from webapp.stores.folder import FolderStore
from webapp.stores.s3 import S3Store

STREAM_BLOCK_BYTES = 256 * 1024
"""Large enough that the hop to a thread does not count, small enough that memory stays flat."""

FULL_BYTES = 128 * 1024**2
"""With less free space than this the disk counts as full: what is left is for the database, so that one can delete."""

__all__ = ["StoreAway", "Stored"]

OWNED = "of-"
_scratch_of: ContextVar[Path | None] = ContextVar("scratch_of", default=None)


@cache
def _store() -> Store:
    if not settings.BUCKET.name:
        return FolderStore(settings.MEDIA_ROOT)
    files = FileCache(settings.DATA_DIR / "store-cache", settings.STORE_CACHE_BYTES, scratch_dir)
    return S3Store(settings.BUCKET, files)


def put_file(key: str, source: Path, on_progress: OnBytes = lambda _bytes: None) -> None:
    """Moves a file into the store, replacing what was there; in an instant where both are on one file system.

    Else it is copied, and `on_progress` told how far that is, which may end it with an exception: work for a worker.
    """
    _store().put_file(key, source, on_progress)


def take_file(key: str, source: Path) -> bool:
    """Moves a file into the store in an instant; returns False, and changes nothing, where that is impossible."""
    return _store().take_file(key, source)


def put_bytes(key: str, content: bytes | bytearray) -> None:
    _store().put_bytes(key, content)


def read_bytes(key: str) -> bytes:
    """Raises FileNotFoundError when nothing is stored there."""
    return _store().read_bytes(key)


def local_path(key: str) -> AbstractContextManager[Path]:
    """Yields the path of a real file for decoders, not to be changed. Raises FileNotFoundError."""
    return _store().local_path(key)


def copy_out(key: str, target: Path) -> None:
    """Links or copies the content to `target` outside the store; not to be changed. Raises FileNotFoundError."""
    with local_path(key) as path:
        try:
            os.link(path, target)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK):
                raise
            shutil.copyfile(path, target)


def exists(key: str) -> bool:
    if not key:
        return False
    try:
        look(key)
    except FileNotFoundError:
        return False
    return True


def look(key: str) -> Stored:
    """Raises FileNotFoundError."""
    return _store().look(key)


def size(key: str) -> int:
    """Returns bytes. Raises FileNotFoundError."""
    return look(key).size_bytes


def age_s(prefix: str) -> float:
    """Returns the seconds since something under a prefix was last stored; 0 where there is nothing."""
    return _store().age_s(prefix)


def names(prefix: str) -> list[str]:
    """Returns the names directly under a prefix as a folder, sorted; empty where there is nothing."""
    return _store().names(prefix)


def files(prefix: str = "") -> Iterator[StoredFile]:
    """Yields each file under a prefix as a folder, or of the whole store; one that goes meanwhile is left out."""
    return _store().walk(prefix)


def sizes(prefix: str) -> Iterator[int]:
    """Yields the bytes of each file under a prefix as a folder."""
    return (file.size_bytes for file in files(prefix))


def move_out(key: str, target: Path) -> None:
    """Moves a file to a new path outside the store. Raises FileNotFoundError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    copy_out(key, target)
    delete(key)


def delete(key: str) -> None:
    """Deletes a file; does nothing where there is none."""
    _store().delete(key)


def delete_prefix(prefix: str) -> None:
    """Deletes everything whose key lies under `prefix` as a folder."""
    _store().delete_prefix(prefix)


def direct_url(key: str, download_name: str, content_type: str) -> str | None:
    """Returns where a browser may download the content for a minute; None where only this product gives it out."""
    return _store().direct_url(key, download_name, content_type)


async def stream(key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
    """Yields the bytes from `start` up to but not including `end`, in blocks; memory does not grow with the file."""
    left = None if end is None else end - start
    if left == 0:
        return
    file = await asyncio.to_thread(_store().open_range, key, start, end)
    try:
        while left is None or left > 0:
            size = STREAM_BLOCK_BYTES if left is None else min(left, STREAM_BLOCK_BYTES)
            block = await asyncio.to_thread(file.read, size)
            if not block:
                return
            if left is not None:
                left -= len(block)
            yield block
    finally:
        file.close()


def free_bytes() -> int:
    """Returns the free space where media is stored."""
    return _store().free_bytes()


def is_full() -> bool:
    """Returns whether nothing that takes room should begin, where media or the data folder lies."""
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    return min(free_bytes(), shutil.disk_usage(settings.DATA_DIR).free) < FULL_BYTES


def scratch_root() -> Path:
    """Returns the folder of unfinished results; on the store's file system, so that storing one is a rename."""
    return settings.DATA_DIR / "scratch"


@contextmanager
def scratch_dir() -> Iterator[Path]:
    """Yields a new folder that is removed with everything in it at the end of the `with`."""
    root = _scratch_of.get() or scratch_root()
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def scratch_of(owner: str) -> Iterator[None]:
    """Within it, new scratch folders belong to this work, so that it can be told what a killed process left behind."""
    folder = _owned_scratch(owner)
    token = _scratch_of.set(folder)
    try:
        yield
    finally:
        _scratch_of.reset(token)
        with suppress(OSError):  # never made, or not empty
            folder.rmdir()


def scratch_owners() -> list[str]:
    """Returns whose scratch folders there are."""
    return [path.name.removeprefix(OWNED) for path in scratch_root().glob(f"{OWNED}*")]


def clear_scratch_of(owner: str) -> None:
    """Removes what a killed process left behind."""
    shutil.rmtree(_owned_scratch(owner), ignore_errors=True)


def _owned_scratch(owner: str) -> Path:
    return scratch_root() / f"{OWNED}{owner}"


def clear_scratch() -> None:
    """Removes what killed processes left behind; only when no worker runs."""
    shutil.rmtree(scratch_root(), ignore_errors=True)


def _workplaces_root() -> Path:
    return settings.DATA_DIR / "unfinished"


def workplace(name: str) -> Path:
    """Returns a folder for long work that resumes after its worker was killed or stopped; made if it is missing.

    On the same file system as the store. `leave_workplace` removes it.
    """
    folder: Path = _workplaces_root() / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def workplaces() -> list[str]:
    """Returns the names of all, sorted."""
    root = _workplaces_root()
    return sorted(child.name for child in root.iterdir()) if root.is_dir() else []


def leave_workplace(name: str) -> None:
    """Removes a workplace with everything in it; does nothing where there is none."""
    shutil.rmtree(_workplaces_root() / name, ignore_errors=True)
