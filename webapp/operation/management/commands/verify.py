"""`manage.py verify`: says whether every row has its file, every file its row, and every file is as it was stored."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from webapp.operation.verification import repair_runner
from webapp.operation.verification.queries import Fault, FaultKind, Verification, verify
from webapp.operation.verification.stored_file_rules import WHAT
from webapp.stores.base import StoreAway
from webapp.team_scope import across_teams

LISTED = 20
"""Faults of a kind that are said one by one; --json lists all."""


class Command(BaseCommand):
    help = (
        "Verifies rows and files of this installation, also while it runs. Exits with 1 where something is wrong. "
        "Files of videos, samples and models are read whole and compared with their SHA-256, which takes as long as "
        "reading the disk."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="make again what can be, move files without row away")
        parser.add_argument("--no-checksums", action="store_true", help="look at names and sizes of files only")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, **options: Any) -> None:
        try:
            self._verify(options)
        except StoreAway as error:
            raise CommandError(f"The storage of media does not answer: {error}") from error

    @across_teams()
    def _verify(self, options: dict[str, Any]) -> None:
        found = verify(reads_all=not options["no_checksums"])
        repaired: set[Fault] = set()
        if options["repair"]:
            try:
                repaired = repair_runner.repair(found)
            except repair_runner.WrongFolder:
                raise CommandError(
                    f"{found.counts[FaultKind.MISSING]} of {found.rows} files are missing: is this the folder of "
                    "media, and is its disk there? Nothing was repaired. See ROLLCALL_MEDIA_DIR in .env.example."
                ) from None
        if options["json"]:
            self.stdout.write(json.dumps(_document(found, repaired), indent=1))
        else:
            self._say(found, repaired)
        if len(repaired) < found.counts.total():
            sys.exit(1)

    def _say(self, found: Verification, repaired: set[Fault]) -> None:
        said: Counter[FaultKind] = Counter()
        for fault in found.faults:
            said[fault.kind] += 1
            if said[fault.kind] <= LISTED:
                self.stdout.write(f"{_words(fault)}{_way_on(fault, fault in repaired)}")
        for kind, count in found.counts.items():
            if count > LISTED:
                self.stdout.write(f"... and {count - LISTED} more of this kind: {kind}")
        stored = f"{found.files} files ({found.size_bytes / 1e6:.1f} MB) in the store"
        count = found.counts.total()
        wrong = f"{count} wrong, {len(repaired)} of them repaired" if count else "nothing is wrong"
        self.stdout.write(f"verify: {found.rows} files that rows name, {stored}: {wrong}")


def _words(fault: Fault) -> str:
    match fault.kind:
        case FaultKind.DATABASE:
            return f"The database is damaged: {fault.detail}"
        case FaultKind.STRAY:
            return f"No row names this file: {fault.file.key}"
        case FaultKind.SHORT_UPLOAD:
            return f"An upload has lost bytes: {fault.file.row}: {fault.detail}"
        case FaultKind.MISSING:
            return f"Missing: {WHAT[fault.file.rule]}, {fault.file.key}"
        case FaultKind.CHANGED:
            return f"Damaged: {WHAT[fault.file.rule]}, {fault.file.key}: {fault.detail}"


def _way_on(fault: Fault, is_repaired: bool) -> str:
    if is_repaired and fault.kind == FaultKind.STRAY:
        return f". Moved to {repair_runner.strays_folder()}"
    if is_repaired:
        return ". A worker makes it again" if fault.file.rule in repair_runner.BY_JOBS else ". Repaired"
    if fault.kind == FaultKind.DATABASE:
        return ". Restore a backup"
    if fault.file.rule in repair_runner.NO_REMEDY:
        return f". What helps: {repair_runner.NO_REMEDY[fault.file.rule]}"
    return ". What helps: verify --repair"


def _document(found: Verification, repaired: set[Fault]) -> dict[str, Any]:
    return {
        "is_whole": len(repaired) == found.counts.total(),
        "rows": found.rows,
        "files": found.files,
        "size_bytes": found.size_bytes,
        "counts": dict(found.counts),
        "faults": [
            {
                "kind": fault.kind,
                "key": fault.file.key,
                "rule": fault.file.rule,
                "row": fault.file.row,
                "detail": fault.detail,
                "is_repaired": fault in repaired,
            }
            for fault in found.faults
        ],
    }
