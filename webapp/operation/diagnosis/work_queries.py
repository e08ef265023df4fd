"""Looks at the database, at the workers, and at work that waits or has failed."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import psutil
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from webapp.jobs import health_queries, queues
from webapp.jobs.models import Job, Status
from webapp.operation.diagnosis.diagnosis_types import Diagnosis, bad, warning, well
from webapp.operation.version_queries import refusal
from webapp.supervisor.data_folder import running_supervisor

WAITS_LONG_AFTER = timedelta(hours=1)
FAILED_SINCE = timedelta(days=1)
OFTEN = 5
"""So many failures of a day are more than some odd files."""
NAMED = 3
FUTURE_BEYOND = timedelta(minutes=1)


def database() -> Iterator[Diagnosis]:
    """Yields whether it answers and is of this version. Nothing else of here can be asked where this is bad."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        newer = refusal()
    except DatabaseError as error:
        words = " ".join(str(error).split())
        yield bad(
            "Database", f"it does not answer: {words}", "See DATABASE_URL in .env.example, and the database's log."
        )
        return
    name = "SQLite" if connection.vendor == "sqlite" else "PostgreSQL"
    if missing:
        advice = "Start Rollcall, which brings it up to date; with Docker Compose, run its service migrate."
        yield bad("Database", f"{name} answers, but is {len(missing)} migrations behind this version", advice)
    elif newer:
        advice = "Install the newer version again, or restore a backup of before."
        yield bad("Database", newer, advice)
    else:
        yield well("Database", f"{name} answers and is up to date")


def clock() -> Iterator[Diagnosis]:
    """Yields a warning where rows are of later than now: the clock was set back, or is wrong."""
    latest = Job.objects.order_by("-queued_at").values_list("queued_at", flat=True).first()
    if latest is not None and latest > timezone.now() + FUTURE_BEYOND:
        words = f"it is {timezone.now():%Y-%m-%d %H:%M} here, but work was begun at {latest:%Y-%m-%d %H:%M}"
        yield warning("Clock", words, "Run NTP, as on most systems: timedatectl set-ntp true")
    else:
        yield well("Clock", f"{timezone.now():%Y-%m-%d %H:%M} UTC, later than all work")


def workers() -> Iterator[Diagnosis]:
    """Yields whether each queue has a worker: by its processes where Rollcall runs here, else by what waits."""
    unserved = set(health_queries.unserved_queues())
    here = _queues_of(_supervisor())
    advice = "See the logs of the workers; start Rollcall again, or the service of that worker."
    for queue in queues.ALL:
        if queue in unserved:
            yield bad("Workers", f"nobody takes the work that waits for {queue}", advice)
        elif here is not None and queue not in here:
            yield bad("Workers", f"the worker for {queue} does not run", advice)
    if here is None:
        words = "Rollcall does not run here: whether each queue has one shows only when work waits"
        yield warning("Workers", words, "Start it; where each worker is a container, see docker compose ps.")
    elif not unserved and set(queues.ALL) <= here:
        yield well("Workers", f"one runs for each of {', '.join(queues.ALL)}")


def _supervisor() -> psutil.Process | None:
    """Returns the process that runs this data folder."""
    pid = running_supervisor(settings.DATA_DIR)
    try:
        return None if pid is None else psutil.Process(pid)
    except psutil.NoSuchProcess:  # it has just ended
        return None


def _queues_of(supervisor: psutil.Process | None) -> set[str] | None:
    if supervisor is None:
        return None
    found: set[str] = set()
    for child in supervisor.children():
        try:
            words = child.cmdline()
        except psutil.Error:
            continue
        if "-Q" in words:
            found |= set(words[words.index("-Q") + 1].split(","))
    return found


def waiting() -> Iterator[Diagnosis]:
    jobs = Job.objects.filter(status=Status.QUEUED, parent=None)
    oldest = jobs.order_by("queued_at").first()
    if oldest is None:
        yield well("Waiting work", "none")
        return
    age = timezone.now() - oldest.queued_at
    minutes = age.total_seconds() / 60
    words = f"{jobs.count()} jobs; the oldest ({oldest.get_kind_display()}) has waited for {minutes:.0f} min"
    advice = "More workers shorten it, or a graphics card; the page of a video says its place in the queue."
    yield warning("Waiting work", words, advice) if age > WAITS_LONG_AFTER else well("Waiting work", words)


def failures() -> Iterator[Diagnosis]:
    failed = Job.objects.filter(status=Status.FAILED, finished_at__gt=timezone.now() - FAILED_SINCE, parent=None)
    codes = Counter(failed.values_list("error_code", flat=True))
    if not codes:
        yield well("Failures", "none in the last day")
        return
    often = ", ".join(f"{code} {count} x" for code, count in codes.most_common(NAMED))
    words = f"{codes.total()} jobs failed in the last day: {often}"
    if codes["internal"]:
        yield warning("Failures", words, "internal is a fault of Rollcall: the worker's log in logs says more.")
    elif codes.total() >= OFTEN:
        yield warning("Failures", words, "The pages of the videos say why, and what to do.")
    else:
        yield well("Failures", words)
