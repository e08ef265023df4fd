"""Moves a job from its creation to its end; nothing else writes `Job.status`.

Every move is a conditional update that names the state it comes from (and, for a worker, its claim), so that a message
that arrives twice, late, or after a cancel changes nothing. Publishing happens after the commit and never fails a move.
"""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from analysis.errors import AnalysisError, Cancelled, is_disk_full
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.jobs import errors, job_state, live_updates, queues, turn_queries, turn_services
from webapp.jobs.models import ACTIVE, MAX_ATTEMPTS, Job, Status
from webapp.team_scope import across_teams, carried, within_teams

logger = logging.getLogger(__name__)

REPORT_EVERY_S = 0.25
"""At most four writes and messages a second and job."""
BEAT_EVERY_S = 5.0
PLACES_PUBLISHED = 20
"""So many jobs at the front of a queue are told their new place; pages of later ones show it when they are loaded."""
MOST_SILENT_S = 600.0
"""A training step on a CPU may take a minute; no real work takes ten between two reports."""


def create(
    kind: str,
    *,
    team: Team,
    subject_id: UUID,
    created_by: User | None = None,
    parent: Job | None = None,
    total: float = 0,
) -> Job:
    """Creates a queued job and hands it to its queue when the surrounding transaction commits."""
    job = Job.objects.create(
        kind=kind, team=team, subject_id=subject_id, created_by=created_by, parent=parent, total=total
    )
    _send_later(kind)
    _publish_later(job.pk)
    return job


@across_teams()
def claim(job_id: UUID | str) -> Job | None:
    """Takes a queued job for this worker; returns None when another has it, or it was cancelled or deleted."""
    now = timezone.now()
    mine = uuid.uuid4()
    queued = Job.objects.filter(pk=job_id, status=Status.QUEUED)
    claimed = {"claim_id": mine, "worker": process_name(os.getpid(), os.getppid()), "heartbeat_at": now}
    if not queued.update(status=Status.RUNNING, sequence=F("sequence") + 1, **claimed):
        return None
    Job.objects.filter(pk=job_id, started_at=None).update(started_at=now)
    job = Job.objects.select_related("team", "created_by", "parent").filter(pk=job_id, claim_id=mine).first()
    if job is not None:
        _publish_later(job.pk)
    return job


@across_teams()
def claim_next(queue: str) -> Job | None:
    """Takes the job of a queue whose turn it is for this worker; returns None where none waits."""
    while True:
        with transaction.atomic():
            turn = turn_queries.next_of(queue)
            job = claim(turn) if turn else None
            if job is not None:
                turn_services.note_start(job)
        if job is not None or turn is None:  # else another worker was quicker
            return job


def process_name(pid: int, parent_pid: int) -> str:
    """Names a worker's child, for `Job.worker`."""
    return f"{children_of(parent_pid)}{pid}"


def children_of(parent_pid: int) -> str:
    """Returns how the names of the children of a worker on this machine begin."""
    return f"{socket.gethostname()}:{parent_pid}:"


def report(job: Job, stage: str, done: float, total: float, new_results: bool = False) -> None:
    """Stores how far the work is, at most a few times a second. Raises Cancelled when another worker owns the job."""
    now_s = time.monotonic()
    if not new_results and stage == job.stage and now_s - job.reported_s < REPORT_EVERY_S:
        return
    job.reported_s = now_s
    now = timezone.now()
    changes: dict[str, object] = {"stage": stage, "done": done, "total": total, "heartbeat_at": now}
    if stage != job.stage or job.stage_at is None:
        changes |= {"stage_at": now, "stage_done": done}
    _move(job, revision=F("revision") + int(new_results), **changes)
    job.stage = stage
    job.stage_at = job.stage_at or now
    if job.parent_id:
        _report_parent(job.parent_id, stage, new_results)


def finish(job: Job) -> None:
    """Ends a running job as done, in the transaction that stores the results. Raises Cancelled when it is not ours."""
    _move(job, status=Status.DONE, done=F("total"), finished_at=timezone.now(), error_code="", error_detail="")
    job.status = Status.DONE
    if job.parent_id:
        _after_part(job.parent_id)


