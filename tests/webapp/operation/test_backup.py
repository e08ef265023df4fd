"""`manage.py backup` and `restore`: equal, also from the previous version; broken archives are told."""

import os
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from tests.full_disk import no_file_beyond
from tests.product import OWN_VARIABLES, PROJECT
from tests.webapp.audit.entries import write
from tests.webapp.operation.everything import Everything
from webapp import storage
from webapp.operation.backup import archive_codec as archive
from webapp.operation.backup import backup_runner, database_runner, restore_runner
from webapp.supervisor.data_folder import DataFolder
from webapp.supervisor.trouble import StartupError
from webapp.uploads import partial_files
from webapp.version import VERSION, applied_migrations

ABOUT = archive.About(archive.FORMAT, VERSION, "2026-01-01T00:00:00+00:00", "sqlite", [], has_secret_key=True)
BEFORE = {"audit": "0001_initial"}
"""A migration of the version before, when a column was not there whose content follows from others."""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_runner.time, "sleep", lambda _s: None)


MADE_BY_MIGRATIONS = ("sqlite_sequence", "django_migrations", "django_content_type", "auth_permission")
"""A restore makes them again; here they may be empty, as tests before this one empty all tables."""


def rows_of(database: Path) -> dict[str, list[str]]:
    """Returns every row of every table, but for when migrations ran."""
    with sqlite3.connect(database) as opened:
        opened.row_factory = sqlite3.Row
        tables = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: sorted(
                repr(sorted((key, row[key]) for key in list(row.keys()) if key != "applied"))
                for row in opened.execute(f'SELECT * FROM "{table}"')
            )
            for table in tables
            if table not in MADE_BY_MIGRATIONS
        }


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def as_the_version_before() -> Iterator[None]:
    """Brings the schema of the tests' database back, and forth again."""
    try:
        for app, name in BEFORE.items():
            call_command("migrate", app, name, verbosity=0)
        yield
    finally:
        call_command("migrate", verbosity=0)


def restored(backup: Path, to: Path) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
    environment = {**clean, "ROLLCALL_DATA_DIR": str(to)}
    command = [sys.executable, "manage.py", "restore", str(backup)]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.django_db(transaction=True)
