"""Reads and writes stored media, and nothing else does. Keys are relative paths; S3 or encryption would go in here.

The functions block, except `stream`; call them from async code through a thread.
"""

import asyncio
import errno
import os
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation

STREAM_BLOCK_BYTES = 256 * 1024
"""Large enough that the hop to a thread does not count, small enough that memory stays flat."""

COPY_BLOCK_BYTES = 4 * 1024**2

OWNED = "of-"
_scratch_of: ContextVar[Path | None] = ContextVar("scratch_of", default=None)


def _path(key: str) -> Path:
    """Raises SuspiciousFileOperation for a key that leads out of the store."""
    root = settings.MEDIA_ROOT.resolve()
    if not key or "\0" in key:
        raise SuspiciousFileOperation(f"Not a storage key: {key!r}")
    path = (root / key).resolve()
    if path == root or not path.is_relative_to(root):
        raise SuspiciousFileOperation(f"The storage key {key!r} leads out of the store")
    return path


def put_file(key: str, source: Path, on_progress: Callable[[int], None] = lambda _bytes: None) -> None:
    """Moves a file into the store, replacing what was there; a rename where both are on one file system.

    Else it is copied, and `on_progress` told how far that is, which may end it with an exception: work for a worker.
    """
    if not take_file(key, source):
        _move_across(source, _path(key), on_progress)


def take_file(key: str, source: Path) -> bool:
    """Moves a file into the store by a rename; returns False, and changes nothing, where that is impossible."""
    target = _path(key)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


def _move_across(source: Path, target: Path, on_progress: Callable[[int], None]) -> None:
    """Copies beside the target first, so that nobody ever reads half a file."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        with source.open("rb") as arrived, partial.open("wb") as stored:
            while block := arrived.read(COPY_BLOCK_BYTES):
                stored.write(block)
                on_progress(stored.tell())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    source.unlink()


def put_bytes(key: str, content: bytes | bytearray) -> None:
    target = _path(key)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".partial", delete=False) as partial:
        try:
            partial.write(content)
            partial.flush()
            Path(partial.name).replace(target)
        except BaseException:
            Path(partial.name).unlink(missing_ok=True)
            raise


def read_bytes(key: str) -> bytes:
    """Raises FileNotFoundError when nothing is stored there."""
    return _path(key).read_bytes()


@contextmanager
def local_path(key: str) -> Iterator[Path]:
    """Yields the path of a real file for decoders, not to be changed. Raises FileNotFoundError."""
    path = _path(key)
    if not path.is_file():
        raise FileNotFoundError(f"Nothing is stored under {key!r}")
    yield path


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
    return bool(key) and _path(key).is_file()


def size(key: str) -> int:
    """Returns bytes. Raises FileNotFoundError."""
    return _path(key).stat().st_size


def version(key: str) -> str:
    """Returns what changes whenever the content is replaced (an ETag without quotes). Raises FileNotFoundError."""
    status = _path(key).stat()
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"


def age_s(prefix: str) -> float:
    """Returns the seconds since something was last stored in or deleted from a folder; 0 where there is none."""
    path = _path(prefix)
    return time.time() - path.stat().st_mtime if path.is_dir() else 0.0


def names(prefix: str) -> list[str]:
    """Returns the names directly under a prefix as a folder, sorted; empty where there is nothing."""
    path = _path(prefix)
    return sorted(child.name for child in path.iterdir()) if path.is_dir() else []


def sizes(prefix: str) -> Iterator[int]:
    """Yields the bytes of each file under a prefix as a folder; one that goes meanwhile is left out."""
    folders = [_path(prefix)]
    for folder in folders:  # grows while it is gone through
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(Path(entry.path))
                    continue
                with suppress(FileNotFoundError):
                    yield entry.stat(follow_symlinks=False).st_size


def delete(key: str) -> None:
    """Deletes a file; does nothing where there is none."""
    path = _path(key)
    path.unlink(missing_ok=True)
    _remove_empty_parents(path)


def delete_prefix(prefix: str) -> None:
    """Deletes everything whose key lies under `prefix` as a folder."""
    path = _path(prefix)
    if path.is_dir():
        shutil.rmtree(path)
    _remove_empty_parents(path)


def _remove_empty_parents(path: Path) -> None:
    root = settings.MEDIA_ROOT.resolve()
    for parent in path.parents:
        if parent == root:
            return
        with suppress(FileNotFoundError):
            try:
                parent.rmdir()
            except OSError:  # not empty
                return


async def stream(key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
    """Yields the bytes from `start` up to but not including `end`, in blocks; memory does not grow with the file."""
    file = await asyncio.to_thread(_path(key).open, "rb")
    try:
        await asyncio.to_thread(file.seek, start)
        left = None if end is None else end - start
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
    settings.MEDIA_ROOT.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(settings.MEDIA_ROOT).free


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
