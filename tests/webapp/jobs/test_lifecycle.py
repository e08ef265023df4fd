"""The life of a job: repeats, cancels, crashes and parts."""

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.backoff import NoBackoff
from redis.retry import Retry

from analysis.errors import Cancelled, UnreadableVideo
from tests.factories import make_job, make_team
from tests.waiting import wait_for
from tests.webapp.jobs.reaping import look_until_dead
from webapp.accounts.models import Team
from webapp.celery import app
from webapp.jobs import job_state, lifecycle, live_updates, queues, reaper
from webapp.jobs.models import MAX_ATTEMPTS, Job, JobKind, Status
from webapp.team_scope import carried

pytestmark = pytest.mark.django_db(transaction=True)


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def claimed(**fields: Any) -> Job:
    job = lifecycle.claim(make_job(**fields).pk)
    assert job is not None
    return job


def make_family(parts: int = 2, total: float = 10) -> tuple[Job, list[Job]]:
    """A parent that has handed over to its parts."""
    parent = claimed(kind=JobKind.ANALYSIS)
    made = [
        lifecycle.create(JobKind.SEGMENT, team=parent.team, subject_id=parent.subject_id, parent=parent, total=total)
        for _ in range(parts)
    ]
    lifecycle.hand_over(parent)
    return parent, made


def test_a_job_is_sent_to_the_queue_of_its_kind_only_after_the_commit(valkey: redis.Redis) -> None:
    with transaction.atomic():
        lifecycle.create(JobKind.CHECK, team=make_team(), subject_id=uuid4())
        assert valkey.llen("checks") == 0
    assert valkey.llen("checks") == 1


def test_every_kind_has_a_queue() -> None:
    assert sorted(queues.kinds_of(queues.ALL)) == sorted(JobKind.values)
    assert set(queues.KINDS) == set(queues.ALL)


def test_nothing_waits_behind_a_training_and_no_training_behind_anything_else() -> None:
    assert queues.kinds_of([queues.TRAINING]) == [JobKind.TRAIN]


def test_a_message_that_arrives_twice_is_claimed_once() -> None:
    job = make_job()
    assert lifecycle.claim(job.pk) is not None
    assert lifecycle.claim(job.pk) is None


def test_a_message_whose_job_is_gone_or_cancelled_does_nothing() -> None:
    job = make_job()
    lifecycle.cancel(job.pk)
    assert lifecycle.claim(job.pk) is None
    assert lifecycle.claim(uuid4()) is None
    with lifecycle.working(uuid4()) as nothing:
        assert nothing is None


def test_working_ends_as_done() -> None:
    job = make_job(total=3)
    with lifecycle.working(job.pk) as claimed_job:
        assert claimed_job is not None
    ended = fresh(job)
    assert (ended.status, ended.done) == (Status.DONE, 3)
    assert ended.finished_at is not None


def test_a_named_error_becomes_a_failure_with_its_code() -> None:
    job = make_job()
    with lifecycle.working(job.pk):
        raise UnreadableVideo("no frame")
    assert (fresh(job).status, fresh(job).error_code) == (Status.FAILED, "unreadable_video")


def test_an_unforeseen_error_fails_the_job_and_goes_on_to_the_log() -> None:
    job = make_job()
    with pytest.raises(ZeroDivisionError), lifecycle.working(job.pk):
        _ = 1 / 0
    assert (fresh(job).status, fresh(job).error_code) == (Status.FAILED, "internal")


def test_a_full_disk_has_a_code_of_its_own() -> None:
    job = make_job()
    with pytest.raises(OSError, match="full"), lifecycle.working(job.pk):
        raise OSError(28, "full")
    assert fresh(job).error_code == "disk_full"


def test_a_worker_that_is_stopped_puts_its_job_back_without_counting_an_attempt(valkey: redis.Redis) -> None:
    job = make_job()
    with pytest.raises(SystemExit), lifecycle.working(job.pk):
        raise SystemExit
    assert (fresh(job).status, fresh(job).attempts) == (Status.QUEUED, 0)
    assert valkey.llen("checks") == 1


def test_a_running_job_notices_its_cancelling_at_the_next_report() -> None:
    job = make_job()
    with lifecycle.working(job.pk) as mine:
        assert mine is not None
        lifecycle.report(mine, "detect", 1, 10)
        lifecycle.cancel(job.pk)
        with pytest.raises(Cancelled):
            lifecycle.report(mine, "group", 2, 10)
        raise Cancelled
    assert fresh(job).status == Status.CANCELLED


def test_results_stored_together_with_the_end_are_undone_when_the_job_was_cancelled() -> None:
    job = claimed()
    lifecycle.cancel(job.pk)
    with pytest.raises(Cancelled), transaction.atomic():
        Team.objects.create(name="a result")
        lifecycle.finish(job)
    assert not Team.objects.filter(name="a result").exists()


