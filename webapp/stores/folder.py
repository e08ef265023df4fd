"""Media in a folder of this machine, or one that several machines mount."""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from django.core.exceptions import SuspiciousFileOperation

from webapp.stores.base import OnBytes, Store, Stored, StoredFile

COPY_BLOCK_BYTES = 4 * 1024**2


class FolderStore(Store):
    """A key is the path below the root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put_file(self, key: str, source: Path, on_progress: OnBytes) -> None:
        """A rename where both are on one file system; else it is copied."""
        if not self.take_file(key, source):
            _move_across(source, self._path(key), on_progress)

    def take_file(self, key: str, source: Path) -> bool:
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            source.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            return False
        return True

    def put_bytes(self, key: str, content: bytes | bytearray) -> None:
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".partial", delete=False) as partial:
            try:
                partial.write(content)
                partial.flush()
                Path(partial.name).replace(target)
            except BaseException:
                Path(partial.name).unlink(missing_ok=True)
                raise

    def read_bytes(self, key: str) -> bytes:
        return self._path(key).read_bytes()

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        path = self._path(key)
        if not path.is_file():
            raise FileNotFoundError(f"Nothing is stored under {key!r}")
        yield path

    def open_range(self, key: str, start: int, end: int | None) -> BinaryIO:
        file = self._path(key).open("rb")
        file.seek(start)
        return file

    def look(self, key: str) -> Stored:
        path = self._path(key)
        if not path.is_file():
            raise FileNotFoundError(f"Nothing is stored under {key!r}")
        status = path.stat()
        return Stored(status.st_size, f"{status.st_mtime_ns:x}-{status.st_size:x}")

    def age_s(self, prefix: str) -> float:
        path = self._path(prefix)
        return time.time() - path.stat().st_mtime if path.is_dir() else 0.0

    def names(self, prefix: str) -> list[str]:
        path = self._path(prefix)
        return sorted(child.name for child in path.iterdir()) if path.is_dir() else []

    def walk(self, prefix: str) -> Iterator[StoredFile]:
        root = self.root.resolve()
        folders = [self._path(prefix) if prefix else root]
        while folders:
            with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
                        continue
                    with suppress(FileNotFoundError):
                        status = entry.stat(follow_symlinks=False)
                        changed_s = max(status.st_mtime, status.st_ctime)
                        yield StoredFile(os.path.relpath(entry.path, root), status.st_size, changed_s)

    def delete(self, key: str) -> None:
        path = self._path(key)
        path.unlink(missing_ok=True)
        self._remove_empty_parents(path)

    def delete_prefix(self, prefix: str) -> None:
        path = self._path(prefix)
        if path.is_dir():
            shutil.rmtree(path)
        self._remove_empty_parents(path)

    def free_bytes(self) -> int:
        self.root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free

    def _path(self, key: str) -> Path:
        root = self.root.resolve()
        if not key or "\0" in key:
            raise SuspiciousFileOperation(f"Not a storage key: {key!r}")
        path = (root / key).resolve()
        if path == root or not path.is_relative_to(root):
            raise SuspiciousFileOperation(f"The storage key {key!r} leads out of the store")
        return path

    def _remove_empty_parents(self, path: Path) -> None:
        root = self.root.resolve()
        for parent in path.parents:
            if parent == root:
                return
            with suppress(FileNotFoundError):
                try:
                    parent.rmdir()
                except OSError:  # not empty
                    return


def _move_across(source: Path, target: Path, on_progress: OnBytes) -> None:
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
