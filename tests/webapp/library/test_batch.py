"""How far a batch of videos is, and how much longer it takes."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_job, make_team
from tests.present import present
from webapp.accounts.models import Team, User
from webapp.jobs.models import JobKind, Status
from webapp.library import batch_queries
from webapp.library.batch_queries import BatchAtWork
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db


def add(team: Team, *, begun_s: float, ended_s: float | None = None, done: float = 0, **fields: Any) -> Video:
    """A video of 100 s with an analysis from `begun_s` to `ended_s` seconds ago."""
    now = timezone.now()
    video = Video.objects.create(team=team, title="v", file_name="v.mp4", duration_s=100)
    fields.setdefault("status", Status.RUNNING if ended_s is None else Status.DONE)
    job = make_job(
        **fields,
        team=team,
        subject_id=video.pk,
        done=done,
        total=100,
        started_at=None if fields.get("status") == Status.QUEUED else now - timedelta(seconds=begun_s),
        finished_at=None if ended_s is None else now - timedelta(seconds=ended_s),
    )
    type(job).objects.filter(pk=job.pk).update(created_at=now - timedelta(seconds=begun_s))
    return video


def batch_of(team: Team) -> BatchAtWork | None:
    return batch_queries.of_team(team, Video.objects.filter(team=team, deleted_at=None))


def test_a_batch_is_all_work_that_overlaps(team: Team) -> None:
    add(team, begun_s=900, ended_s=800)  # an earlier batch
    add(team, begun_s=100, ended_s=50)
    add(team, begun_s=60, ended_s=20)
    add(team, begun_s=30, done=50)
    add(team, begun_s=10, status=Status.QUEUED)
    add(make_team(), begun_s=30)
    batch = present(batch_of(team))
    assert (batch.done, batch.total) == (2, 4)
    # 250 s of video in 100 s; 150 s are left.
    assert present(batch.low_s) < 60 < present(batch.high_s)
    assert batch.left


def test_a_video_alone_and_a_pause_are_no_batch(team: Team, django_assert_num_queries: Any) -> None:
    add(team, begun_s=100, ended_s=50)
    with django_assert_num_queries(1):
        assert batch_of(team) is None
    lone = add(team, begun_s=10)
    assert batch_of(team) is None
    add(team, begun_s=9)
    assert present(batch_of(team)).total == 2
    Video.objects.filter(pk=lone.pk).update(deleted_at=timezone.now())
    assert batch_of(team) is None


def test_failed_checks_are_over_too(team: Team) -> None:
    add(team, begun_s=20, ended_s=10, kind=JobKind.CHECK, status=Status.FAILED)
    add(team, begun_s=20, ended_s=10, kind=JobKind.CHECK)  # its analysis is yet to come
    add(team, begun_s=30)
    assert present(batch_of(team)) == BatchAtWork(1, 2)


def test_the_library_says_how_far_the_batch_is(team: Team, vera: User) -> None:
    add(team, begun_s=100, ended_s=50)
    add(team, begun_s=90, done=50)
    text = signed_in(vera).get(reverse("videos:library")).content.decode()
    assert "1 of 2 done" in text and "less than a minute left" in " ".join(text.split())
