"""The periodic cleanup: what other apps connect runs in each round, whatever happens to one of them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import make_job
from tests.factories_videos import make_video
from webapp import storage
from webapp.jobs import health_queries, lifecycle, reaper
from webapp.jobs.models import Job, JobKind, Status
from webapp.jobs.signals import cleanup_due
from webapp.undo_period import UNDO_PERIOD
from webapp.videos import cleanup as videos_cleanup
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db


@pytest.mark.expects_errors
def test_a_cleanup_that_fails_does_not_stop_the_others() -> None:
    rounds = []

    def fails(**_: object) -> None:
        raise OSError

    def counts(**_: object) -> None:
        rounds.append(1)

    receivers = (fails, counts)
    for receiver in receivers:
        cleanup_due.connect(receiver)
    try:
        reaper.reap()
        reaper.reap()
    finally:
        for receiver in receivers:
            cleanup_due.disconnect(receiver)
    assert len(rounds) == 2


@pytest.mark.expects_errors
def test_what_frees_room_runs_also_where_the_database_can_note_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_full(*_: object) -> None:
        raise DatabaseError("database or disk is full")

    for name in ("give_up_stale_workers", "resume_forgotten_parents", "send_missing_messages"):
        monkeypatch.setattr(reaper, name, is_full)
    monkeypatch.setattr(videos_cleanup, "finish_arrived", is_full)
    due = make_video(deleted_at=timezone.now() - 2 * UNDO_PERIOD)
    reaper.reap()
    assert not Video.objects.filter(pk=due.pk).exists()


def test_a_round_with_nothing_to_do_writes_nothing() -> None:
    reaper.reap()
    with CaptureQueriesContext(connection) as asked:
        reaper.reap()
    assert [query["sql"] for query in asked if query["sql"].split()[0] in ("DELETE", "UPDATE", "INSERT")] == []


def test_scratch_of_the_dead_is_removed_and_that_of_the_living_stays() -> None:
    alive = lifecycle.claim(make_job(kind=JobKind.WEB_COPY).pk)
    assert alive is not None
    for owner in (str(alive.claim_id), str(uuid4())):
        (storage.scratch_root() / f"of-{owner}" / "half").mkdir(parents=True)
    reaper.reap()
    assert storage.scratch_owners() == [str(alive.claim_id)]


@pytest.mark.expects_errors
def test_a_round_that_fails_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise DatabaseError("gone away")

    reaper.logging_failures(broken)


def test_a_queue_is_unserved_where_work_waits_and_nobody_begins_or_does_any() -> None:
    long_ago = timezone.now() - timedelta(minutes=1)
    assert health_queries.unserved_queues() == []
    make_job(kind=JobKind.EXPORT)
    assert health_queries.unserved_queues() == [], "it has only just come"
    late = make_job(kind=JobKind.EXPORT, queued_at=long_ago)
    assert health_queries.unserved_queues() == ["media"]
    assert Client().get("/healthz").content.decode() == "ok\nno worker takes work from: media\n"
    busy = make_job(kind=JobKind.WEB_COPY, status=Status.RUNNING, claim_id=uuid4())
    assert health_queries.unserved_queues() == []
    Job.objects.filter(pk=busy.pk).delete()
    assert lifecycle.claim_next("media") is not None
    Job.objects.filter(pk=late.pk).update(claim_id=None)  # it waits for its parts
    make_job(kind=JobKind.IMPORT, queued_at=long_ago)
    assert health_queries.unserved_queues() == [], "somebody began something a moment ago"


def test_every_app_with_a_cleanup_is_connected() -> None:
    connected = {receiver.__module__ for receiver in cleanup_due._live_receivers(None)[0]}
    assert connected >= {
        "webapp.accounts.throttle_services",
        "webapp.audit.cleanup",
        "webapp.videos.cleanup",
        "webapp.datasets.cleanup",
        "webapp.training.cleanup",
        "webapp.training.explanations.cleanup",
        "webapp.recognition.cleanup",
    }
