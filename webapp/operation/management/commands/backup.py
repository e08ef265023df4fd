"""`manage.py backup FILE-or-FOLDER`: everything of this installation in one file, while it runs."""

import sys
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from webapp.operation.backup import backup_runner
from webapp.operation.backup.database_runner import CannotCopy
from webapp.stores.base import StoreAway
from webapp.team_scope import across_teams

LISTED = 20


class Command(BaseCommand):
    help = (
        "Makes a backup of database, media, unfinished uploads, face models and secret key, also while Rollcall runs. "
        "The file is not encrypted. Exits with 1 where a file was missing or damaged before; the rest is in the backup."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", type=Path, metavar="FILE-or-FOLDER", help="a new .tar file, or a folder for one")

    @across_teams()
    def handle(self, *, target: Path, **options: Any) -> None:
        target = target.expanduser().resolve()
        if target.is_dir():
            target /= f"rollcall-{datetime.now():%Y-%m-%d-%H%M%S}.tar"
        for folder in (settings.MEDIA_ROOT, settings.UPLOAD_DIR):
            if target.is_relative_to(folder):
                raise CommandError(f"{folder} holds what is backed up: choose a folder outside of it, or another disk.")
        try:
            made = backup_runner.back_up(target)
        except FileExistsError as error:
            raise CommandError(f"{target} is there already: choose another name.") from error
        except OSError as error:
            raise CommandError(
                f"{target} cannot be written ({error.strerror or error}). Nothing is left of it."
            ) from error
        except (CannotCopy, StoreAway) as error:
            raise CommandError(str(error)) from error
        except backup_runner.TooMuchChanges as error:
            raise CommandError(
                "Files are deleted faster than they can be copied: try again at a quiet time."
            ) from error
        for words in made.lost[:LISTED]:
            self.stdout.write(f"Not as it was stored, also before the backup: {words}")
        self.stdout.write(
            f"backup: {made.files} files ({made.size_bytes / 1e6:.1f} MB) in {made.path}"
            + (f", {made.lost_count} were missing or damaged (see manage.py verify)" if made.lost_count else "")
        )
        if made.lost_count:
            sys.exit(1)
