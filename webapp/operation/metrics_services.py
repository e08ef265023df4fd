"""Figures of the whole installation, in the form that Prometheus collects; no label names a person, team or file."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db.models import Count, F, Min, Sum
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from webapp.jobs import queues, readiness_services
from webapp.jobs.models import ENDED, Job, Status
from webapp.team_scope import across_teams
from webapp.uploads import partial_files

RECENT = timedelta(days=1)
"""Rows of jobs go with their subject, so nothing of them rises for ever: figures are of the last day."""


class InstallationCollector(Collector):
    """Reads when it is asked, so that all web processes say the same."""

    @across_teams()
    def collect(self) -> list[Metric]:
        now = timezone.now()
        return [*_jobs(), *_waits(now), *_ended(now), *_messages(), *_parts(), *_disk()]


def _jobs() -> Iterator[Metric]:
    family = GaugeMetricFamily("rollcall_jobs", "Jobs by queue and state.", labels=["queue", "state"])
    counts: dict[tuple[str, str], int] = {(queue, state): 0 for queue in queues.ALL for state in Status.values}
    for kind, state, count in Job.objects.values_list("kind", "status").annotate(Count("pk")):
        counts[queues.queue_of(kind), state] += count
    for labels, count in counts.items():
        family.add_metric(labels, count)
    yield family


def _waits(now: datetime) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "rollcall_oldest_wait_seconds", "How long the oldest job of a queue has waited.", labels=["queue"]
    )
    since = dict.fromkeys(queues.ALL, now)
    waiting = Job.objects.filter(status=Status.QUEUED)
    for kind, queued_at in waiting.values_list("kind").annotate(Min("queued_at")):
        queue = queues.queue_of(kind)
        since[queue] = min(since[queue], queued_at)
    for queue, queued_at in since.items():
        family.add_metric([queue], (now - queued_at).total_seconds())
    yield family


def _ended(now: datetime) -> Iterator[Metric]:
    recent = Job.objects.filter(status__in=ENDED, finished_at__gte=now - RECENT)
    work = GaugeMetricFamily(
        "rollcall_work_seconds_of_last_day", "Time between begin and end of jobs that ended.", labels=["kind"]
    )
    took = recent.filter(started_at__isnull=False).values_list("kind")
    for kind, duration in took.annotate(took=Sum(F("finished_at") - F("started_at"))):
        work.add_metric([kind], duration.total_seconds())
    yield work
    failures = GaugeMetricFamily(
        "rollcall_failures_of_last_day", "Jobs that failed, by kind and reason.", labels=["kind", "code"]
    )
    failed = recent.filter(status=Status.FAILED).values_list("kind", "error_code")
    for kind, code, count in failed.annotate(Count("pk")):
        failures.add_metric([kind, code], count)
    yield failures


def _messages() -> Iterator[Metric]:
    family = GaugeMetricFamily("rollcall_queue_messages", "Messages that wait in the broker.", labels=["queue"])
    try:
        for queue, length in queues.lengths().items():
            family.add_metric([queue], length)
    except (redis.RedisError, OSError):
        return  # that it does not answer is told by the parts
    yield family


def _parts() -> Iterator[Metric]:
    family = GaugeMetricFamily("rollcall_part_works", "1 where a part of /health/ready works.", labels=["part"])
    for part, trouble in readiness_services.troubles().items():
        family.add_metric([part], not trouble)
    yield family


def _disk() -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "rollcall_disk_free_bytes", "Free space where uploads arrive.", value=partial_files.free_bytes()
    )
    yield GaugeMetricFamily(
        "rollcall_disk_reserve_bytes", "Space that uploads leave free.", value=settings.DISK_RESERVE_BYTES
    )