def test_an_ended_job_never_moves_again() -> None:
    job = claimed()
    lifecycle.finish(job)
    assert not lifecycle.cancel(job.pk)
    assert not lifecycle.put_back(job)
    lifecycle.fail(job, "internal")
    assert fresh(job).status == Status.DONE


def test_reports_are_written_a_few_times_a_second_and_at_each_change_of_stage() -> None:
    job = claimed()
    lifecycle.report(job, "detect", 1, 10)
    before = fresh(job).sequence
    for done in range(2, 9):
        lifecycle.report(job, "detect", done, 10)
    assert fresh(job).sequence == before
    lifecycle.report(job, "group", 0, 1)
    assert (fresh(job).stage, fresh(job).sequence) == ("group", before + 1)


def test_new_results_are_told_at_once() -> None:
    job = claimed()
    lifecycle.report(job, "scan", 1, 10)
    lifecycle.report(job, "scan", 1, 10, new_results=True)
    assert fresh(job).revision == 1


def test_the_sequence_rises_with_every_change() -> None:
    job = make_job()
    seen = [job.sequence]
    mine = lifecycle.claim(job.pk)
    assert mine is not None
    changes: list[Callable[[], object]] = [
        lambda: lifecycle.report(mine, "detect", 1, 2),
        lambda: lifecycle.put_back(mine),
        lambda: lifecycle.cancel(job.pk),
    ]
    for change in changes:
        seen.append(fresh(job).sequence)
        change()
    seen.append(fresh(job).sequence)
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("hours", [0, -2, 2])
def test_a_silent_worker_is_given_up_whatever_happens_to_the_clock(hours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    job = claimed()
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() + timedelta(hours=hours))
    reaper.reap()
    assert fresh(job).status == Status.RUNNING, "nobody knows yet how long it has been silent"
    look_until_dead(monkeypatch)
    assert (fresh(job).status, fresh(job).attempts) == (Status.QUEUED, 1)


def test_nobody_is_given_up_for_the_time_in_which_nobody_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    job = claimed()
    reaper.reap()
    hour_later = reaper.monotonic() + 3600
    with monkeypatch.context() as later:
        later.setattr(reaper, "monotonic", lambda: hour_later)
        reaper.reap()
    reaper._looks.looked_s = float("-inf")
    assert fresh(job).status == Status.RUNNING


def test_a_dead_process_of_a_worker_gives_up_its_own_jobs_only() -> None:
    mine, other = claimed(), claimed()
    Job.objects.filter(pk=other.pk).update(worker=lifecycle.process_name(1, os.getppid()))
    assert fresh(mine).worker == lifecycle.process_name(os.getpid(), os.getppid())
    reaper.recover_children(os.getppid(), [1])
    assert (fresh(mine).status, fresh(other).status) == (Status.QUEUED, Status.RUNNING)


def test_a_worker_given_up_for_dead_cannot_write_into_its_successors_job() -> None:
    first = claimed()
    reaper.recover()
    second = lifecycle.claim(first.pk)
    assert second is not None
    for write in (lambda: lifecycle.report(first, "detect", 1, 2), lambda: lifecycle.finish(first)):
        with pytest.raises(Cancelled):
            write()
    lifecycle.fail(first, "internal")
    lifecycle.finish(second)
    assert fresh(first).status == Status.DONE


def test_a_job_that_kills_its_worker_each_time_is_given_up() -> None:
    job = make_job()
    for _ in range(MAX_ATTEMPTS):
        assert lifecycle.claim(job.pk) is not None
        reaper.recover()
    assert (fresh(job).status, fresh(job).error_code) == (Status.FAILED, "crashed")
    assert lifecycle.claim(job.pk) is None


def test_recovering_one_worker_leaves_the_jobs_of_others_alone() -> None:
    check, segment = claimed(kind=JobKind.CHECK), claimed(kind=JobKind.SEGMENT)
    reaper.recover(("checks",))
    assert (fresh(check).status, fresh(segment).status) == (Status.QUEUED, Status.RUNNING)


def test_a_vanished_message_is_sent_again(valkey: redis.Redis) -> None:
    job = lifecycle.create(JobKind.CHECK, team=make_team(), subject_id=uuid4())
    valkey.flushall()
    reaper.reap()
    assert valkey.llen("checks") == 1
    reaper.reap()
    assert valkey.llen("checks") == 1, "it waits there"
    for _ in range(2):
        lifecycle.create(JobKind.CHECK, team=make_team(), subject_id=uuid4())
    valkey.lpop("checks")
    reaper.reap()
    assert valkey.llen("checks") == 3, "one of several vanished"
    assert lifecycle.claim_next(queues.CHECKS) == job


