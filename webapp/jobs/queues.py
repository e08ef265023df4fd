"""Says which task and queue each kind of job uses, and hands jobs to the broker."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import redis
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from webapp.celery import app
from webapp.jobs.models import Job, JobKind, Status

logger = logging.getLogger(__name__)

CHECKS = "checks"
"""Short work that a person waits for: checks, first faces, the grouping at the end. Never behind a long web copy or the
segments of somebody else's long video."""
MEDIA = "media"
"""Copies for browsers, and what samples of datasets need until they can be labelled."""
ANALYSIS = "analysis"
TRAINING = "training"
"""Trainings alone: they take hours, and nothing that a person waits for may stand behind them."""
ALL = (CHECKS, MEDIA, ANALYSIS, TRAINING)


@dataclass(frozen=True, slots=True)
class Route:
    """The name of a Celery task and the queue that it waits in."""

    task: str
    queue: str


ROUTES: dict[str, Route] = {
    JobKind.CHECK: Route("check_video", CHECKS),
    JobKind.WEB_COPY: Route("make_web_copy", MEDIA),
    JobKind.ANALYSIS: Route("run_analysis", CHECKS),
    JobKind.SEGMENT: Route("analyse_segment", ANALYSIS),
    JobKind.IMPORT: Route("import_samples", MEDIA),
    JobKind.MEASURE: Route("measure_samples", MEDIA),
    JobKind.CHECKUP: Route("examine_dataset", MEDIA),
    JobKind.TRAIN: Route("train_model", TRAINING),
    JobKind.EXPLAIN: Route("explain_picture", CHECKS),
    JobKind.RECOGNISE: Route("recognise_in_video", ANALYSIS),
    JobKind.EXPORT: Route("make_export", MEDIA),
    JobKind.INTRODUCE: Route("introduce_embedder", MEDIA),
}


def send(job_id: UUID, kind: str) -> bool:
    """Hands a queued job to the broker; returns False when that does not respond: the reaper sends the job again."""
    route = ROUTES[kind]
    try:
        app.send_task(route.task, args=[str(job_id)], queue=route.queue, retry=False)
    except (OperationalError, redis.RedisError, OSError) as error:
        logger.warning("The queue does not answer, job %s waits for the reaper: %s", job_id, error)
        return False
    Job.objects.filter(pk=job_id, status=Status.QUEUED).update(sent_at=timezone.now())
    return True


def lengths() -> dict[str, int]:
    """Returns how many messages wait in each queue. Raises redis.RedisError when the broker does not respond."""
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
        return {queue: client.llen(queue) for queue in ALL}


def kinds_of(queue_names: Collection[str]) -> list[str]:
    return [kind for kind, route in ROUTES.items() if route.queue in queue_names]


def kind_of(task: str) -> str | None:
    """Returns the kind of jobs that a task works on, None where it is no kind's."""
    return next((kind for kind, route in ROUTES.items() if route.task == task), None)
