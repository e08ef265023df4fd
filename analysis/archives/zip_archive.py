"""Reading a ZIP from strangers: what its directory promises is checked before anything is unpacked, and nothing is ever
written under a name from inside of it."""

import io
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from analysis.archives.errors import (
    MOST_ENTRIES,
    ArchiveTooLarge,
    EncryptedArchive,
    NotAnArchive,
    TooManyInArchive,
    UnsupportedCompression,
)

MOST_DIRECTORY_BYTES = 64 * 1024**2
"""Python keeps the whole directory in memory."""
BLOCK_BYTES = 1024**2
ENTRY_SIGNATURE = b"PK\1\2"
METHODS = {
    1: "Shrink",
    6: "Implode",
    9: "Deflate64",
    12: "bzip2",
    14: "LZMA",
    20: "Zstandard",
    93: "Zstandard",
    95: "XZ",
    96: "JPEG",
    97: "WavPack",
    98: "PPMd",
}
"""By the numbers of the ZIP specification (APPNOTE, 4.4.5). Only stored and Deflate are unpacked: the others are rare,
and Python's readers of bzip2 and LZMA unpack as much as the data hold, however little was asked for."""
MOST_RATIO = 100
"""Pictures and clips hardly shrink; text does so ten- to twentyfold."""
FREE_OF_RATIO_BYTES = 1024**3
END = b"PK\5\6"
END_BYTES = 22
LONGEST_COMMENT = 65_535
LOCATOR, LOCATOR_BYTES = b"PK\6\7", 20
END64, END64_BYTES = b"PK\6\6", 56
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x1
UNICODE_PATH = 0x7075
JUNK = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})
DAMAGES = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError)
Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """A file inside of the archive. `parts` is its path, piece by piece; only ever compared and shown."""

    info: zipfile.ZipInfo
    parts: Parts
    is_odd: bool
    """Its path leads out of the archive, or it is a link or a device: it is left alone."""

    @property
    def name(self) -> str:
        return "/".join(self.parts)


@dataclass(frozen=True, slots=True)
class Archive:
    """An opened ZIP: its files in the order of its directory, and folders without any file."""

    zip: zipfile.ZipFile
    files: list[ArchiveEntry]
    empty_folders: list[Parts]

    def blocks(self, entry: ArchiveEntry) -> Iterator[bytes]:
        """Yields the content piece by piece: no more is unpacked at once. Raises one of DAMAGES."""
        left = entry.info.file_size + 1
        with self._member(entry) as member:
            while block := member.read(min(BLOCK_BYTES, left)):
                left -= len(block)
                if left <= 0:
                    raise zipfile.BadZipFile(f"{entry.name} is larger than it says")
                yield block

    def _member(self, entry: ArchiveEntry) -> IO[bytes]:
        """Opens a file of the archive, whose own header may be elsewhere or broken. Raises one of DAMAGES."""
        if entry.info.header_offset < 0:
            raise zipfile.BadZipFile(f"{entry.name} begins before the archive")
        try:
            return self.zip.open(entry.info)
        except (struct.error, UnicodeDecodeError) as error:
            raise zipfile.BadZipFile(f"{entry.name} has a broken header") from error


