"""Whose turn it is: exports of one person do not hold up those of others, and none is forgotten or made twice."""

from uuid import UUID, uuid4

import pytest

from tests.factories import make_job, make_team, make_user
from webapp.exports import runner, tasks
from webapp.jobs import job_state, lifecycle, live_updates, turn_services
from webapp.jobs import words as jobs_words
from webapp.jobs.models import Job, JobKind, Status

pytestmark = pytest.mark.django_db(transaction=True)


def begun_by(*messages: Job) -> list[UUID]:
    """Returns which jobs these messages start, one after the other."""
    begun = []
    for message in messages:
        with lifecycle.working(message.pk) as job:
            begun += [job.pk] if job else []
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
    begun = lifecycle.claim(own[0].pk)
    turn_services.note_start(own[0])
    other = lifecycle.create(JobKind.EXPORT, team=make_team(), subject_id=uuid4())
    assert told[str(own[1].pk)] == "2 exports ahead" and told[str(other.pk)] == "1 export ahead"
    assert begun is not None
    lifecycle.finish(begun)
    assert told[str(own[1].pk)] == "1 export ahead" and told[str(other.pk)] == "Starts soon"


def test_the_message_of_a_cancelled_export_starts_the_next_and_others_only_their_own() -> None:
    team = make_team()
    gone, left = (make_job(kind=JobKind.EXPORT, team=team) for _ in range(2))
    lifecycle.cancel(gone.pk)
    assert begun_by(gone, left) == [left.pk]
    first, second = (make_job(kind=JobKind.CHECK, team=team) for _ in range(2))
    assert begun_by(second) == [second.pk]
    assert Job.objects.get(pk=first.pk).status == Status.QUEUED


def test_deleting_what_began_gives_no_turn_back() -> None:
    patient, hasty = make_team(), make_team()
    ann, ben = make_user(), make_user()
    begun_by(make_job(kind=JobKind.EXPORT, team=patient, created_by=ann))
    begun_by(quick := make_job(kind=JobKind.EXPORT, team=hasty, created_by=ben))
    Job.objects.filter(pk=quick.pk).delete()
    again = make_job(kind=JobKind.EXPORT, team=hasty, created_by=ben)
    waiting = make_job(kind=JobKind.EXPORT, team=patient, created_by=ann)
    assert begun_by(again, waiting) == [waiting.pk, again.pk]


def test_the_message_of_a_deleted_export_starts_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[UUID] = []
    monkeypatch.setattr(runner, "make_export", lambda job: begun.append(job.pk))
    patient = make_team()
    begun_by(make_job(kind=JobKind.EXPORT, team=patient))
    waiting, deleted = make_job(kind=JobKind.EXPORT, team=patient), make_job(kind=JobKind.EXPORT)
    tasks.make_export(str(waiting.pk))
    assert begun == [deleted.pk]
    Job.objects.filter(pk=deleted.pk).delete()
    tasks.make_export(str(deleted.pk))
    assert begun == [deleted.pk, waiting.pk]


def test_neither_many_teams_of_a_person_nor_many_people_of_a_team_go_first() -> None:
    crowd, ann, ben = make_team(), make_user(), make_user()
    own = make_team()
    begun_by(make_job(kind=JobKind.EXPORT, team=own, created_by=ben))
    teams = [make_job(kind=JobKind.EXPORT, team=team, created_by=ann) for team in (crowd, make_team(), make_team())]
    people = [make_job(kind=JobKind.EXPORT, team=crowd, created_by=make_user()) for _ in range(2)]
    bens = [make_job(kind=JobKind.EXPORT, team=own, created_by=ben) for _ in range(2)]
    expected = [teams[0], bens[0], *people[:1], teams[1], bens[1], people[1], teams[2]]
    assert begun_by(*teams, *people, *bens) == [job.pk for job in expected]
