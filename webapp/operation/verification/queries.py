"""Compares what rows say of files with what is stored: every row its file, every file its row, every file whole.

Safe while the product runs: what seems wrong is looked at again at the end, and a file without a row is a fault only
when it has lain there for a day.
"""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from os import SEEK_END, fsdecode, fsencode
from pathlib import Path, PurePosixPath

from django.core.exceptions import SuspiciousFileOperation
from django.db import DatabaseError, connection

from analysis.weights import sha256_of
from webapp import storage
from webapp.operation.verification import stored_file_rules as rules
from webapp.operation.verification.stored_file_rules import RowFile
from webapp.uploads import partial_files
from webapp.uploads.models import PartialUpload

STRAY_AFTER = timedelta(days=1)
"""Work may store files hours before their rows, and a killed worker's are removed when its work is repeated."""
SETTLES_WITHIN_S = 2.0
"""Deleting takes files first and rows a moment later."""
MOST_FAULTS = 20_000
"""So many are kept to be listed and repaired; the rest is counted, as memory is bounded."""
ENDINGS = {".jpg": b"\xff\xd9", ".png": b"IEND\xaeB`\x82"}
"""How files of our own end where they are whole."""
MP4 = ".mp4"
BOX_HEAD_BYTES = 16


class FaultKind(StrEnum):
    """What can be wrong. The values stand in `verify --json`."""

    DATABASE = "database"
    MISSING = "missing"
    CHANGED = "changed"
    STRAY = "stray"
    SHORT_UPLOAD = "short_upload"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong. `file.rule` and `file.row` are empty where no row is concerned."""

    kind: FaultKind
    file: RowFile
    detail: str = ""


@dataclass(slots=True)
class Verification:
    """What a verification looked at and found."""

    rows: int = 0
    files: int = 0
    size_bytes: int = 0
    faults: list[Fault] = field(default_factory=list)
    counts: Counter[FaultKind] = field(default_factory=Counter)
    """How many of each kind, those included that are too many for `faults`."""

    @property
    def is_whole(self) -> bool:
        return not self.counts.total()

    def add(self, fault: Fault) -> None:
        self.counts[fault.kind] += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)


class _FileIndex:
    """What lies in the store, in a private file that SQLite removes: there may be millions."""

    def __init__(self, files: Iterable[storage.StoredFile]) -> None:
        self._db = sqlite3.connect("")
        self._db.execute("CREATE TABLE files (key BLOB PRIMARY KEY, size, changed_s, has_row DEFAULT 0) WITHOUT ROWID")
        rows = ((fsencode(file.key), file.size_bytes, file.changed_s) for file in files)
        self._db.executemany("INSERT OR IGNORE INTO files (key, size, changed_s) VALUES (?, ?, ?)", rows)
        self.count, self.size_bytes = self._db.execute("SELECT count(*), coalesce(sum(size), 0) FROM files").fetchone()

    def note_row(self, key: str) -> None:
        self._db.execute("UPDATE files SET has_row = 1 WHERE key = ?", [fsencode(key)])

    def note_folder(self, prefix: str) -> None:
        inside = [fsencode(f"{prefix}/"), fsencode(f"{prefix}0")]  # "0" follows "/"
        self._db.execute("UPDATE files SET has_row = 1 WHERE key >= ? AND key < ?", inside)

    def without_row(self, before_s: float) -> Iterator[str]:
        found = self._db.execute("SELECT key FROM files WHERE NOT has_row AND changed_s < ?", [before_s])
        return (fsdecode(key) for (key,) in found)


def verify(*, reads_all: bool = True, settles_within_s: float = SETTLES_WITHIN_S) -> Verification:
    """Verifies database, store and unfinished uploads; with `reads_all` every file with a checksum is read."""
    found = Verification()
    for words in _broken_database():
        found.add(Fault(FaultKind.DATABASE, RowFile("", "", ""), words))
    index = _FileIndex(storage.files())  # before the rows: no file whose row comes now is taken for a stray
    found.files, found.size_bytes = index.count, index.size_bytes
    suspects: list[Fault] = []
    for file in rules.files():
        found.rows += 1
        index.note_row(file.key)
        if (fault := _fault_of(file, reads_all)) and len(suspects) < MOST_FAULTS:
            suspects.append(fault)
    for prefix in rules.folders():
        index.note_folder(prefix)
    suspects += _short_uploads()
    if suspects:
        time.sleep(settles_within_s)
    for fault in suspects:
        if _stands(fault, reads_all):
            found.add(fault)
    for key in index.without_row(time.time() - STRAY_AFTER.total_seconds()):
        if storage.exists(key):
            found.add(Fault(FaultKind.STRAY, RowFile("", "", key)))
    return found


def _broken_database() -> Iterator[str]:
    """Yields what the database says of itself: damaged pages, and rows that point to none."""
    try:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                answers = [str(row[0]) for row in cursor.execute("PRAGMA quick_check(10)").fetchall()]
            yield from (answer for answer in answers if answer != "ok")
        connection.check_constraints()
    except DatabaseError as error:
        yield " ".join(str(error).split())


def _fault_of(file: RowFile, reads_all: bool) -> Fault | None:
    try:
        detail = _wrong_size(file) or (_damage(file) if reads_all else "")
    except (FileNotFoundError, SuspiciousFileOperation):
        return Fault(FaultKind.MISSING, file)
    return Fault(FaultKind.CHANGED, file, detail) if detail else None


def _wrong_size(file: RowFile) -> str:
    size_bytes = storage.size(file.key)
    if file.size_bytes is not None and size_bytes != file.size_bytes:
        return f"it has {size_bytes} bytes instead of {file.size_bytes}"
    return "" if size_bytes else "it is empty"


def _damage(file: RowFile) -> str:
    """Returns in words what is wrong with a file; empty where nothing is, as far as can be told."""
    if not file.sha256 and PurePosixPath(file.key).suffix not in (*ENDINGS, MP4):
        return ""
    with storage.local_path(file.key) as path:
        if file.sha256:
            return "" if sha256_of(path) == file.sha256 else "its SHA-256 is another one"
        # What has a size of its own in its row is not looked into: that it is all there is known.
        return "" if file.size_bytes is not None or _is_whole(path, path.stat().st_size) else "it is cut off"


def _is_whole(path: Path, size_bytes: int) -> bool:
    """Returns whether a picture or MP4 of our own goes to its end; True for files of which that cannot be told."""
    with path.open("rb") as file:
        if ending := ENDINGS.get(path.suffix):
            file.seek(-min(len(ending), size_bytes), SEEK_END)
            return file.read() == ending
        at = 0
        while path.suffix == MP4 and at < size_bytes:
            file.seek(at)
            head = file.read(BOX_HEAD_BYTES)
            length = int.from_bytes(head[:4])
            length = int.from_bytes(head[8:]) if length == 1 else length or size_bytes - at
            if length < 8:
                return False
            at += length
        return at <= size_bytes


def _short_uploads() -> Iterator[Fault]:
    """Yields uploads of which fewer bytes lie there than their senders were told had arrived."""
    for kind in PartialUpload.every_kind():
        for upload in kind.unfinished().filter(offset_bytes__gt=0).iterator():
            if (fault := _short_upload(upload)) is not None:
                yield fault


def _short_upload(upload: PartialUpload) -> Fault | None:
    arrived = partial_files.arrived_bytes(upload.pk)
    if arrived >= upload.offset_bytes or upload.offset_bytes == upload.size_bytes:  # complete: on its way to the store
        return None
    file = RowFile(upload._meta.label, str(upload.pk), upload.pk.hex)
    return Fault(FaultKind.SHORT_UPLOAD, file, f"{arrived} of {upload.offset_bytes} bytes are there")


def _stands(fault: Fault, reads_all: bool) -> bool:
    """Returns whether it is still wrong, and not of something that was deleted, replaced or finished meanwhile."""
    if fault.kind == FaultKind.SHORT_UPLOAD:
        kinds = {kind._meta.label: kind for kind in PartialUpload.every_kind()}
        upload = kinds[fault.file.rule].unfinished().filter(pk=fault.file.row).first()
        return upload is not None and _short_upload(upload) is not None
    return rules.holds(fault.file) and _fault_of(fault.file, reads_all) is not None
