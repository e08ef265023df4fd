"""Work whose single steps take long says that it lives, but not for ever."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import make_job
from tests.waiting import wait_for
from tests.webapp.jobs.reaping import look_until_dead
from webapp.jobs import lifecycle, reaper
from webapp.jobs.models import Job, JobKind, Status

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = timedelta(seconds=2 * reaper.STALE_AFTER_S)


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Job:
    """Claimed, and silent for so long that it would be given up."""
    monkeypatch.setattr(lifecycle, "BEAT_EVERY_S", 0.02)
    job = lifecycle.claim(make_job(kind=JobKind.TRAIN).pk)
    assert job is not None
    silence(job)
    return job


def silence(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - LONG_AGO)


def is_fresh(job: Job) -> bool:
    heartbeat = Job.objects.get(pk=job.pk).heartbeat_at
    return heartbeat is not None and heartbeat > timezone.now() - timedelta(seconds=5)


def test_a_long_step_is_not_taken_for_a_death(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    with lifecycle.beating(job):
        wait_for(lambda: is_fresh(job), what="a beat")
        look_until_dead(monkeypatch, between=lambda: time.sleep(0.05))
    assert Job.objects.get(pk=job.pk).status == Status.RUNNING


def test_it_ends_with_the_work(job: Job) -> None:
    with lifecycle.beating(job):
        wait_for(lambda: is_fresh(job), what="a beat")
    silence(job)
    time.sleep(0.2)
    assert not is_fresh(job)


def test_a_job_that_somebody_else_has_is_left_alone(job: Job) -> None:
    with lifecycle.beating(job):
        lifecycle.cancel(job.pk)
        silence(job)
        time.sleep(0.2)
        assert not is_fresh(job)


def test_work_that_hangs_is_given_up_all_the_same(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "MOST_SILENT_S", -1)
    with lifecycle.beating(job):
        time.sleep(0.2)
        assert not is_fresh(job)
        look_until_dead(monkeypatch)
    assert Job.objects.get(pk=job.pk).status == Status.QUEUED
