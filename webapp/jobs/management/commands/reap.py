"""`manage.py reap`: finds lost work and sets it going again; `manage.py up` does the same by itself."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from webapp.jobs import reaper


class Command(BaseCommand):
    """One round, or with --forever a round every few seconds."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--forever", action="store_true", help=f"a round every {reaper.EVERY_S} s until stopped")

    def handle(self, *args: Any, **options: Any) -> None:
        reaper.reap()
        while options["forever"]:
            time.sleep(reaper.EVERY_S)
            close_old_connections()
            reaper.reap()