class DirectoryFile(io.BufferedReader):
    """A ZIP as a file whose directory must be small, wherever `zipfile` finds that: it reads it all at once."""

    is_checked = True

    def read(self, size: int | None = -1, /) -> bytes:
        if not self.is_checked:
            return super().read(size)
        if size is not None and size > MOST_DIRECTORY_BYTES:
            raise TooManyInArchive(f"{size} bytes of directory")
        data = super().read(size)
        if data.count(ENTRY_SIGNATURE) > MOST_ENTRIES:
            raise TooManyInArchive(f"more than {MOST_ENTRIES} files")
        return data


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Opens a ZIP whose directory was checked.

    Raises NotAnArchive, ArchiveTooLarge, TooManyInArchive, EncryptedArchive, UnsupportedCompression.
    """
    count, directory_bytes = directory_facts(path)
    if count > MOST_ENTRIES or directory_bytes > MOST_DIRECTORY_BYTES:
        raise TooManyInArchive(f"{count} files, {directory_bytes} bytes of directory")
    with DirectoryFile(io.FileIO(path)) as file:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, struct.error) as error:
            raise NotAnArchive(str(error)) from error
        file.is_checked = False
        with archive:
            yield _looked_through(archive, path.stat().st_size)


def directory_facts(path: Path) -> tuple[int, int]:
    """Returns the number of entries and the directory's bytes, without reading it. Raises NotAnArchive."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - LONGEST_COMMENT - END_BYTES - LOCATOR_BYTES - END64_BYTES))
        tail = file.read()
    at = tail.rfind(END)
    if at < 0 or at + END_BYTES > len(tail):
        raise NotAnArchive("no end of a ZIP directory")
    count, directory_bytes = struct.unpack_from("<HL", tail, at + 10)
    # Python believes the larger record wherever there is one, also where the small one says nothing of it.
    at64 = at - LOCATOR_BYTES - END64_BYTES
    if at64 >= 0 and tail.startswith(LOCATOR, at - LOCATOR_BYTES) and tail.startswith(END64, at64):
        count, directory_bytes = struct.unpack_from("<QQ", tail, at64 + 32)
    return count, directory_bytes


def _looked_through(archive: zipfile.ZipFile, size_bytes: int) -> Archive:
    infos = archive.infolist()
    unpacked = sum(info.file_size for info in infos)
    if len(infos) > MOST_ENTRIES:
        raise TooManyInArchive(f"{len(infos)} files")
    if unpacked > FREE_OF_RATIO_BYTES + MOST_RATIO * size_bytes:
        raise ArchiveTooLarge(f"{unpacked} bytes out of {size_bytes}")
    files, folders = [], []
    for info in infos:
        name = name_of(info)
        parts, is_odd = split(name)
        if not parts or _is_junk(parts):
            continue
        if name.endswith(("/", "\\")):
            folders += [] if is_odd else [parts]
            continue
        if info.flag_bits & ENCRYPTED_FLAG:
            raise EncryptedArchive(name)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            method = METHODS.get(info.compress_type, str(info.compress_type))
            raise UnsupportedCompression(f"{name}: {method}", method, name)
        kind = stat.S_IFMT(info.external_attr >> 16)
        files.append(ArchiveEntry(info, parts, is_odd or kind not in (0, stat.S_IFREG)))
    full = {entry.parts[:n] for entry in files for n in range(1, len(entry.parts))}
    full |= {parts[:n] for parts in folders for n in range(1, len(parts))}
    return Archive(archive, files, [parts for parts in folders if parts not in full])


def name_of(info: zipfile.ZipInfo) -> str:
    """Returns the name as meant: without the UTF-8 flag it is cp437 by the standard, UTF-8 by habit."""
    if info.flag_bits & UTF8_FLAG:
        return info.filename
    stated = _unicode_path(info.extra)
    if stated:
        return stated
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _unicode_path(extra: bytes) -> str:
    """Returns the name that some programs repeat in UTF-8 in an extra field; empty where there is none."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == UNICODE_PATH and length > 5:
            # A name ends at a zero, as `zipfile` has it for the usual one.
            return extra[at + 9 : at + 4 + length].decode("utf-8", errors="replace").partition("\0")[0]
        at += 4 + length
    return ""


def split(name: str) -> tuple[Parts, bool]:
    """Returns the parts of a path, and whether it leads out of the archive.

    Letters are composed, whatever the system that wrote them does: a Mac's names are decomposed.
    """
    pieces = unicodedata.normalize("NFC", name).replace("\\", "/").split("/")
    is_absolute = pieces[0] == "" or pieces[0].endswith(":")
    parts = tuple(piece for piece in pieces if piece not in ("", "."))
    return parts, is_absolute or ".." in parts


def _is_junk(parts: Parts) -> bool:
    """Tells whether it is what systems leave in every folder."""
    return "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1].lower() in JUNK
