"""Writes a ZIP as a stream: nothing is stored, and memory does not grow with its size."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import BinaryIO

READ_BYTES = 256 * 1024
SENT_FROM_BYTES = 256 * 1024
"""Small members are gathered, since each block that is sent costs a hop between threads."""
LARGE_BYTES = 2**31
PERMISSIONS = 0o644 << 16
EPOCH = (1980, 1, 1, 0, 0, 0)
"""One time for all members: the same content gives the same file."""


class _Outlet(io.RawIOBase):
    """A file for `zipfile` to write to; keeps the bytes until they are fetched."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self.waiting = 0

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        block = bytes(data)
        self._blocks.append(block)
        self.waiting += len(block)
        return len(block)

    def fetch(self) -> bytes:
        joined = b"".join(self._blocks)
        self._blocks, self.waiting = [], 0
        return joined


class ZipStream:
    """A ZIP in the making; whoever adds members sends on what each of the methods yields."""

    def __init__(self) -> None:
        self._outlet = _Outlet()
        self._zip = zipfile.ZipFile(self._outlet, "w", zipfile.ZIP_STORED, allowZip64=True)

    def folder(self, name: str) -> Iterator[bytes]:
        info = zipfile.ZipInfo(f"{name}/", EPOCH)
        info.external_attr = (0o40755 << 16) | 0x10
        self._zip.writestr(info, b"")
        yield from self._ready()

    def member(self, name: str, file: BinaryIO, size_bytes: int) -> Iterator[bytes]:
        with self._zip.open(_info(name), "w", force_zip64=size_bytes >= LARGE_BYTES) as member:
            while block := file.read(READ_BYTES):
                member.write(block)
                yield from self._ready()
        yield from self._ready()

    def text(self, name: str, lines: Iterable[str]) -> Iterator[bytes]:
        """Adds lines of text of any number, compressed."""
        info = _info(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(info, "w", force_zip64=True) as member:
            for line in lines:
                member.write(line.encode())
                yield from self._ready()
        yield from self._ready()

    def close(self) -> Iterator[bytes]:
        self._zip.close()
        yield self._outlet.fetch()

    def _ready(self) -> Iterator[bytes]:
        if self._outlet.waiting >= SENT_FROM_BYTES:
            yield self._outlet.fetch()


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EPOCH)
    info.external_attr = PERMISSIONS
    return info
