"""A real Celery worker that is stopped and killed in the middle of a job."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis
from django.conf import settings
from django.db import connection

from tests.factories import make_job
from tests.waiting import wait_for
from webapp.jobs import lifecycle, queues
from webapp.jobs.models import Job, JobKind, Status

pytestmark = pytest.mark.django_db(transaction=True)

PROJECT = Path(__file__).parents[3]
ALIVE = settings.DATA_DIR / "alive"


def database_url() -> str:
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    host = values["HOST"].replace("/", "%2F")
    return f"postgres://{values['USER']}:{values['PASSWORD']}@{host}:{values['PORT']}/{values['NAME']}"


@pytest.fixture
def worker() -> Iterator[psutil.Popen]:
    command = (
        "-m celery -A tests.webapp.jobs.slow_worker worker -P prefork -c 1 -Q checks --without-gossip --without-mingle"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "DATABASE_URL": database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "ROLLCALL_ALIVE_FILE": str(ALIVE),
    }
    with (settings.DATA_DIR / "worker.log").open("w") as log:
        process = psutil.Popen(
            [sys.executable, *command.split()], cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    yield process
    print((settings.DATA_DIR / "worker.log").read_text()[-3000:])
    if process.is_running():
        process.kill()
    process.wait()


@pytest.fixture
def running_job(worker: psutil.Popen) -> Job:
    job = make_job(kind=JobKind.CHECK)
    queues.send(queues.CHECKS)
    wait_for(lambda: Job.objects.get(pk=job.pk).done > 0, what="the job runs")
    return job


def test_a_cancel_ends_the_work_within_two_seconds(running_job: Job, worker: psutil.Popen) -> None:
    lifecycle.cancel(running_job.pk)
    [child] = pool_children(worker)
    idle_from = Job.objects.get(pk=running_job.pk).sequence
    second = make_job(kind=JobKind.CHECK)
    queues.send(queues.CHECKS)
    wait_for(lambda: Job.objects.get(pk=second.pk).status == Status.RUNNING, within_s=2, what="the next job runs")
    assert child.is_running()
    assert Job.objects.get(pk=running_job.pk).sequence == idle_from


def test_stopping_a_worker_puts_its_job_back_at_once(
    running_job: Job, worker: psutil.Popen, valkey: redis.Redis
) -> None:
    worker.send_signal(signal.SIGQUIT)
    worker.wait(timeout=10)
    job = Job.objects.get(pk=running_job.pk)
    assert (job.status, job.attempts) == (Status.QUEUED, 0)
    assert valkey.llen("checks") == 1


def test_a_killed_worker_leaves_no_child(running_job: Job, worker: psutil.Popen) -> None:
    children = worker.children(recursive=True)
    assert children
    worker.kill()
    worker.wait(timeout=10)
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    assert Job.objects.get(pk=running_job.pk).status == Status.RUNNING, "the reaper's part"


def test_the_job_of_a_killed_child_runs_again_at_once(running_job: Job, worker: psutil.Popen) -> None:
    [child] = pool_children(worker)
    child.kill()
    ALIVE.unlink(missing_ok=True)
    again = wait_for(lambda: attempt_of(running_job) == (Status.RUNNING, 1), within_s=25, what="the next attempt")
    assert again and pool_children(worker) != [child]
    wait_for(ALIVE.exists, what="it says that it goes on")


def test_a_queue_that_goes_away_as_work_begins_leaves_no_deaf_worker(worker: psutil.Popen, valkey: redis.Redis) -> None:
    for _ in range(3):
        job = make_job(kind=JobKind.CHECK)
        queues.send(queues.CHECKS)
        wait_for(Job.objects.filter(pk=job.pk, status=Status.RUNNING).exists, what="the job begins")
        valkey.client_kill_filter(_type="normal", skipme=True)
        valkey.client_kill_filter(_type="pubsub", skipme=True)
        lifecycle.cancel(job.pk)
    assert valkey.hlen("unacked") == 0


def pool_children(worker: psutil.Popen) -> list[psutil.Process]:
    return [each for each in worker.children() if "analysis.limited.fork_server" not in each.cmdline()]


def attempt_of(job: Job) -> tuple[str, int]:
    job.refresh_from_db()
    return job.status, job.attempts
