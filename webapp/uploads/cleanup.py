"""Goes through the files of all teams now and then, and notes how much each has stored: copies, faces and pictures too.

A little in each round of the cleanup, so that nothing waits for a million files.
"""

import time
from collections.abc import Iterator
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from webapp import storage
from webapp.accounts.models import Team
from webapp.uploads.models import StorageAccount

EVERY_S = 300
ROUND_S = 0.25


class _Walk:
    """The walk that is under way in this process, and when the next one is due."""

    steps: Iterator[None] | None = None
    next_s = 0.0


def clean_up(**_: object) -> None:
    """Goes on with the walk for a moment."""
    if _Walk.steps is None:
        if time.monotonic() < _Walk.next_s:
            return
        _Walk.steps = measure_all()
    until_s = time.monotonic() + ROUND_S
    try:
        for _step in _Walk.steps:
            if time.monotonic() > until_s:
                return
    except BaseException:
        _Walk.steps = None
        raise
    _Walk.steps, _Walk.next_s = None, time.monotonic() + EVERY_S


def measure_all() -> Iterator[None]:
    """Measures every team; yields after each file."""
    for team_id in list(Team.objects.values_list("pk", flat=True)):
        yield from _measure(team_id)


def _measure(team_id: UUID) -> Iterator[None]:
    """What is added meanwhile may count twice, until the next walk."""
    if not Team.objects.filter(pk=team_id).exists():
        return
    account, _is_new = StorageAccount.objects.get_or_create(team_id=team_id)
    total = 0
    for size in storage.sizes(f"teams/{team_id}"):
        total += size
        yield
    StorageAccount.objects.filter(pk=account.pk).update(
        measured_bytes=total, added_bytes=F("added_bytes") - account.added_bytes, measured_at=timezone.now()
    )
