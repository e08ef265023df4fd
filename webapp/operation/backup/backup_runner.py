"""Makes a backup while the product runs: one archive in which every row has its file.

The database is copied first, without holding up who writes; then the files that its rows name. Files are written once
under their names, so what is copied later is what the rows meant. What was deleted in between is told by the rows of
now: then the database is copied once more, and only what is new is added.
"""

import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.db import connection

from webapp import storage
from webapp.operation.backup import archive_codec as archive
from webapp.operation.backup import database_runner
from webapp.operation.verification import stored_file_rules as rules
from webapp.operation.verification.queries import SETTLES_WITHIN_S
from webapp.operation.verification.stored_file_rules import RowFile
from webapp.uploads import partial_files
from webapp.uploads.models import PartialUpload
from webapp.version import VERSION, applied_migrations

MOST_ROUNDS = 5
"""Each but the first takes only as long as what changed during the one before."""
MOST_LOST = 1000
"""So many are told; the rest is counted."""


class TooMuchChanges(Exception):
    """Files went away in every round."""


@dataclass(slots=True)
class MadeBackup:
    """What came of it."""

    path: Path
    files: int = 0
    size_bytes: int = 0
    rounds: int = 0
    lost_count: int = 0
    lost: list[str] = field(default_factory=list)
    """Files of rows that were missing or damaged before: `verify` tells more."""


