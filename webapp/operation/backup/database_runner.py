"""Copies a database as it is at one moment while others write to it, and puts such a copy into an empty one."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from webapp.operation.backup import archive_codec as archive

DEBIAN = Path("/usr/lib/postgresql")


class CannotCopy(Exception):
    """The message is for the operator."""


def member_name() -> str:
    """Returns what the copy is called in an archive."""
    return archive.SQLITE if connection.vendor == "sqlite" else archive.POSTGRES


@contextmanager
def copied(target: Path) -> Iterator[None]:
    """Copies the database to a new file; within the `with`, queries see exactly what was copied.

    Writers are not held up: SQLite's write-ahead log and PostgreSQL's versions of rows let them go on.
    """
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("BEGIN" if is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            cursor.execute("SELECT count(*) FROM django_migrations")  # from here on, all is as it is now
            if is_sqlite:
                _copy_sqlite(target)
            else:
                cursor.execute("SELECT pg_export_snapshot()")
                _run("pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--snapshot={cursor.fetchone()[0]}",
                     f"--file={target}", *_server())  # fmt: skip
            yield
        finally:
            cursor.execute("ROLLBACK")


def _copy_sqlite(target: Path) -> None:
    copy = sqlite3.connect(target)
    try:
        connection.connection.backup(copy)
    except sqlite3.OperationalError as error:
        raise CannotCopy(f"The database cannot be copied to {target.parent}: {error}. Is the disk full?") from error
    finally:
        copy.close()


def is_empty() -> bool:
    """Returns whether the database that is in use has no tables."""
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return True
    return not connection.introspection.table_names()


def fill(copy: Path) -> None:
    """Puts a copy into the empty PostgreSQL database in use: all of it, or nothing. Raises CannotCopy."""
    connection.close()
    _run("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-acl", *_server(), str(copy))


def _run(tool: str, *arguments: str) -> None:
    password = str(connection.settings_dict["PASSWORD"] or "")
    environment = {**os.environ, "PGPASSWORD": password} if password else None
    done = subprocess.run([_path_of(tool), *arguments], capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise CannotCopy(f"{tool} failed: {' '.join(done.stderr.split())[-500:]}")


def _server() -> Sequence[str]:
    settings = connection.settings_dict
    named = {"--host": settings["HOST"], "--port": settings["PORT"], "--username": settings["USER"]}
    given = [f"{option}={value}" for option, value in named.items() if value]
    return [*given, "--no-password", f"--dbname={settings['NAME']}"]


def _path_of(tool: str) -> str:
    """Returns the newest of Debian's, as an older one refuses a newer server; else the one on PATH."""
    found = sorted(DEBIAN.glob(f"*/bin/{tool}"), key=lambda path: float(path.parts[-3]))
    path = str(found[-1]) if found else shutil.which(tool)
    if path is None:
        raise CannotCopy(f"{tool} is not there. Install PostgreSQL's client (Debian: postgresql-client).")
    return path
