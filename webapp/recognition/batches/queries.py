"""Batches of recognitions of earlier videos: how far they are, and which wait to be applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from webapp.http.ids import uuids_in
from webapp.jobs.models import ACTIVE, Status
from webapp.recognition.models import Recognition

IN_WORK = Q(job__status__in=ACTIVE, ended_at=None)
STOPPED = Q(job__status__in=[Status.FAILED, Status.CANCELLED], ended_at=None)
NEW = Q(ended_at__isnull=False, taken_over_at=None, discarded_at=None)
APPLIED = Q(taken_over_at__isnull=False)
DISCARDED = Q(discarded_at__isnull=False)


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """How many recognitions of a batch are in each state."""

    all: int
    in_work: int
    stopped: int
    waiting: int
    applied: int
    discarded: int

    @property
    def ended(self) -> int:
        return self.all - self.in_work

    @property
    def percent(self) -> int:
        return int(100 * self.ended / self.all) if self.all else 100


def counts(recognitions: QuerySet[Recognition]) -> BatchCounts:
    """Counts the recognitions of a batch by state; in one query."""
    return BatchCounts(
        **recognitions.aggregate(
            all=Count("pk"),
            in_work=Count("pk", filter=IN_WORK),
            stopped=Count("pk", filter=STOPPED),
            waiting=Count("pk", filter=NEW),
            applied=Count("pk", filter=APPLIED),
            discarded=Count("pk", filter=DISCARDED),
        )
    )


def open_batches(recognitions: QuerySet[Recognition], limit: int = 10) -> list[dict[str, Any]]:
    """Returns batches in work or to be applied, newest first: "batch", "count", "waiting", "in_work", "at"."""
    grouped = recognitions.filter(batch__isnull=False).order_by().values("batch")
    found = grouped.annotate(
        count=Count("pk"), waiting=Count("pk", filter=NEW), in_work=Count("pk", filter=IN_WORK), at=Max("created_at")
    )
    rows: list[Any] = list(found.filter(Q(waiting__gt=0) | Q(in_work__gt=0)).order_by("-at")[:limit])
    return rows


def chosen(recognitions: QuerySet[Recognition], keys: Sequence[str]) -> list[Recognition]:
    """Returns the recognitions with these ids; invalid ids are ignored."""
    return list(recognitions.filter(pk__in=uuids_in(keys)))