class _Wanted:
    """Which files the copied rows name, in a private file that SQLite removes."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("")
        self._db.execute("CREATE TABLE wanted (key, rule, row, sha256)")
        rows = ((os.fsencode(file.key), file.rule, file.row, file.sha256) for file in rules.files())
        self._db.executemany("INSERT INTO wanted VALUES (?, ?, ?, ?)", rows)
        self.folders = list(rules.folders())
        self.uploads = {
            upload.pk: (kind, upload.offset_bytes)
            for kind in PartialUpload.every_kind()
            for upload in kind.unfinished().iterator()
        }

    def files(self) -> Iterator[RowFile]:
        for key, rule, row, sha256 in self._db.execute("SELECT key, rule, row, sha256 FROM wanted"):
            yield RowFile(rule, row, os.fsdecode(key), sha256)


def back_up(target: Path) -> MadeBackup:
    """Writes a backup to a path where nothing is. Needs the scope of all teams.

    Raises OSError (a full disk), FileExistsError, CannotCopy, TooMuchChanges, StoreAway.
    """
    made, about = MadeBackup(target), _about()
    with (
        tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as scratch,
        archive.ArchiveWriter(target, about) as writer,
    ):
        copy = Path(scratch) / "database"
        for made.rounds in range(1, MOST_ROUNDS + 1):
            made.lost, made.lost_count = [], 0
            copy.unlink(missing_ok=True)
            with database_runner.copied(copy):
                wanted = _Wanted()
            writer.members.keep_none()
            if _add_files(wanted, writer, made):
                break
        else:
            raise TooMuchChanges
        writer.add_path(database_runner.member_name(), copy)
        if settings.SECRET_KEY_FILE.is_file():
            writer.add_path(archive.SECRET_KEY, settings.SECRET_KEY_FILE)
        _add_embedders(writer)
        made.files, made.size_bytes = writer.finish()
    _note_when(made, about.made_at)
    return made


def _note_when(made: MadeBackup, made_at: str) -> None:
    """Notes it for `manage.py doctor`."""
    with suppress(OSError):  # the backup is made, whoever may write here
        (settings.DATA_DIR / archive.LAST_BACKUP).write_text(json.dumps({"made_at": made_at, "path": str(made.path)}))


def _about() -> archive.About:
    return archive.About(
        format=archive.FORMAT,
        version=VERSION,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        database=connection.vendor,
        migrations=applied_migrations(),
        has_secret_key=settings.SECRET_KEY_FILE.is_file(),
    )


def _add_files(wanted: _Wanted, writer: archive.ArchiveWriter, made: MadeBackup) -> bool:
    """Adds what is not there yet; returns False where something went away since the rows were copied."""
    gone_uploads = [upload for upload in wanted.uploads if not _add_upload(upload, wanted, writer)]
    _add_arrived(writer)
    missing = [file for file in wanted.files() if not _add_file(file, writer, made)]
    for prefix in wanted.folders:
        for stored in storage.files(prefix):
            _add_file(RowFile("", "", stored.key), writer, made)
    if not missing and not gone_uploads:
        return True
    time.sleep(SETTLES_WITHIN_S)  # deleting takes files first and rows a moment later
    went = any(not _is_unfinished(upload, wanted) for upload in gone_uploads)
    for file in missing:
        went = went or not rules.holds(file) or storage.exists(file.key)
        _tell(made, f"{file.key} is missing")
    for upload in gone_uploads:
        _tell(made, f"what has arrived of the upload {upload} is missing")
    return not went


def _tell(made: MadeBackup, words: str) -> None:
    made.lost_count += 1
    if len(made.lost) < MOST_LOST:
        made.lost.append(words)


def _add_file(file: RowFile, writer: archive.ArchiveWriter, made: MadeBackup) -> bool:
    """Returns whether it is in the archive now, or lies among the uploads that are."""
    name = f"{archive.MEDIA}/{file.key}"
    if (known := writer.members.get(name)) is not None:
        writer.members.keep(name)
        sha256 = known[0]
    else:
        try:
            with storage.local_path(file.key) as path:
                sha256 = writer.add_path(name, path)
        except (FileNotFoundError, SuspiciousFileOperation):
            return not file.rule or _is_among_uploads(file, writer)
    if file.sha256 and sha256 != file.sha256:
        _tell(made, f"{file.key} is damaged: its SHA-256 is another one")
    return True


def _is_among_uploads(file: RowFile, writer: archive.ArchiveWriter) -> bool:
    """Returns whether it has arrived, and was still to be moved into the store when the rows were copied."""
    with suppress(ValueError):
        return writer.members.get(f"{archive.UPLOADS}/{UUID(file.row).hex}") is not None
    return False


def _add_upload(upload: UUID, wanted: _Wanted, writer: archive.ArchiveWriter) -> bool:
    """Adds what has arrived of it, which is at least what its row counts."""
    _kind, offset_bytes = wanted.uploads[upload]
    with suppress(FileNotFoundError):
        name = f"{archive.UPLOADS}/{upload.hex}"
        arrived = partial_files.arrived_bytes(upload)
        known = writer.members.get(name)
        if known is None or known[1] < arrived:
            writer.add_path(name, partial_files.path_of(upload), at_most=arrived)
        writer.members.keep(name)
        known = writer.members.get(name)
        return known is not None and known[1] >= offset_bytes
    return not offset_bytes


def _is_unfinished(upload: UUID, wanted: _Wanted) -> bool:
    kind, _offset_bytes = wanted.uploads[upload]
    return bool(kind.unfinished().filter(pk=upload).exists())


def _add_arrived(writer: archive.ArchiveWriter) -> None:
    """Adds what is complete and waits for a worker to move it: its row names the place where it will be."""
    for path in partial_files.every_file():
        name = f"{archive.UPLOADS}/{path.name}"
        if path.suffix:  # a note of what is not verified yet, of an upload that has its row
            continue
        if writer.members.get(name) is None:
            with suppress(FileNotFoundError, ValueError):
                writer.add_path(name, path, at_most=partial_files.arrived_bytes(UUID(path.name)))
        writer.members.keep(name)


def _add_embedders(writer: archive.ArchiveWriter) -> None:
    root = settings.EMBEDDERS_DIR
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        if path.is_file() and not path.is_symlink():
            writer.add_path(f"{archive.EMBEDDERS}/{path.relative_to(root)}", path)
