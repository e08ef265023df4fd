"""`manage.py reap`: finds lost work and sets it going again; `manage.py up` does the same by itself."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from webapp.jobs import alive_files, reaper


class Command(BaseCommand):
    """One round, or with --forever a round every few seconds."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--forever", action="store_true", help=f"a round every {reaper.EVERY_S} s until stopped")

    def handle(self, *args: Any, **options: Any) -> None:
        """Without --forever it looks for as long as it takes to tell a dead worker from a busy one."""
        ends_s = time.monotonic() + reaper.STALE_AFTER_S + 2 * reaper.EVERY_S
        while options["forever"] or time.monotonic() < ends_s:
            reaper.logging_failures(reaper.reap)
            alive_files.touch()
            time.sleep(reaper.EVERY_S)
