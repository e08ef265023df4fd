"""Says which queue each kind of job waits in, and hands messages to the broker.

A message names no job: it lets a worker of the queue begin the next one, chosen only then, by whose turn it is. So no
message can be the wrong one, and a lost one is made up for by any other.
"""

import logging
from collections.abc import Collection

import redis
from django.conf import settings
from kombu.exceptions import OperationalError

from webapp.celery import QUEUES, app
from webapp.jobs.models import JobKind

logger = logging.getLogger(__name__)

ALL = CHECKS, MEDIA, ANALYSIS, TRAINING = QUEUES

KINDS: dict[str, tuple[JobKind, ...]] = {
    # Short work that a person waits for, never behind a long web copy or the segments of somebody else's long video.
    CHECKS: (JobKind.EXPLAIN, JobKind.CHECK, JobKind.ANALYSIS),
    # Copies for browsers, and what samples of datasets need until they can be labelled.
    MEDIA: (JobKind.INTRODUCE, JobKind.IMPORT, JobKind.MEASURE, JobKind.CHECKUP, JobKind.EXPORT, JobKind.WEB_COPY),
    ANALYSIS: (JobKind.RECOGNISE, JobKind.SEGMENT),
    # Trainings alone: they take hours, and nothing that a person waits for may stand behind them.
    TRAINING: (JobKind.TRAIN,),
}
"""The kinds of each queue; of one person's jobs, those of an earlier kind begin first."""
_QUEUES: dict[str, str] = {kind: queue for queue, kinds in KINDS.items() for kind in kinds}

WORK = "work_on_next"
"""The one Celery task, see `webapp.jobs.job_tasks`."""


def send(queue: str) -> bool:
    """Lets a worker of the queue begin one more job; returns False when the broker does not respond."""
    try:
        app.send_task(WORK, args=[queue], queue=queue, retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("The queue does not answer, work in %s waits for the reaper: %s", queue, error)
        return False
    return True


def lengths() -> dict[str, int]:
    """Returns how many messages wait in each queue. Raises redis.RedisError when the broker does not respond."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
        return {queue: client.llen(queue) for queue in ALL}


def queue_of(kind: str) -> str:
    return _QUEUES[kind]


def kinds_of(queue_names: Collection[str]) -> list[JobKind]:
    return [kind for queue in queue_names for kind in KINDS[queue]]