def fail(job: Job, code: str, detail: str = "") -> None:
    """Ends a running job as failed, with a code that has words in `words.py`. A failed part fails its parent too."""
    if not _end(_owned(job), Status.FAILED, code, detail):
        return
    job.status = Status.FAILED
    _publish_later(job.pk)
    if job.parent_id:
        _end_family(job.parent_id, Status.FAILED, code, detail)


def cancel(job_id: UUID | str) -> bool:
    """Cancels a job and its parts; a worker notices at its next report. Returns False when the job had ended."""
    return _end_family(job_id, Status.CANCELLED)


def hand_over(job: Job) -> None:
    """Leaves the work to the parts; the job is claimed anew when the last of them has ended."""
    _move(job, claim_id=None, heartbeat_at=timezone.now())
    job.claim_id = None
    _after_part(job.pk)


def resume_parent(parent_id: UUID | str) -> bool:
    """Queues a job again that waited for its parts; once, no matter how many parts ask for it."""
    waiting = Job.objects.filter(pk=parent_id, status=Status.RUNNING, claim_id=None)
    return _to_queue(waiting)


def put_back(job: Job) -> bool:
    """Queues a running job again because its worker is being stopped; does not count as an attempt."""
    return _to_queue(_owned(job))


def give_up_worker(job: Job) -> None:
    """Queues a job again whose worker died, or fails it when that has happened too often."""
    owned = _owned(job)
    if job.attempts + 1 < MAX_ATTEMPTS:
        if _to_queue(owned, attempts=F("attempts") + 1):
            logger.warning("The worker of job %s died; it is queued again (%d)", job.pk, job.attempts + 1)
    elif owned.update(attempts=F("attempts") + 1):
        fail(job, errors.CRASHED, f"worker died {MAX_ATTEMPTS} times")


