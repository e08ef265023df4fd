"""`manage.py doctor`: says in plain words what is wrong with this installation, and what to do."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from webapp.operation.diagnosis import installation_queries, work_queries
from webapp.operation.diagnosis.diagnosis_types import Diagnosis, Health
from webapp.team_scope import across_teams

MARKS = {Health.OK: "ok     ", Health.WARNING: "warning", Health.BAD: "BAD    "}


class Command(BaseCommand):
    help = (
        "Looks at this installation: database, queue, folders, disks, programs, graphics card, clock, security, "
        "workers, waiting and failed work, backups. Changes nothing. Exits with 1 where something is bad."
    )
    requires_system_checks: list[str] = []  # it says itself what they find

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    @across_teams()
    def handle(self, **options: Any) -> None:
        found = list(_examined())
        if options["json"]:
            self.stdout.write(json.dumps([asdict(each) for each in found], indent=1))
        else:
            for each in found:
                self.stdout.write(f"{MARKS[each.health]}  {each.part}: {each.words}")
                if each.advice:
                    self.stdout.write(f"         {each.advice}")
        if any(each.health == Health.BAD for each in found):
            sys.exit(1)


def _examined() -> Iterator[Diagnosis]:
    yield from installation_queries.settings_and_folders()
    about_database = list(work_queries.database())
    yield from about_database
    yield from installation_queries.queue(settings.REDIS_URL)
    yield from installation_queries.disks()
    yield from installation_queries.ffmpeg()
    yield from installation_queries.graphics_card()
    yield from installation_queries.security()
    if all(each.health == Health.OK for each in about_database):
        for look in (work_queries.clock, work_queries.workers, work_queries.waiting, work_queries.failures):
            yield from look()
    yield from installation_queries.backups()
