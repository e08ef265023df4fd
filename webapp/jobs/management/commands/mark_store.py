"""`manage.py mark_store`: says that the media store set up here is the one of this database."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from webapp import storage
from webapp.jobs import store_mark_services


class Command(BaseCommand):
    """Workers refuse to work with a store that lacks the mark, since every job would fail."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--new", action="store_true", help="only where no store was ever marked")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            (store_mark_services.mark_new if options["new"] else store_mark_services.mark_again)()
        except (storage.StoreAway, OSError) as error:
            raise CommandError(f"The store of media cannot be written to: {error}") from error
        if (trouble := store_mark_services.trouble_in_words()) is not None:
            raise CommandError(trouble)
        self.stdout.write("The store is marked as the one of this database.")
