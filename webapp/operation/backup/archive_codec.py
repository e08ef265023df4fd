"""The archive of a backup: a plain TAR that is written in one pass, and checked while it is unpacked in another.

Its first member says what wrote it; `checksums.txt`, as `sha256sum --check` reads it, lists what belongs to it, and the
last one seals that list, so that a cut archive is told from a whole one.
"""

import hashlib
import json
import os
import re
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Self

FORMAT = 1
ABOUT, CHECKSUMS, SEAL = "about.json", "checksums.txt", "seal.json"
SECRET_KEY, SQLITE, POSTGRES = "secret_key", "database.sqlite3", "database.dump"
MEDIA, UPLOADS, EMBEDDERS = "media", "uploads", "embedders"
FOLDERS = (MEDIA, UPLOADS, EMBEDDERS)
UNFINISHED = ".restoring"
"""A folder in the data folder while a restore has not ended."""
LAST_BACKUP = "last_backup.json"
"""In the data folder: when the last one was made from here, and where it went."""
BLOCK_BYTES = 1024 * 1024
_LINE = re.compile(r"([0-9a-f]{64})  (.+)\n")


class BrokenArchive(Exception):
    """It is none, was cut, or was changed. The message is for the operator."""


@dataclass(frozen=True, slots=True)
class About:
    """What wrote a backup."""

    format: int
    version: str
    made_at: str
    database: str
    """`sqlite` or `postgresql`."""
    migrations: list[str]
    has_secret_key: bool
    """Else it came from the environment, and whoever restores has to have it."""


class _Members:
    """Names, sizes and checksums, in a private file that SQLite removes: there may be millions."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("")
        self._db.execute("CREATE TABLE members (name BLOB PRIMARY KEY, sha256, size, is_kept DEFAULT 0) WITHOUT ROWID")

    def note(self, name: str, sha256: str, size: int) -> None:
        row = [os.fsencode(name), sha256, size]
        self._db.execute("INSERT OR REPLACE INTO members (name, sha256, size) VALUES (?, ?, ?)", row)

    def get(self, name: str) -> tuple[str, int] | None:
        found = self._db.execute("SELECT sha256, size FROM members WHERE name = ?", [os.fsencode(name)]).fetchone()
        return None if found is None else (str(found[0]), int(found[1]))

    def keep(self, name: str) -> None:
        self._db.execute("UPDATE members SET is_kept = 1 WHERE name = ?", [os.fsencode(name)])

    def keep_none(self) -> None:
        self._db.execute("UPDATE members SET is_kept = 0")

    def listed(self, *, kept: bool) -> Iterator[tuple[str, str]]:
        rows = self._db.execute("SELECT name, sha256 FROM members WHERE is_kept = ? ORDER BY name", [kept])
        return ((os.fsdecode(name), sha256) for name, sha256 in rows)

    def kept_totals(self) -> tuple[int, int]:
        query = "SELECT count(*), coalesce(sum(size), 0) FROM members WHERE is_kept"
        count, size = self._db.execute(query).fetchone()
        return int(count), int(size)


class _Hashed:
    """Reads from a file, and knows the checksum of what was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._sha256 = file, hashlib.sha256()

    def read(self, size: int) -> bytes:
        block = self._file.read(size)
        self._sha256.update(block)
        return block

    def sha256(self) -> str:
        return self._sha256.hexdigest()