def test_a_job_whose_message_could_not_be_sent_is_sent_later(
    valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("webapp.jobs.queues.app.send_task", _refuse)
        job = lifecycle.create(JobKind.CHECK, team=make_team(), subject_id=uuid4())
    assert (fresh(job).status, valkey.llen("checks")) == (Status.QUEUED, 0)
    reaper.reap()
    assert valkey.llen("checks") == 1


def test_who_starts_work_does_not_wait_for_a_queue_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("kombu.utils.functional.sleep", waits.append)
    away = app.connection_for_write("redis+socket:///nowhere/queue.sock")
    with away, pytest.raises(OperationalError):
        app.send_task(queues.WORK, args=[queues.CHECKS], queue=queues.CHECKS, retry=False, connection=away)
    assert sum(waits) == 0


def _refuse(*_: object, **__: object) -> None:
    raise ConnectionRefusedError


def test_a_channel_layer_that_does_not_answer_does_not_fail_the_job(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        async def group_send(self, *_: object) -> None:
            raise redis.ConnectionError("gone")

    monkeypatch.setattr("webapp.jobs.live_updates.get_channel_layer", Broken)
    job = make_job()
    with lifecycle.working(job.pk):
        pass
    assert fresh(job).status == Status.DONE
    assert "could not be published" in caplog.text


def test_a_server_that_was_restarted_is_told_again_and_one_that_is_gone_fails_nothing(
    valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    state, team = job_state.state_of(make_job()), uuid4()
    with valkey.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(live_updates.GROUP_CHANNEL.format(live_updates.team_group(team)))
        for _ in range(2):
            live_updates.publish_state(replace(state, team=str(team)))
            valkey.client_kill_filter(_id=str(live_updates._connection().client_id()))
        for what in ("the first", "the second, over a new connection"):
            wait_for(lambda: listener.get_message() or False, within_s=5, what=what)
    assert not caplog.text
    gone = redis.Redis(unix_socket_path="/nowhere", retry=Retry(NoBackoff(), 1))
    monkeypatch.setattr(live_updates, "_connection", lambda: gone)
    live_updates.publish_state(state)
    assert "could not be published" in caplog.text


def test_a_parent_shows_the_sum_of_its_parts() -> None:
    parent, (first, second) = make_family()
    for job, done in ((first, 4.0), (second, 3.0)):
        mine = lifecycle.claim(job.pk)
        assert mine is not None
        lifecycle.report(mine, "detect", done, 10, new_results=True)
    now = fresh(parent)
    assert (now.stage, now.done, now.total, now.revision) == ("detect", 7, 20, 2)


def test_a_parent_runs_again_when_the_last_part_has_ended(valkey: redis.Redis) -> None:
    parent, parts = make_family()
    for part in parts:
        assert fresh(parent).status == Status.RUNNING
        assert lifecycle.claim(parent.pk) is None
        with lifecycle.working(part.pk):
            pass
    assert (fresh(parent).status, fresh(parent).attempts) == (Status.QUEUED, 0)
    with lifecycle.working(parent.pk) as mine:
        assert mine is not None
    assert fresh(parent).status == Status.DONE


def test_a_parent_whose_parts_had_ended_before_it_handed_over_runs_again() -> None:
    parent = claimed()
    part = lifecycle.create(JobKind.SEGMENT, team=parent.team, subject_id=parent.subject_id, parent=parent, total=1)
    with lifecycle.working(part.pk):
        pass
    assert fresh(parent).status == Status.RUNNING
    lifecycle.hand_over(parent)
    assert fresh(parent).status == Status.QUEUED


def test_two_last_parts_that_end_at_once_resume_the_parent_once() -> None:
    for _ in range(5):
        parent, parts = make_family()
        jobs = [job for job in (lifecycle.claim(part.pk) for part in parts) if job]
        barrier = threading.Barrier(len(jobs))
        threads = [threading.Thread(target=carried(_finish_at), args=(job, barrier)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert fresh(parent).status == Status.QUEUED
        again = lifecycle.claim(parent.pk)
        assert again is not None
        assert not lifecycle.resume_parent(parent.pk), "a late part must not interrupt it"
        lifecycle.finish(again)


def _finish_at(job: Job, barrier: threading.Barrier) -> None:
    try:
        barrier.wait()
        lifecycle.finish(job)
    finally:
        connection.close()


def test_a_forgotten_parent_is_resumed_by_the_reaper() -> None:
    parent, parts = make_family()
    Job.objects.filter(pk__in=[part.pk for part in parts]).update(status=Status.DONE, finished_at=timezone.now())
    reaper.reap()
    assert fresh(parent).status == Status.QUEUED


def test_cancelling_a_parent_cancels_its_parts() -> None:
    parent, (first, second) = make_family()
    running = lifecycle.claim(first.pk)
    assert running is not None
    assert lifecycle.cancel(parent.pk)
    assert {fresh(job).status for job in (parent, first, second)} == {Status.CANCELLED}
    with pytest.raises(Cancelled):
        lifecycle.report(running, "detect", 1, 10)


def test_a_failed_part_fails_its_parent_and_stops_the_others() -> None:
    parent, (first, second) = make_family()
    with lifecycle.working(first.pk):
        raise UnreadableVideo("damaged")
    assert (fresh(parent).status, fresh(parent).error_code) == (Status.FAILED, "unreadable_video")
    assert fresh(second).status == Status.CANCELLED
