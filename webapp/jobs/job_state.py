"""The state of a job as browsers get it: always the whole of it, with a sequence that rises."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Self
from uuid import UUID

from django.db.models import Case, QuerySet, When
from django.utils import timezone

from webapp.jobs import queues, turn_queries
from webapp.jobs.models import ACTIVE, Job, JobKind, Status
from webapp.jobs.turn_queries import QueueLine
from webapp.team_scope import across_teams

COUNTED_WITH = {
    JobKind.CHECK: (JobKind.CHECK, JobKind.ANALYSIS),
    JobKind.ANALYSIS: (JobKind.CHECK, JobKind.ANALYSIS),
    JobKind.WEB_COPY: (JobKind.WEB_COPY,),
    JobKind.EXPORT: (JobKind.EXPORT,),
    JobKind.TRAIN: (JobKind.TRAIN,),
}
"""Work whose place in the queue pages show, and with which other work that is counted."""
QUEUED_KINDS = tuple(COUNTED_WITH)
MOST_ACTIVE = 200
"""A page shows no more cards; of a job that a snapshot leaves out it keeps what the server rendered."""
RECENT_ENDED = 100
"""How many ended jobs a snapshot holds, so that a page that lost its connection learns how they ended."""
KNOWS_AFTER_S = 3.0
KNOWS_AFTER_SHARE = 0.02
"""Before this much time and work the pace is a guess, so no time left is shown."""


@dataclass(frozen=True, slots=True)
class JobState:
    """One job (or upload) as the page shows it. A page ignores a state whose sequence is not above the shown one.

    `done` and `total` are seconds of video (bytes for an upload); `low_s` and `high_s` the time left as a range, None
    until known; `ahead` how many of its kind are before it in the queue; `created` (seconds since 1970) tells which of
    two jobs of one subject is the newer.
    """

    id: str
    kind: str
    subject: str
    team: str
    status: str
    stage: str = ""
    done: float = 0
    total: float = 0
    low_s: float | None = None
    high_s: float | None = None
    error: str = ""
    sequence: int = 0
    revision: int = 0
    attempts: int = 0
    created: float = 0
    started: bool = False
    ahead: int = 0

    @property
    def percent(self) -> int | None:
        """Whole percent; 100 only when it is done, None where the total is unknown or other work follows."""
        if self.status == Status.DONE:
            return None if self.kind == JobKind.CHECK else 100  # the video then waits for its analysis
        if self.total <= 0:
            return None
        return max(0, min(99, int(100 * self.done / self.total)))

    @classmethod
    def of_payload(cls, payload: Mapping[str, Any]) -> Self:
        return cls(**{name: payload[name] for name in cls.__dataclass_fields__})

    def payload(self) -> dict[str, object]:
        """Returns the message as it travels, still without words."""
        return {"type": "job", **asdict(self), "percent": self.percent}


def state_of(job: Job, now: datetime | None = None, ahead: int = 0) -> JobState:
    low_s, high_s = time_left(job, now or timezone.now())
    return JobState(
        id=str(job.pk),
        kind=job.kind,
        subject=str(job.subject_id),
        team=str(job.team_id),
        status=job.status,
        stage=job.stage,
        done=job.done,
        total=job.total,
        low_s=low_s,
        high_s=high_s,
        error=job.error_code,
        sequence=job.sequence,
        revision=job.revision,
        attempts=job.attempts,
        created=job.created_at.timestamp(),
        started=job.started_at is not None,
        ahead=ahead,
    )


@across_teams()
def places_in_queue(jobs: Iterable[Job]) -> dict[UUID, int]:
    """Returns how many like it are before each waiting job of `COUNTED_WITH`; other jobs are left out.

    As turns stand now: another's later job may still come first. Counts work of all teams, running work included, as
    they share the workers.
    """
    waiting: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        if job.kind in COUNTED_WITH and job.status == Status.QUEUED:
            waiting[queues.queue_of(job.kind)].append(job)
    lines = {queue: turn_queries.line_of(queue) for queue in waiting}
    return {job.pk: place_in_line(job, lines[queue]) for queue, own in waiting.items() for job in own}


def place_in_line(job: Job, line: QueueLine) -> int:
    """Returns how many like a job, of a kind of `COUNTED_WITH`, are at work or wait before it."""
    alike = COUNTED_WITH[JobKind(job.kind)]
    before = takewhile(lambda pk: pk != job.pk, line.order)
    return sum(line.at_work.get(kind, 0) for kind in alike) + sum(line.order[pk] in alike for pk in before)


def time_left(job: Job, now: datetime) -> tuple[float | None, float | None]:
    """Returns the seconds left as (low, high), from the pace of this stage; the range narrows as it progresses."""
    if job.status != Status.RUNNING or job.stage_at is None or job.total <= 0:
        return None, None
    elapsed_s = (now - job.stage_at) / timedelta(seconds=1)
    made = job.done - job.stage_done
    if elapsed_s < KNOWS_AFTER_S or made < KNOWS_AFTER_SHARE * job.total:
        return None, None
    left_s = max(0.0, job.total - job.done) * elapsed_s / made
    spread = 0.1 + 0.4 * max(0.0, 1 - job.done / job.total)
    return left_s * (1 - spread), left_s * (1 + spread)


def snapshot(*, team_id: UUID | None = None, subject_id: UUID | None = None) -> list[JobState]:
    """Returns jobs of a team or one subject; parts only through their parent.

    These are the latest `RECENT_ENDED`, and of the active ones `MOST_ACTIVE`: those at work, then the oldest that wait.
    """
    jobs = Job.objects.filter(parent=None)
    if subject_id is not None:
        jobs = jobs.filter(subject_id=subject_id)
    if team_id is not None:
        jobs = jobs.filter(team_id=team_id)
    now = timezone.now()
    shown = _active_and_latest(jobs)
    places = places_in_queue(shown)
    return [state_of(job, now, places.get(job.pk, 0)) for job in shown]


def _active_and_latest(jobs: QuerySet[Job]) -> list[Job]:
    waits = Case(When(status=Status.QUEUED, then=1), default=0)
    active = jobs.filter(status__in=ACTIVE).order_by(waits, "created_at", "pk")[:MOST_ACTIVE]
    ended = jobs.exclude(status__in=ACTIVE).order_by("-finished_at")[:RECENT_ENDED]
    return sorted([*active, *ended], key=lambda job: job.created_at)


def is_cut(states: Iterable[JobState]) -> bool:
    """Whether more is active than a snapshot holds."""
    return sum(state.status in ACTIVE for state in states) >= MOST_ACTIVE