class ArchiveWriter:
    """Writes beside the target under another name, which is renamed when it is whole; only its owner may read it.

    Raises OSError where the disk is full, and FileExistsError where the target is there.
    """

    def __init__(self, target: Path, about: About) -> None:
        self.target, self._part = target, target.with_name(f"{target.name}.part")
        self.members = _Members()
        if target.exists():
            raise FileExistsError(target)
        descriptor = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._tar = tarfile.TarFile(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT, copybufsize=BLOCK_BYTES)
        self.add_bytes(ABOUT, json.dumps(asdict(about), indent=1).encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        with suppress(OSError):  # a full disk: the reason is on its way up
            self._file.close()
        self._part.unlink(missing_ok=True)

    def add(self, name: str, file: IO[bytes], size: int) -> str:
        """Adds the next `size` bytes of a file; returns their SHA-256. A second one of the same name replaces it."""
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        hashed = _Hashed(file)
        self._tar.addfile(member, hashed)  # type: ignore[arg-type]
        self._tar.members = []  # type: ignore[attr-defined]  # would grow with every file
        self.members.note(name, hashed.sha256(), size)
        self.members.keep(name)
        return hashed.sha256()

    def add_path(self, name: str, path: Path, at_most: int | None = None) -> str:
        """Raises FileNotFoundError."""
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            return self.add(name, file, size if at_most is None else min(size, at_most))

    def add_bytes(self, name: str, content: bytes) -> None:
        self.add(name, BytesIO(content), len(content))

    def finish(self) -> tuple[int, int]:
        """Seals the archive and gives it its name; returns how many files it holds and their bytes."""
        self.members.keep(ABOUT)
        count, size = self.members.kept_totals()
        listed = self._part.with_name(f"{self._part.name}.checksums")
        try:
            with listed.open("wb") as file:
                for name, sha256 in self.members.listed(kept=True):
                    file.write(f"{sha256}  ".encode() + os.fsencode(name) + b"\n")
            sha256 = self.add_path(CHECKSUMS, listed)
        finally:
            listed.unlink(missing_ok=True)
        self.add_bytes(SEAL, json.dumps({"files": count, "bytes": size, "checksums": sha256}).encode())
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._part.replace(self.target)
        return count, size


def unpack(archive: Path, into: Path, check: Callable[[About], None]) -> About:
    """Unpacks a backup into an empty folder and compares everything with its checksums.

    `check` may refuse what wrote it before more is read. Raises BrokenArchive.
    """
    members = _Members()
    about: About | None = None
    try:
        with tarfile.open(archive, mode="r:") as tar:
            while (member := tar.next()) is not None:
                tar.members = []  # type: ignore[attr-defined]  # would grow with every file
                _unpack_member(tar, member, into, members)
                if about is None:
                    about = _read_about(into / ABOUT)
                    check(about)
    except tarfile.TarError as error:
        raise BrokenArchive(f"{archive} is no backup of Rollcall, or not all of it: {error}") from error
    if about is None:
        raise BrokenArchive(f"{archive} is empty.")
    _compare(into, members, archive)
    return about


def _unpack_member(tar: tarfile.TarFile, member: tarfile.TarInfo, into: Path, members: _Members) -> None:
    path = PurePosixPath(member.name)
    is_ours = path.parts[0] in FOLDERS if len(path.parts) > 1 else str(path) in _SINGLE
    content = tar.extractfile(member) if member.isreg() else None
    if content is None or not is_ours or path.is_absolute() or ".." in path.parts:
        raise BrokenArchive(f"It holds {member.name!r}, which no backup of Rollcall does.")
    target = into / path
    target.parent.mkdir(parents=True, exist_ok=True)
    hashed = _Hashed(content)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        while block := hashed.read(BLOCK_BYTES):
            file.write(block)
    members.note(member.name, hashed.sha256(), member.size)


_SINGLE = {ABOUT, CHECKSUMS, SEAL, SECRET_KEY, SQLITE, POSTGRES}


def _read_about(path: Path) -> About:
    try:
        about = About(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise BrokenArchive("It does not begin like a backup of this or an earlier version of Rollcall.") from error
    if about.format != FORMAT:
        raise BrokenArchive(f"Its format is {about.format}; this version reads {FORMAT}.")
    return about


def _compare(into: Path, members: _Members, archive: Path) -> None:
    """Removes what was replaced while the backup was made, and what only describes the archive."""
    found = members.get(CHECKSUMS)
    try:
        seal = json.loads((into / SEAL).read_bytes())
    except (OSError, ValueError):
        seal = None
    if not isinstance(seal, dict) or found is None:
        raise BrokenArchive(f"{archive} was cut off: its end is missing.")
    if seal.get("checksums") != found[0]:
        raise BrokenArchive("The list of its checksums was changed.")
    with (into / CHECKSUMS).open("rb") as file:
        for line in file:
            matched = _LINE.fullmatch(os.fsdecode(line))
            known = members.get(matched[2]) if matched else None
            if matched is None or known is None or known[0] != matched[1]:
                raise BrokenArchive(f"It was damaged: {matched[2] if matched else line!r} is not as it was backed up.")
            members.keep(matched[2])
    if list(members.kept_totals()) != [seal.get("files"), seal.get("bytes")]:
        raise BrokenArchive("It was damaged: files are missing.")
    for name, _sha256 in members.listed(kept=False):
        (into / name).unlink()
