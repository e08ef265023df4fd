"""Finds work that was lost (a worker died, a message vanished) and sets it going again; runs every few seconds."""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from uuid import UUID

import redis
from django.db import close_old_connections
from django.db.models import Count, QuerySet

from webapp import storage
from webapp.jobs import lifecycle, queues
from webapp.jobs.models import ACTIVE, Job, Status
from webapp.jobs.signals import cleanup_due
from webapp.team_scope import across_teams

logger = logging.getLogger(__name__)

EVERY_S = 5
STALE_AFTER_S = 30
"""Work reports at least once a second; a worker that is silent for this long is dead."""
MOST_MESSAGES = 1000
"""So many are sent anew in a round at most; each that is worked on is followed by the next round's."""


@dataclass
class Looks:
    """What earlier rounds saw, by the monotonic clock: wall clocks are set, and then tell nothing about the dead."""

    looked_s: float = float("-inf")
    beats: dict[UUID, tuple[datetime | None, float]] = field(default_factory=dict)
    """Of each claim its last heartbeat, and since when that has been the last."""

    def begin_round(self) -> float:
        """Returns the time of this round; after a gap (a stopped database, say) silence of others proves nothing."""
        now_s = monotonic()
        if now_s - self.looked_s > STALE_AFTER_S / 2:
            self.beats.clear()
        self.looked_s = now_s
        return now_s


_looks = Looks()


@across_teams()
def reap() -> None:
    """Runs one round and lets other apps clean up, whatever fails: on a full disk, what frees room comes after that."""
    now_s = _looks.begin_round()
    steps: tuple[Callable[[], object], ...] = (
        lambda: give_up_stale_workers(now_s),
        resume_forgotten_parents,
        send_missing_messages,
        clear_scratch_of_the_dead,
        lambda: cleanup_due.send_robust(sender=None),
    )
    for step in steps:
        _log_failures(step)


def logging_failures(action: Callable[[], None]) -> None:
    """Logs housekeeping that fails, to be tried again later: it must not end the process that does it."""
    close_old_connections()
    _log_failures(action)


def _log_failures(action: Callable[[], object]) -> None:
    try:
        action()
    except Exception:
        logger.exception("Housekeeping failed; it is tried again in a moment")


def give_up_stale_workers(now_s: float) -> None:
    """Gives up workers whose heartbeat has been the same for `STALE_AFTER_S`, as seen from here."""
    claimed = {job.claim_id: job for job in _claimed() if job.claim_id is not None}
    for claim in _looks.beats.keys() - claimed.keys():
        del _looks.beats[claim]
    for claim, job in claimed.items():
        beat, since_s = _looks.beats.get(claim, (None, now_s))
        if claim not in _looks.beats or beat != job.heartbeat_at:
            _looks.beats[claim] = job.heartbeat_at, now_s
        elif now_s - since_s > STALE_AFTER_S:
            lifecycle.give_up_worker(job)


@across_teams()
def recover(queue_names: Collection[str] = queues.ALL) -> None:
    """Queues again what the workers of these queues were doing; for the supervisor, which knows that they died."""
    for job in _claimed().filter(kind__in=queues.kinds_of(queue_names)):
        lifecycle.give_up_worker(job)


@across_teams()
def recover_children(parent_pid: int, alive: Collection[int]) -> None:
    """Queues again what children of a worker on this machine were doing, but for those that are alive."""
    jobs = _claimed().filter(worker__startswith=lifecycle.children_of(parent_pid))
    for job in jobs.exclude(worker__in=[lifecycle.process_name(pid, parent_pid) for pid in alive]):
        lifecycle.give_up_worker(job)


@across_teams()
def put_back_all() -> None:
    """Queues again whatever still runs after the workers were stopped; does not count as an attempt."""
    for job in _claimed():
        lifecycle.put_back(job)


def resume_forgotten_parents() -> None:
    """Resumes parents whose worker died between ending the last part and resuming them."""
    waiting = Job.objects.filter(status=Status.RUNNING, claim_id=None)
    for job_id in waiting.exclude(parts__status__in=ACTIVE).values_list("pk", flat=True):
        lifecycle.resume_parent(job_id)


def send_missing_messages() -> None:
    """Makes up for messages that vanished, so that as many wait as jobs; one too many finds nothing to do."""
    counts = dict(Job.objects.filter(status=Status.QUEUED).values_list("kind").annotate(Count("pk")))
    if not counts:
        return
    try:
        lengths = queues.lengths()
    except redis.RedisError as error:
        logger.warning("The queue does not answer: %s", error)
        return
    for queue, kinds in queues.KINDS.items():
        missing = sum(counts.get(kind, 0) for kind in kinds) - lengths[queue]
        for _ in range(min(missing, MOST_MESSAGES)):
            if not queues.send(queue):
                return


def clear_scratch_of_the_dead() -> None:
    """Removes the unfinished results of workers that have died."""
    owners = storage.scratch_owners()  # first: who has a folder has had the claim before
    if owners:
        for owner in set(owners) - {str(claim) for claim in _claimed().values_list("claim_id", flat=True)}:
            storage.clear_scratch_of(owner)


def _claimed() -> QuerySet[Job]:
    return Job.objects.filter(status=Status.RUNNING, claim_id__isnull=False)
