"""Percentages, time left, and the words for them."""

import importlib
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from analysis.errors import AnalysisError
from tests.factories import make_job, make_team
from webapp.jobs import errors, job_state
from webapp.jobs import words as jobs_words
from webapp.jobs.job_state import JobState
from webapp.jobs.models import Job, JobKind, Status


def state(**fields: object) -> JobState:
    return JobState(**{"id": "1", "kind": "analysis", "subject": "2", "team": "3", "status": "running"} | fields)  # type: ignore[arg-type]


def all_codes() -> set[str]:
    for module in ("analysis.pipeline", "webapp.videos.errors", "webapp.training.errors"):
        importlib.import_module(module)
    found = {errors.INTERNAL, errors.CRASHED}
    left: list[type[AnalysisError] | type[errors.JobError]] = [AnalysisError, errors.JobError]
    while left:
        error = left.pop()
        found.add(error.code)
        left += error.__subclasses__()
    return found


def test_every_error_code_has_words_and_every_word_a_code() -> None:
    assert set(jobs_words.FAILURES) == all_codes()
    for explanation in jobs_words.FAILURES.values():
        assert str(explanation.happened).endswith(".")
        assert str(explanation.next_step).endswith(".")


def test_a_code_of_a_newer_worker_has_words_too() -> None:
    assert jobs_words.explain("from the future") is jobs_words.FAILURES["internal"]


@pytest.mark.parametrize(
    ("done", "total", "status", "percent"),
    [
        (0, 0, "running", None),
        (31, 50, "running", 62),
        (50, 50, "running", 99),
        (70, 50, "running", 99),
        (0, 0, "done", 100),
    ],
)
def test_percent(done: float, total: float, status: str, percent: int | None) -> None:
    assert state(done=done, total=total, status=status).percent == percent


@pytest.mark.parametrize(
    ("low_s", "high_s", "words"),
    [
        (None, None, ""),
        (5, 50, "less than a minute left"),
        (170, 250, "3–4 min left"),
        (118, 122, "about 2 min left"),
        (3600, 3 * 3600, "1–3 h left"),
    ],
)
def test_time_left_in_words(low_s: float | None, high_s: float | None, words: str) -> None:
    assert jobs_words.time_left(low_s, high_s) == words


def test_details_tell_failures_attempts_and_waiting() -> None:
    failed = jobs_words.detail(state(status="failed", error="no_video_stream"))
    assert failed == "There is sound in this file but no picture. Choose the video file instead."
    assert "attempt 2 of 3" in jobs_words.detail(state(attempts=1))
    assert "3 videos" in jobs_words.detail(state(status="queued", ahead=3))
    assert "1 video " in jobs_words.detail(state(status="queued", ahead=1))
    assert "0" not in jobs_words.detail(state(status="queued"))
    assert jobs_words.headline(state(kind="upload", stage="upload", done=1, total=4)) == "Uploading · 25 %"


def running(*, elapsed_s: float, done: float, total: float, stage_done: float = 0) -> Job:
    now = timezone.now()
    return Job(
        status=Status.RUNNING,
        stage_at=now - timedelta(seconds=elapsed_s),
        done=done,
        total=total,
        stage_done=stage_done,
    )


def test_the_time_left_is_a_range_around_the_pace_that_narrows() -> None:
    early = job_state.time_left(running(elapsed_s=10, done=10, total=100), timezone.now())
    late = job_state.time_left(running(elapsed_s=90, done=90, total=100), timezone.now())
    assert early[0] is not None and early[1] is not None and late[0] is not None and late[1] is not None
    assert early[0] < 90 < early[1]
    assert late[0] < 10 < late[1]
    assert (early[1] - early[0]) / 90 > (late[1] - late[0]) / 10


@pytest.mark.parametrize(("elapsed_s", "done", "total"), [(1, 50, 100), (60, 1, 100), (60, 50, 0)])
def test_nothing_is_said_before_it_is_known(elapsed_s: float, done: float, total: float) -> None:
    job = running(elapsed_s=elapsed_s, done=done, total=total)
    assert job_state.time_left(job, timezone.now()) == (None, None)


def test_nothing_is_said_of_a_job_that_waits() -> None:
    assert job_state.time_left(Job(status=Status.QUEUED, done=5, total=10), timezone.now()) == (None, None)