def test_a_backup_of_the_previous_version_is_restored_equal(
    everything: Everything, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("compares files of SQLite")
    key = tmp_path / "secret_key"
    key.write_text("sesame")
    monkeypatch.setattr(settings, "SECRET_KEY_FILE", key)
    storage.put_bytes("teams/1/stray.jpg", b"nobody's")
    write(everything.user, everything.team.pk, 3)
    said = StringIO()
    with as_the_version_before():
        call_command("backup", str(tmp_path), stdout=said)
    (backup,) = tmp_path.glob("*.tar")
    assert str(backup) in said.getvalue() and backup.stat().st_mode & 0o077 == 0
    assert sorted(tmp_path.iterdir()) == sorted([backup, key])

    data = tmp_path / "data"
    _killed_in_its_last_step(data)
    done = restored(backup, data)
    assert done.returncode == 0, done.stderr
    kept = ["lock", "media", "rollcall.sqlite3", "secret_key", "uploads"]
    assert sorted(path.name for path in data.iterdir()) == kept
    assert rows_of(data / "rollcall.sqlite3") == rows_of(Path(str(connection.settings_dict["NAME"])))
    expected = files_of(settings.MEDIA_ROOT)
    del expected["teams/1/stray.jpg"]
    assert files_of(data / "media") == expected
    assert files_of(data / "uploads") == {everything.upload.pk.hex: b"ten bytes."}
    assert (data / "secret_key").read_text() == "sesame"
    assert not [path for path in data.rglob("*") if path.stat().st_mode & 0o077]

    monkeypatch.setattr(settings, "DATA_DIR", data)
    with pytest.raises(restore_runner.CannotRestore, match="There is something in"):
        restore_runner.restore(backup)


def _killed_in_its_last_step(data: Path) -> None:
    (data / archive.UNFINISHED).mkdir(parents=True)
    (data / archive.UNFINISHED / restore_runner.MOVING).touch()
    (data / "media").mkdir(mode=0o700)
    (data / "media/teams/9").mkdir(parents=True)
    (data / "media/teams/9/half.jpg").write_bytes(b"of the restore that was killed")
    with pytest.raises(StartupError, match=r"A restore into .* has not ended"):
        DataFolder(data).prepare()


@pytest.mark.django_db(transaction=True)
def test_what_is_deleted_meanwhile_is_in_no_row_of_the_backup(
    everything: Everything, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("looks into a file of SQLite")
    copied = database_runner.copied
    rounds = []

    @contextmanager
    def then_deleted(target: Path) -> Iterator[None]:
        with copied(target):
            yield
        rounds.append(target)
        if len(rounds) == 1:
            storage.delete(everything.export.file_key)
            everything.export.delete()
            partial_files.discard(everything.upload.pk)
            everything.upload.delete()

    monkeypatch.setattr(database_runner, "copied", then_deleted)
    made = backup_runner.back_up(tmp_path / "b.tar")
    assert (made.rounds, made.lost) == (2, [])
    archive.unpack(made.path, tmp_path / "out", lambda about: None)
    assert rows_of(tmp_path / "out" / archive.SQLITE)["exports_export"] == []
    names = files_of(tmp_path / "out").keys()
    assert not [name for name in names if "export" in name or name.startswith("uploads/")]
    assert sum(name.startswith("media/") for name in names) >= 10


@pytest.mark.django_db(transaction=True)
def test_what_was_lost_before_is_told_and_the_rest_backed_up(everything: Everything, tmp_path: Path) -> None:
    storage.delete(everything.key("people.Face.picture_key"))
    (settings.MEDIA_ROOT / everything.key("datasets.Sample.key")).write_bytes(b"other")
    said = StringIO()
    with pytest.raises(SystemExit):
        call_command("backup", str(tmp_path / "b.tar"), stdout=said)
    assert "is missing" in said.getvalue() and "is damaged: its SHA-256" in said.getvalue()
    assert "2 were missing or damaged" in said.getvalue() and (tmp_path / "b.tar").exists()
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", str(tmp_path / "b.tar"))
    for size_bytes, words in ((20_000, "The database cannot be copied"), (10_000_000, "cannot be written")):
        storage.put_bytes(everything.key("videos.Video.poster_key"), bytes(size_bytes))
        with pytest.raises(CommandError, match=words), no_file_beyond(size_bytes):
            call_command("backup", str(tmp_path / "full.tar"))
    with pytest.raises(CommandError, match="holds what is backed up"):
        call_command("backup", str(settings.MEDIA_ROOT / "b.tar"))
    assert [path.name for path in tmp_path.iterdir()] == ["b.tar"]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    with archive.ArchiveWriter(tmp_path / "small.tar", ABOUT) as writer:
        for name in ("media/a.jpg", "media/b.jpg", archive.SQLITE):
            writer.add_bytes(name, name.encode() * 400)
        writer.finish()
    return tmp_path / "small.tar"


def test_an_archive_that_was_cut_anywhere_is_told(small: Path, tmp_path: Path) -> None:
    whole = small.read_bytes()
    with tarfile.open(small) as tar:
        end = max(member.offset_data for member in tar)
    for length in {*range(0, end, 777), end - 1, end}:
        small.write_bytes(whole[:length])
        with pytest.raises(archive.BrokenArchive):
            archive.unpack(small, tmp_path / f"cut-{length}", lambda about: None)


def test_an_archive_that_was_changed_anywhere_is_told_or_whole(small: Path, tmp_path: Path) -> None:
    whole = small.read_bytes()
    archive.unpack(small, tmp_path / "whole", lambda about: None)
    expected = files_of(tmp_path / "whole")
    told = 0
    for at in range(0, len(whole), 211):
        small.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            archive.unpack(small, tmp_path / f"changed-{at}", lambda about: None)
        except archive.BrokenArchive:
            told += 1
        else:
            assert files_of(tmp_path / f"changed-{at}") == expected  # a byte that fills a block
    assert told > 10


@pytest.mark.parametrize("name", ["../out.txt", "/tmp/out.txt", "media/../../out.txt", "other.txt", "media/link"])
def test_what_no_backup_holds_is_refused(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        member = tarfile.TarInfo(name)
        if name == "media/link":
            member.type, member.linkname = tarfile.SYMTYPE, "/etc"
        tar.addfile(member, BytesIO())
    with pytest.raises(archive.BrokenArchive, match="which no backup of Rollcall does"):
        archive.unpack(tmp_path / "b.tar", tmp_path / "out", lambda about: None)


@pytest.mark.django_db
def test_a_backup_of_a_newer_version_is_refused_before_more_is_read(tmp_path: Path) -> None:
    newer = replace(ABOUT, version="9.0", migrations=[*applied_migrations(), "jobs.9999_new"], database="oracle")
    with archive.ArchiveWriter(tmp_path / "b.tar", newer) as writer:
        writer.add_bytes("media/a.jpg", b"a")
        writer.finish()
    with pytest.raises(restore_runner.CannotRestore, match=r"newer version, 9\.0, .* as jobs\.9999_new"):
        archive.unpack(tmp_path / "b.tar", tmp_path / "out", restore_runner._check)
    assert not (tmp_path / "out/media").exists()
    with pytest.raises(restore_runner.CannotRestore, match=r"newer version, 9\.0, and this is"):
        restore_runner._check(replace(newer, migrations=applied_migrations()))
    with pytest.raises(restore_runner.CannotRestore, match="a database of oracle"):
        restore_runner._check(replace(newer, version=VERSION, migrations=applied_migrations()))


def test_the_version_is_that_of_the_package() -> None:
    assert f'\nversion = "{VERSION}"\n' in (PROJECT / "pyproject.toml").read_text()
