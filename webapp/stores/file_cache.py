"""Copies on this machine of what lies in a store elsewhere, up to a bound; what was used longest ago goes first."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path, PurePosixPath

PARTIAL = ".partial"


class FileCache:
    """Several processes share one. Whoever uses a copy holds a link of their own, so that it may go at any moment."""

    def __init__(self, root: Path, most_bytes: int, link_folder: Callable[[], AbstractContextManager[Path]]) -> None:
        self.root = root
        self.most_bytes = most_bytes
        self.link_folder = link_folder
        """Yields a new folder on the file system of `root` for one use."""

    @contextmanager
    def holding(self, key: str, version: str, size_bytes: int, fetch: Callable[[Path], None]) -> Iterator[Path]:
        """Yields the path of a copy; `fetch` writes it to a path where there is none yet, once for all who wait."""
        copy = self._copy_of(key, version)
        with self.link_folder() as folder:
            link = folder / PurePosixPath(key).name
            while not _linked(copy, link):
                with self._lock(copy):
                    if not copy.exists():
                        self._make_room(size_bytes)
                        _fetch_whole(copy, fetch)
            yield link

    def adopt(self, key: str, version: str, source: Path) -> None:
        """Moves a file in that was just stored under the key: who works on it next need not fetch it."""
        copy = self._copy_of(key, version)
        with self._lock(copy):
            self._make_room(source.stat().st_size)
            source.replace(copy)

    def free_bytes(self) -> int:
        self.root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free

    def _copy_of(self, key: str, version: str) -> Path:
        return self.root / hashlib.sha256(f"{key}\0{version}".encode()).hexdigest()

    @contextmanager
    def _lock(self, copy: Path) -> Iterator[None]:
        """One of 256 locks: their files stay, and do not grow in number."""
        folder = self.root / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / copy.name[:2]).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _make_room(self, size_bytes: int) -> None:
        """Removes copies until as much fits. What alone is larger than the bound is kept until the next comes."""
        copies = sorted((status.st_mtime, status.st_size, path) for path, status in self._copies())
        held = sum(size for _, size, _ in copies)
        for _, size, path in copies:
            if held + size_bytes <= self.most_bytes:
                return
            path.unlink(missing_ok=True)
            held -= size

    def _copies(self) -> Iterator[tuple[Path, os.stat_result]]:
        with os.scandir(self.root) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    if entry.is_file():
                        yield Path(entry.path), entry.stat()


def _linked(copy: Path, link: Path) -> bool:
    try:
        os.link(copy, link)
    except FileNotFoundError:
        return False
    os.utime(link)  # the same file: it was used now
    return True


def _fetch_whole(copy: Path, fetch: Callable[[Path], None]) -> None:
    partial = copy.with_suffix(PARTIAL)
    try:
        fetch(partial)
        partial.replace(copy)
    finally:
        partial.unlink(missing_ok=True)
