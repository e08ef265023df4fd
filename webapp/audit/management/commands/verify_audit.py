"""`manage.py verify_audit`: says of each chain of the audit log whether it is as it was written."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from webapp.audit.models import INSTALLATION
from webapp.audit.verification_queries import Break, verify_all
from webapp.team_scope import across_teams


class Command(BaseCommand):
    help = "Verifies the audit log. Exits with 1 and the first broken entry where it was tampered with."

    @across_teams()
    def handle(self, **_options: Any) -> None:
        is_broken = False
        for found in verify_all():
            name = "installation" if found.team_id == INSTALLATION else f"team {found.team_id}"
            if isinstance(found, Break):
                is_broken = True
                what = "head" if found.number is None else f"entry {found.number}"
                self.stdout.write(f"{name}: BROKEN: {what}: {found.reason}")
            else:
                words = f"{found.entries} entries, the last is {found.last_number} {found.last_hash}"
                self.stdout.write(f"{name}: holds: {words}")
        self.stdout.write("The audit log was tampered with." if is_broken else "The audit log holds.")
        if is_broken:
            sys.exit(1)
