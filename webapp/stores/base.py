"""What every store of media can do. Keys are relative paths with "/"; a prefix is a key read as a folder."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

OnBytes = Callable[[int], None]
"""Is told how many bytes have been moved so far; may end the move with an exception."""


class StoreAway(Exception):
    """The store does not answer now; nothing is wrong with what is asked for."""


@dataclass(frozen=True, slots=True)
class Stored:
    """`version` changes whenever the content is replaced (an ETag without quotes)."""

    size_bytes: int
    version: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it lies in the store."""

    key: str
    size_bytes: int
    changed_s: float
    """When its content or its name last changed, by the wall clock: a rename into a folder keeps the former."""


class Store(ABC):
    """Every method blocks, raises SuspiciousFileOperation for a key that leads out of the store, and StoreAway."""

    @abstractmethod
    def put_file(self, key: str, source: Path, on_progress: OnBytes) -> None:
        """Moves a file into the store, replacing what was there; nobody ever reads half a file."""

    @abstractmethod
    def take_file(self, key: str, source: Path) -> bool:
        """Moves a file into the store in an instant; returns False, and changes nothing, where that is impossible."""

    @abstractmethod
    def put_bytes(self, key: str, content: bytes | bytearray) -> None:
        """Stores content, replacing what was there."""

    @abstractmethod
    def read_bytes(self, key: str) -> bytes:
        """Raises FileNotFoundError."""

    @abstractmethod
    def local_path(self, key: str) -> AbstractContextManager[Path]:
        """Yields the path of a real file, not to be changed. Raises FileNotFoundError."""

    @abstractmethod
    def open_range(self, key: str, start: int, end: int | None) -> BinaryIO:
        """Opens content for reading in blocks, from a byte on, to a later one at least. Raises FileNotFoundError."""

    @abstractmethod
    def look(self, key: str) -> Stored:
        """Raises FileNotFoundError."""

    @abstractmethod
    def age_s(self, prefix: str) -> float:
        """Returns the seconds since something under a prefix last changed; 0 where there is nothing."""

    @abstractmethod
    def names(self, prefix: str) -> list[str]:
        """Returns the names directly under a prefix, sorted; empty where there is nothing."""

    @abstractmethod
    def walk(self, prefix: str) -> Iterator[StoredFile]:
        """Yields each file under a prefix, of the whole store if it is empty; one that goes meanwhile is left out."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Deletes a file; does nothing where there is none."""

    @abstractmethod
    def delete_prefix(self, prefix: str) -> None:
        """Deletes everything under a prefix."""

    @abstractmethod
    def free_bytes(self) -> int:
        """Returns the free space for what is to be stored."""

    def direct_url(self, key: str, download_name: str, content_type: str) -> str | None:
        """Returns an address at which a browser gets the content from the store itself; None where there is none.

        Whoever has the address gets the content, for a minute.
        """
        return None