def test_what_an_earlier_attempt_had_done_does_not_make_the_pace_look_better() -> None:
    low_s, high_s = job_state.time_left(running(elapsed_s=10, done=60, stage_done=50, total=100), timezone.now())
    assert low_s is not None and high_s is not None
    assert low_s < 40 < high_s


def test_more_done_than_expected_is_no_negative_time() -> None:
    assert job_state.time_left(running(elapsed_s=10, done=120, total=100), timezone.now()) == (0, 0)


@pytest.mark.django_db
def test_a_snapshot_holds_active_and_latest_jobs_but_no_parts(django_assert_num_queries: object) -> None:
    team = make_team()
    parent = make_job(team=team)
    make_job(team=team, kind=JobKind.SEGMENT, parent=parent)
    ended = make_job(team=team, status=Status.DONE, finished_at=timezone.now())
    make_job()
    with django_assert_num_queries(3):  # type: ignore[operator]
        states = job_state.snapshot(team_id=team.pk)
    assert {each.id for each in states} == {str(parent.pk), str(ended.pk)}


@pytest.mark.django_db
def test_a_snapshot_is_bounded_and_holds_what_is_at_work(django_assert_num_queries: object) -> None:
    team = make_team()
    waiting = [Job(team=team, kind=JobKind.CHECK, subject_id=uuid4(), total=60) for _ in range(5000)]
    Job.objects.bulk_create(waiting)
    last = make_job(team=team, status=Status.RUNNING, claim_id=uuid4())
    ended = {"status": Status.DONE, "finished_at": timezone.now()}
    Job.objects.bulk_create([Job(team=team, kind=JobKind.CHECK, subject_id=uuid4(), **ended) for _ in range(150)])
    with django_assert_num_queries(3):  # type: ignore[operator]  # as many as for any number of jobs
        states = job_state.snapshot(team_id=team.pk)
    assert Counter(state.status for state in states) == {"running": 1, "queued": 199, "done": 100}
    assert str(last.pk) in {state.id for state in states} and job_state.is_cut(states)
    assert {state.ahead for state in states if state.status == "queued"} == set(range(1, 200))


def test_the_state_travels_with_all_its_fields() -> None:
    payload = jobs_words.payload_with_words(state().payload())
    assert set(payload) == {"type", "percent", "headline", "detail", *JobState.__dataclass_fields__}


@pytest.mark.django_db
def test_the_place_in_the_queue_counts_earlier_work_of_the_same_kind_by_all_teams(
    django_assert_num_queries: object,
) -> None:
    team = make_team()
    make_job(team=team, kind=JobKind.CHECK, status=Status.DONE, finished_at=timezone.now())
    make_job(kind=JobKind.CHECK, status=Status.RUNNING, claim_id=uuid4())
    make_job(team=team, kind=JobKind.WEB_COPY)
    first, second = make_job(team=team, kind=JobKind.CHECK), make_job(team=team, kind=JobKind.CHECK)
    measure = make_job(team=team, kind=JobKind.MEASURE)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert job_state.places_in_queue([first, second, measure]) == {first.pk: 1, second.pk: 2}
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert job_state.places_in_queue([measure]) == {}


@pytest.mark.django_db
def test_work_that_continues_stands_behind_what_its_queue_has() -> None:
    now = timezone.now()
    begun: dict[str, Any] = {"kind": JobKind.ANALYSIS, "started_at": now, "done": 60, "total": 60}
    make_job(**begun, status=Status.RUNNING)  # its parts are at work, no worker has it
    make_job(kind=JobKind.CHECK, status=Status.RUNNING, claim_id=uuid4(), started_at=now)
    make_job(kind=JobKind.CHECK)
    make_job(kind=JobKind.TRAIN)
    resumed = make_job(**begun)
    later = make_job(**begun)
    assert job_state.places_in_queue([resumed, later]) == {resumed.pk: 2, later.pk: 3}
    waiting = job_state.state_of(resumed, ahead=2)
    assert [jobs_words.headline(waiting), jobs_words.detail(waiting)] == ["Waiting to finish", "2 videos ahead"]
    assert jobs_words.detail(job_state.state_of(resumed)) == "Continues soon"
    put_back = make_job(**begun | {"done": 20})
    assert jobs_words.headline(job_state.state_of(put_back)) == "Waiting to continue"


def test_a_checked_video_waits_for_its_analysis() -> None:
    checked = state(kind="check", status="done", done=1, total=1)
    assert (jobs_words.headline(checked), checked.percent) == ("Waiting", None)
