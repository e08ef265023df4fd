"""Puts a backup into an empty installation, and brings its database up to date.

Everything is unpacked and compared beside the places where it belongs, then moved there, the database last. A restore
that was killed is begun anew by the next one; until then Rollcall does not start on the folder.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from webapp import storage
from webapp.operation.backup import archive_codec as archive
from webapp.operation.backup import database_runner
from webapp.version import VERSION, is_newer, unknown_migrations

MOVING = "moving"
"""A file among what is unpacked, once that is moved to its places."""
NO_CONTENT = {archive.UNFINISHED, "lock", "logs", "tmp", "lost+found", "valkey", "static"}


class CannotRestore(Exception):
    """The message is for the operator. Nothing was changed, unless it says so."""


def restore(backup: Path) -> archive.About:
    """Restores into the installation of the settings. Raises CannotRestore, BrokenArchive, CannotCopy, OSError."""
    staging = settings.DATA_DIR / archive.UNFINISHED
    _clear_unfinished(staging)
    _refuse_content()
    staging.mkdir(parents=True, mode=0o700)
    try:
        about = archive.unpack(backup, staging, _check)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    if connection.vendor == "sqlite":
        _migrate_copy(staging / archive.SQLITE)
    os.sync()
    (staging / MOVING).touch()
    _move(staging)
    if connection.vendor != "sqlite":
        database_runner.fill(staging / archive.POSTGRES)
        _migrate()
    shutil.rmtree(staging)
    return about


def _check(about: archive.About) -> None:
    """Refuses what this code cannot go on with."""
    unknown = unknown_migrations(about.migrations)
    if unknown or is_newer(about.version):
        changes = f", with changes of the database that are unknown here, as {unknown[-1]}" if unknown else ""
        raise CannotRestore(
            f"The backup was made by a newer version, {about.version}, and this is {VERSION}{changes}. Install that "
            "version or a later one, and restore with it."
        )
    if about.database != connection.vendor:
        raise CannotRestore(
            f"The backup holds a database of {about.database}, and DATABASE_URL names one of {connection.vendor}."
        )


def _places() -> dict[str, Path]:
    """Returns where the folders and files of an archive belong, in the order in which they are moved."""
    places = {
        archive.MEDIA: Path(settings.MEDIA_ROOT),
        archive.UPLOADS: Path(settings.UPLOAD_DIR),
        archive.EMBEDDERS: Path(settings.EMBEDDERS_DIR),
        archive.SECRET_KEY: Path(settings.SECRET_KEY_FILE),
    }
    if connection.vendor == "sqlite":
        places[archive.SQLITE] = Path(connection.settings_dict["NAME"])
    return places


def _refuse_content() -> None:
    places = list(_places().values())
    inside = settings.DATA_DIR.iterdir() if settings.DATA_DIR.is_dir() else ()
    for path in [path for path in inside if path.name not in NO_CONTENT] + places:
        if _holds_something(path):
            raise CannotRestore(
                f"There is something in {path}. A backup is restored into an empty installation only: name another "
                "folder in ROLLCALL_DATA_DIR, or move that one away."
            )
    if not database_runner.is_empty():
        raise CannotRestore("The database of DATABASE_URL is not empty. Make a new one, and name that.")
    if settings.BUCKET.name and next(storage.files(), None) is not None:
        raise CannotRestore(f"The bucket {settings.BUCKET.name} is not empty. Make a new one, and name that.")


def _holds_something(path: Path) -> bool:
    if path.is_dir():
        return any(_holds_something(child) for child in path.iterdir())
    return path.exists()


def _clear_unfinished(staging: Path) -> None:
    """Removes what a killed restore left: before it, the installation was empty."""
    if (staging / MOVING).exists():
        if connection.vendor != "sqlite" and not database_runner.is_empty():
            raise CannotRestore(
                f"A restore ended in its last step, after the database was filled. Start Rollcall after removing "
                f"{staging}, which brings it up to date; or empty the database, and restore again."
            )
        for path in _places().values():
            for child in _contents(path):
                shutil.rmtree(child) if child.is_dir() else child.unlink()
    shutil.rmtree(staging, ignore_errors=True)


def _contents(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (child for child in path.iterdir() if child.name != "lost+found")
    elif path.exists():
        yield path


def _move(staging: Path) -> None:
    for name, place in _places().items():
        source = staging / name
        if not source.exists():
            continue
        if name == archive.MEDIA and settings.BUCKET.name:
            _each_file(source, storage.put_file)
        elif source.is_dir():
            place.mkdir(parents=True, exist_ok=True)  # it may be a disk of its own
            for child in source.iterdir():
                shutil.move(child, place / child.name)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, place)


def _each_file(folder: Path, put: Callable[[str, Path], None]) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            put(str(path.relative_to(folder)), path)


def _migrate_copy(copy: Path) -> None:
    """Brings the copy up to date before it is in its place."""
    connection.close()
    name = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = str(copy)
    try:
        _migrate()
    finally:
        connection.close()  # which puts what is in its journal into the file
        connection.settings_dict["NAME"] = name


def _migrate() -> None:
    call_command("migrate", interactive=False, verbosity=0)
