"""`manage.py restore FILE`: puts a backup, also of an earlier version, into an empty installation."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from webapp.operation.backup import restore_runner
from webapp.operation.backup.archive_codec import BrokenArchive
from webapp.operation.backup.database_runner import CannotCopy
from webapp.stores.base import StoreAway


class Command(BaseCommand):
    help = (
        "Restores a backup into the empty installation of ROLLCALL_DATA_DIR, compares all of it with its checksums "
        "before anything is in its place, and brings the database up to date. Rollcall must not run there."
    )
    requires_system_checks: list[str] = []
    """There is nothing yet that could be checked."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("backup", type=Path, metavar="FILE", help="what manage.py backup has made")

    def handle(self, *, backup: Path, **options: Any) -> None:
        previous = os.umask(0o077)  # as where Rollcall runs
        try:
            about = restore_runner.restore(backup.expanduser().resolve())
        except FileNotFoundError as error:
            raise CommandError(f"{error.filename} is not there.") from error
        except OSError as error:
            raise CommandError(f"The backup cannot be restored: {error}. Mend that, and restore again.") from error
        except (restore_runner.CannotRestore, BrokenArchive, CannotCopy, StoreAway, DatabaseError) as error:
            raise CommandError(str(error)) from error
        finally:
            os.umask(previous)
        self.stdout.write(
            f"restore: the backup of {about.made_at} (version {about.version}) is in {settings.DATA_DIR}. "
            "Start Rollcall, then run: manage.py verify"
        )
        if not about.has_secret_key:
            self.stdout.write("Its secret key was not in a file: set ROLLCALL_SECRET_KEY to the one it had.")