@contextmanager
def beating(job: Job) -> Iterator[None]:
    """Sends heartbeats from a thread, for work whose single steps may take longer than the reaper waits.

    Stops `MOST_SILENT_S` after the last report, so that work that hangs is given up anyway.
    """
    ended = threading.Event()
    thread = threading.Thread(target=carried(_beat), args=(job, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _beat(job: Job, ended: threading.Event) -> None:
    began_s = time.monotonic()
    try:
        while not ended.wait(BEAT_EVERY_S):
            if time.monotonic() - max(began_s, job.reported_s) > MOST_SILENT_S:
                return
            try:
                if not _owned(job).update(heartbeat_at=timezone.now()):
                    return
            except OperationalError as error:  # the database is busy or restarts; the next beat tells
                logger.warning("Job %s could not store its heartbeat: %s", job.pk, error)
    finally:
        connection.close()


@contextmanager
def working(job_id: UUID | str) -> Iterator[Job | None]:
    """Claims a job and works on it like `working_on`; yields None when it cannot be claimed."""
    job = claim(job_id)
    if job is None:
        yield None
        return
    with working_on(job):
        yield job


@contextmanager
def working_on(job: Job) -> Iterator[None]:
    """Maps how the work of a claimed job ends, which is within the job's team.

    Normal end: done, unless the body finished it itself or handed it over. `Cancelled`: it was cancelled or somebody
    else has it. Named errors: failed with their code. The worker is stopped, or the store away: queued again. Anything
    else: failed as internal, then raised on, so that logs and alerts see it.
    """
    with within_teams([job.team_id]), storage.scratch_of(str(job.claim_id)):
        try:
            yield
            if job.status == Status.RUNNING and job.claim_id is not None:
                finish(job)
        except Cancelled:
            logger.info("Job %s stopped: cancelled or taken over", job.pk)
        except (AnalysisError, errors.JobError) as error:
            logger.info("Job %s failed: %s: %s", job.pk, error.code, error)
            fail(job, error.code, str(error))
        except storage.StoreAway as error:
            logger.warning("Job %s waits for the store of media: %s", job.pk, error)
            put_back(job)
            raise
        except (SystemExit, KeyboardInterrupt):
            put_back(job)
            raise
        except Exception as error:
            fail(job, errors.DiskFull.code if is_disk_full(error) else errors.INTERNAL, repr(error))
            raise


def _owned(job: Job) -> QuerySet[Job]:
    return Job.objects.filter(pk=job.pk, status=Status.RUNNING, claim_id=job.claim_id)


def _move(job: Job, **changes: object) -> None:
    if not _owned(job).update(sequence=F("sequence") + 1, **changes):
        raise Cancelled
    if not job.parent_id:
        _publish_later(job.pk)


def _to_queue(jobs: QuerySet[Job], **changes: object) -> bool:
    """Queues the job in `jobs`, which holds one row at most; returns False where there is none."""
    row = jobs.values("pk", "kind").first()
    if row is None or not jobs.update(
        status=Status.QUEUED,
        claim_id=None,
        queued_at=timezone.now(),
        stage_at=None,
        sequence=F("sequence") + 1,
        **changes,
    ):
        return False
    _send_later(row["kind"])
    _publish_later(row["pk"])
    return True


def _end(jobs: QuerySet[Job], status: Status, code: str = "", detail: str = "") -> int:
    return jobs.update(
        status=status,
        error_code=code,
        error_detail=detail[:2000],
        finished_at=timezone.now(),
        sequence=F("sequence") + 1,
    )


def _end_family(job_id: UUID | str, status: Status, code: str = "", detail: str = "") -> bool:
    """Ends a job and cancels its remaining parts; returns False when it had ended."""
    with transaction.atomic():
        ended = _end(Job.objects.filter(pk=job_id, status__in=ACTIVE), status, code, detail)
        if ended:
            _end(Job.objects.filter(parent__pk=job_id, status__in=ACTIVE), Status.CANCELLED)
            _publish_later(job_id)
    return bool(ended)


def _report_parent(parent_id: UUID, stage: str, new_results: bool) -> None:
    """Stores the sum of the parts as the progress of their parent."""
    sums = Job.objects.filter(parent_id=parent_id).aggregate(done=Sum("done"), total=Sum("total"))
    now = timezone.now()
    running = Job.objects.filter(pk=parent_id, status=Status.RUNNING)
    running.exclude(stage=stage, stage_at__isnull=False).update(stage=stage, stage_at=now, stage_done=sums["done"] or 0)
    running.update(
        done=sums["done"] or 0,
        total=sums["total"] or 0,
        heartbeat_at=now,
        revision=F("revision") + int(new_results),
        sequence=F("sequence") + 1,
    )
    _publish_later(parent_id)


def _after_part(parent_id: UUID) -> None:
    """Resumes the parent after the commit, so that the later of two parts that end at once sees that none is left."""
    transaction.on_commit(lambda: _resume_when_complete(parent_id))


def _resume_when_complete(parent_id: UUID) -> None:
    parts = Job.objects.filter(parent_id=parent_id)
    if parts.filter(status__in=ACTIVE).exists():
        _report_parent(parent_id, Job.objects.filter(pk=parent_id).values_list("stage", flat=True).first() or "", False)
    else:
        resume_parent(parent_id)


def _send_later(kind: str) -> None:
    transaction.on_commit(lambda: queues.send(queues.queue_of(kind)))


def _publish_later(job_id: UUID | str) -> None:
    transaction.on_commit(lambda: _publish(job_id))


def _publish(job_id: UUID | str) -> None:
    job = Job.objects.filter(pk=job_id, parent=None).first()
    if job is None:
        return
    if job.kind in job_state.QUEUED_KINDS and job.status != Status.RUNNING:
        _publish_with_places(job)
    else:
        live_updates.publish_state(job_state.state_of(job))


@across_teams()
def _publish_with_places(job: Job) -> None:
    """Tells of a job, and the next behind it in its queue how many are ahead of them now."""
    line = turn_queries.line_of(queues.queue_of(job.kind))
    is_waiting = job.status == Status.QUEUED
    ahead = job_state.place_in_line(job, line) if is_waiting else 0
    live_updates.publish_state(job_state.state_of(job, ahead=ahead))
    order = list(line.order)
    behind = order[order.index(job.pk) + 1 :] if job.pk in line.order else order  # nothing changed for those before it
    next_ = Job.objects.filter(pk__in=behind[:PLACES_PUBLISHED], kind__in=job_state.QUEUED_KINDS, status=Status.QUEUED)
    if behind and next_.update(sequence=F("sequence") + 1):
        for each in next_:
            live_updates.publish_state(job_state.state_of(each, ahead=job_state.place_in_line(each, line)))
