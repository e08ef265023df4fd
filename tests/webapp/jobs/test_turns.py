"""Whose turn it is: work of one person does not hold up that of others, and none is forgotten or done twice."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from tests.factories import make_job, make_team, make_user
from webapp import storage
from webapp.celery import app
from webapp.exports import runner
from webapp.jobs import job_state, job_tasks, lifecycle, live_updates, queues, turn_queries
from webapp.jobs import words as jobs_words
from webapp.jobs.models import Job, JobKind, Status

pytestmark = pytest.mark.django_db(transaction=True)


def begun_by(*messages: Job, queue: str = queues.MEDIA) -> list[UUID]:
    """Returns which jobs the messages of these start, one after the other."""
    begun = []
    for _ in messages:
        job = lifecycle.claim_next(queue)
        if job is not None:
            lifecycle.finish(job)
            begun.append(job.pk)
    return begun


def test_teams_and_then_people_take_turns_with_exports() -> None:
    busy, other = make_team(), make_team()
    ann, ben = make_user(), make_user()
    many = [make_job(kind=JobKind.EXPORT, team=busy, created_by=ann) for _ in range(4)]
    mate = make_job(kind=JobKind.EXPORT, team=busy, created_by=ben)
    small = make_job(kind=JobKind.EXPORT, team=other)
    expected = [many[0], small, mate, many[1], many[2], many[3]]
    assert job_state.places_in_queue([*many, small]) == {job.pk: expected.index(job) for job in [*many, small]}
    assert begun_by(*many, mate, small) == [job.pk for job in expected]
    assert begun_by(*many) == []


def test_each_waiting_export_is_told_its_place_also_when_another_comes_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: dict[str, str] = {}
    monkeypatch.setattr(live_updates, "publish_state", lambda state: told.update({state.id: jobs_words.detail(state)}))
    busy, ann = make_team(), make_user()
    own = [lifecycle.create(JobKind.EXPORT, team=busy, subject_id=uuid4(), created_by=ann) for _ in range(2)]
    assert [told[str(job.pk)] for job in own] == ["Starts soon", "1 export ahead"]
    begun = lifecycle.claim_next(queues.MEDIA)
    other = lifecycle.create(JobKind.EXPORT, team=make_team(), subject_id=uuid4())
    assert told[str(own[1].pk)] == "2 exports ahead" and told[str(other.pk)] == "1 export ahead"
    assert begun is not None
    lifecycle.finish(begun)
    assert told[str(own[1].pk)] == "1 export ahead" and told[str(other.pk)] == "Starts soon"


def test_the_message_of_a_cancelled_job_starts_the_next_of_its_queue() -> None:
    team = make_team()
    gone, left = (make_job(kind=JobKind.EXPORT, team=team) for _ in range(2))
    check = make_job(kind=JobKind.CHECK, team=team)
    lifecycle.cancel(gone.pk)
    assert begun_by(gone) == [left.pk]
    assert begun_by(left) == []
    assert begun_by(check, queue=queues.CHECKS) == [check.pk]


def test_of_ones_own_what_somebody_waits_for_begins_first() -> None:
    team, ann = make_team(), make_user()
    kinds = (JobKind.ANALYSIS, JobKind.CHECK, JobKind.EXPLAIN)
    analysis, check, heat_map = (make_job(kind=kind, team=team, created_by=ann) for kind in kinds)
    assert begun_by(analysis, check, heat_map, queue=queues.CHECKS) == [heat_map.pk, check.pk, analysis.pk]


def test_segments_of_a_long_video_do_not_hold_up_those_of_another_team() -> None:
    film, clip = make_job(team=make_team()), make_job(team=make_team())
    long = [make_job(kind=JobKind.SEGMENT, team=film.team, parent=film) for _ in range(5)]
    begun_by(long[0], queue=queues.ANALYSIS)
    short = make_job(kind=JobKind.SEGMENT, team=clip.team, parent=clip)
    assert begun_by(*long, short, queue=queues.ANALYSIS) == [short.pk, *(part.pk for part in long[1:])]


def test_a_clock_that_is_set_back_takes_no_turn_away(monkeypatch: pytest.MonkeyPatch) -> None:
    teams = [make_team(), make_team()]
    now = timezone.now()
    jobs = [make_job(kind=JobKind.TRAIN, team=team) for team in (teams[0], teams[0], teams[1], teams[1])]
    for hours, expected in ((3, jobs[0]), (0, jobs[2]), (1, jobs[1]), (-1, jobs[3])):
        monkeypatch.setattr(turn_queries.timezone, "now", lambda hours=hours: now + timedelta(hours=hours))
        assert begun_by(expected, queue=queues.TRAINING) == [expected.pk]


def test_deleting_what_began_gives_no_turn_back() -> None:
    patient, hasty = make_team(), make_team()
    ann, ben = make_user(), make_user()
    begun_by(make_job(kind=JobKind.EXPORT, team=patient, created_by=ann))
    begun_by(quick := make_job(kind=JobKind.EXPORT, team=hasty, created_by=ben))
    Job.objects.filter(pk=quick.pk).delete()
    again = make_job(kind=JobKind.EXPORT, team=hasty, created_by=ben)
    waiting = make_job(kind=JobKind.EXPORT, team=patient, created_by=ann)
    assert begun_by(again, waiting) == [waiting.pk, again.pk]


def test_a_message_does_the_work_of_the_kind_whose_turn_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[UUID] = []
    monkeypatch.setattr(runner, "make_export", lambda job: begun.append(job.pk))
    app.loader.import_default_modules()
    patient = make_team()
    begun_by(make_job(kind=JobKind.IMPORT, team=patient))
    waiting, other = make_job(kind=JobKind.EXPORT, team=patient), make_job(kind=JobKind.EXPORT)
    for _ in range(3):
        job_tasks.work_on_next(queues.MEDIA)
    assert begun == [other.pk, waiting.pk]
    assert Job.objects.get(pk=waiting.pk).status == Status.DONE


def test_work_that_is_asked_for_while_the_disk_is_full_fails_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    app.loader.import_default_modules()
    monkeypatch.setattr(runner, "make_export", lambda _job: pytest.fail("it would fill the disk"))
    monkeypatch.setattr(storage, "free_bytes", lambda: storage.FULL_BYTES - 1)
    job = make_job(kind=JobKind.EXPORT)
    job_tasks.work_on_next(queues.MEDIA)
    ended = Job.objects.get(pk=job.pk)
    assert (ended.status, ended.error_code) == (Status.FAILED, "disk_full")


def test_neither_many_teams_of_a_person_nor_many_people_of_a_team_go_first() -> None:
    crowd, ann, ben = make_team(), make_user(), make_user()
    own = make_team()
    begun_by(make_job(kind=JobKind.EXPORT, team=own, created_by=ben))
    teams = [make_job(kind=JobKind.EXPORT, team=team, created_by=ann) for team in (crowd, make_team(), make_team())]
    people = [make_job(kind=JobKind.EXPORT, team=crowd, created_by=make_user()) for _ in range(2)]
    bens = [make_job(kind=JobKind.EXPORT, team=own, created_by=ben) for _ in range(2)]
    expected = [teams[0], bens[0], *people[:1], teams[1], bens[1], people[1], teams[2]]
    assert begun_by(*teams, *people, *bens) == [job.pk for job in expected]
