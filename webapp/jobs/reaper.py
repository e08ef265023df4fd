"""Finds work that was lost (a worker died, a message vanished) and sets it going again; runs every few seconds."""

import logging
from collections.abc import Collection
from datetime import timedelta

import redis
from django.db.models import QuerySet
from django.utils import timezone

from webapp.jobs import lifecycle, queues
from webapp.jobs.models import ACTIVE, Job, Status
from webapp.jobs.signals import cleanup_due
from webapp.team_scope import across_teams

logger = logging.getLogger(__name__)

EVERY_S = 5
STALE_AFTER_S = 30
"""Work reports at least once a second; a worker that is silent for this long is dead."""
LOST_AFTER_S = 10
"""A message that is not in its queue this long after it was sent, and was not claimed, is lost."""


@across_teams()
def reap() -> None:
    """Runs one round, then lets other apps clean up."""
    give_up_stale_workers()
    resume_forgotten_parents()
    send_lost_messages()
    cleanup_due.send_robust(sender=None)


def give_up_stale_workers() -> None:
    silent_since = timezone.now() - timedelta(seconds=STALE_AFTER_S)
    for job in _claimed().filter(heartbeat_at__lt=silent_since):
        lifecycle.give_up_worker(job)


@across_teams()
def recover(queue_names: Collection[str] = queues.ALL) -> None:
    """Queues again what the workers of these queues were doing; for the supervisor, which knows that they died."""
    for job in _claimed().filter(kind__in=queues.kinds_of(queue_names)):
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


def send_lost_messages() -> None:
    """Sends again the messages that vanished; sending too often is harmless, as a claim succeeds once."""
    long_ago = timezone.now() - timedelta(seconds=LOST_AFTER_S)
    queued = Job.objects.filter(status=Status.QUEUED)
    suspects = queued.filter(sent_at=None, created_at__lt=long_ago) | queued.filter(sent_at__lt=long_ago)
    jobs = list(suspects.order_by("created_at").values_list("pk", "kind"))
    if not jobs:
        return
    try:
        waiting = queues.lengths()
    except redis.RedisError as error:
        logger.warning("The queue does not answer: %s", error)
        return
    for job_id, kind in jobs:
        if waiting[queues.ROUTES[kind].queue] == 0 and not queues.send(job_id, kind):
            return


def _claimed() -> QuerySet[Job]:
    return Job.objects.filter(status=Status.RUNNING, claim_id__isnull=False)
