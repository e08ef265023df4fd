"""How far the videos are that are worked on together: "12 of 33 done · about 2 min left"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from webapp.accounts.models import Team
from webapp.jobs import words as jobs_words
from webapp.jobs.job_state import KNOWS_AFTER_S, KNOWS_AFTER_SHARE
from webapp.jobs.models import ACTIVE, ENDED, Job, JobKind, Status
from webapp.videos.models import Video

LOOKS_BACK = timedelta(hours=12)
MOST_ENDED = 1000
"""So many ended analyses belong to a batch at most; more change nothing that a person would notice."""
LEAST = 2
"""A single video has its card."""


@dataclass(frozen=True, slots=True)
class BatchAtWork:
    """Videos whose checks and analyses overlap in time, with the time left as a range in seconds, None until known."""

    done: int
    total: int
    low_s: float | None = None
    high_s: float | None = None

    @property
    def left(self) -> str:
        """The time left, in words."""
        return jobs_words.time_left(self.low_s, self.high_s)


class _Work(NamedTuple):
    video: UUID
    status: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    done: float
    total: float

    @property
    def share(self) -> float:
        return self.done / self.total if self.total else 0.0


def of_team(team: Team | None, visible: QuerySet[Video]) -> BatchAtWork | None:
    """Returns the batch at work; None where nothing runs, or a single video. Three queries at most, one when idle."""
    jobs = Job.objects.filter(team=team, parent=None, kind__in=[JobKind.CHECK, JobKind.ANALYSIS])
    active = _read(jobs.filter(status__in=ACTIVE))
    if not active:
        return None
    ended = _ended_with(active, jobs)
    lengths_s = dict(visible.filter(pk__in={work.video for work in active + ended}).values_list("pk", "duration_s"))
    at_work = {work.video: work for work in active if work.video in lengths_s}
    over = {work.video: work for work in ended if work.video in lengths_s and work.video not in at_work}
    if not at_work or len(at_work) + len(over) < LEAST:
        return None
    low_s, high_s = _time_left([*at_work.values()], [*over.values()], lengths_s)
    return BatchAtWork(len(over), len(at_work) + len(over), low_s, high_s)


def _read(jobs: QuerySet[Job]) -> list[_Work]:
    columns = ("subject_id", "status", "created_at", "started_at", "finished_at", "done", "total")
    return [_Work(*row) for row in jobs.values_list(*columns)]


def _ended_with(active: Sequence[_Work], jobs: QuerySet[Job]) -> list[_Work]:
    """Returns ended work that overlaps the active one, or work that does."""
    begun = min(work.created_at for work in active)
    # A check that is done has an analysis behind it.
    whole = Q(kind=JobKind.ANALYSIS) | Q(kind=JobKind.CHECK, status=Status.FAILED)
    # All that have ended; the states are named for the index.
    over = jobs.filter(whole, status__in=ENDED, finished_at__gte=timezone.now() - LOOKS_BACK)
    recent = over.order_by("-finished_at")[:MOST_ENDED]
    found = []
    for work in _read(recent):
        if work.finished_at is None or work.finished_at < begun:
            break
        begun = min(begun, work.created_at)
        found.append(work)
    return found


def _time_left(
    at_work: Sequence[_Work], over: Sequence[_Work], lengths_s: dict[UUID, float]
) -> tuple[float | None, float | None]:
    """Returns the seconds left, from the seconds of video that all workers together have done since the first start."""
    known = [length_s for length_s in lengths_s.values() if length_s]
    usual_s = sum(known) / len(known) if known else 0.0
    begun = min((work.started_at for work in [*at_work, *over] if work.started_at), default=None)
    if begun is None:
        return None, None
    elapsed_s = (timezone.now() - begun) / timedelta(seconds=1)
    made = sum(lengths_s[work.video] for work in over if work.status == Status.DONE)
    made += sum(lengths_s[work.video] * work.share for work in at_work)
    rest = sum((lengths_s[work.video] or usual_s) * (1 - work.share) for work in at_work)
    if elapsed_s < KNOWS_AFTER_S or made <= KNOWS_AFTER_SHARE * (made + rest):
        return None, None
    left_s = rest * elapsed_s / made
    spread = 0.1 + 0.3 * rest / (made + rest)
    return left_s * (1 - spread), left_s * (1 + spread)
