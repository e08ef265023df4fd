"""Whoever forgets to ask `webapp.access` reaches the rows of their own teams, and nobody's outside of a scope."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.db import connection
from django.test import AsyncClient
from django.urls import path
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_job, make_team, make_user
from tests.factories_datasets import make_dataset
from tests.factories_videos import begin_analysis, make_upload, make_video
from tests.present import present
from tests.webapp import planted
from tests.webapp.test_access_rules import things_of
from tests.websocket import Websocket
from tests.without_scope import without_scope
from webapp.access import manageable_accounts
from webapp.accounts.models import Membership, Role, Team, TokenScope, User
from webapp.accounts.scope_middleware import scope_of_person
from webapp.accounts.tokens.services import make_token
from webapp.audit.models import AuditEntry
from webapp.datasets.models import Label, Sample
from webapp.jobs import lifecycle
from webapp.jobs.job_tasks import TASKS, Task
from webapp.jobs.models import JobKind
from webapp.people.models import Track
from webapp.team_scope import ScopeError, across_teams, carried, within_teams
from webapp.training.runs.queries import ahead_of
from webapp.uploads import rules
from webapp.videos import tasks  # noqa: F401  # registers what works on videos
from webapp.videos.models import Analysis, Upload, Video

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.webapp.planted")]

LEAST_MODELS = 24
"""So many models have a row in `both`."""


@pytest.fixture
def both(team: Team, alice: User, charlie: User) -> tuple[Team, Team]:
    """The teams of alice and of charlie, with one of each kind."""
    theirs = charlie.teams.get()
    for each in (team, theirs):
        things_of(each)
    return team, theirs


def rows_of(*teams: Team) -> planted.Reached:
    with within_teams([team.pk for team in teams]):
        return planted.everything()


def test_rows_of_teams_are_apart(both: tuple[Team, Team]) -> None:
    ours, theirs = map(rows_of, both)
    assert ours.keys() == theirs.keys() and len(ours) >= LEAST_MODELS
    assert all(set(ours[label]).isdisjoint(theirs[label]) for label in ours)
    assert sum(map(len, ours.values())) + sum(map(len, theirs.values())) == sum(map(len, rows_of(*both).values()))


@pytest.mark.parametrize("name", ["forgetful", "streaming"])
def test_a_forgetful_view_reaches_nothing_of_others(name: str, both: tuple[Team, Team], alice: User) -> None:
    response = signed_in(alice).get(f"/planted/{name}/")
    text = b"".join(response) if response.streaming else response.content
    assert json.loads(text) == rows_of(both[0])


@pytest.mark.parametrize("name", ["asynchronous", "streaming-asynchronously"])
@pytest.mark.django_db(transaction=True)
async def test_nor_does_an_asynchronous_one(name: str, team: Team, alice: User, charlie: User) -> None:
    await sync_to_async(things_of)(team)
    await sync_to_async(things_of)(await charlie.teams.aget())
    client = AsyncClient()
    await client.aforce_login(alice)
    response: Any = await client.get(f"/planted/{name}/")
    text = b"".join([part async for part in response]) if response.streaming else response.content
    assert json.loads(text) == await sync_to_async(rows_of)(team)


def test_somebody_of_two_teams_reaches_both(both: tuple[Team, Team], alice: User) -> None:
    Membership.objects.create(team=both[1], user=alice, role=Role.VIEWER)
    assert signed_in(alice).get("/planted/forgetful/").json() == rows_of(*both)


def test_a_token_of_one_team_reaches_no_other_of_its_owner(client: Any, both: tuple[Team, Team], alice: User) -> None:
    Membership.objects.create(team=both[1], user=alice, role=Role.OWNER)
    _token, secret = make_token(both[0], TokenScope.READ, name="Backup", days=1, by=alice)
    response = client.get("/planted/by-token/", headers={"Authorization": f"Bearer {secret}"})
    assert response.json() == rows_of(both[0])


def test_somebody_of_no_team_reaches_nothing(both: tuple[Team, Team], alice: User) -> None:
    Membership.objects.filter(user=alice).delete()
    assert signed_in(alice).get("/planted/forgetful/").json() == {}


@pytest.mark.parametrize("name", ["overwriting", "deleting"])
def test_a_forgetful_view_changes_nothing_of_others(name: str, team: Team, alice: User, charlie: User) -> None:
    client, ours, theirs = signed_in(alice), make_video(team=team), make_video(team=charlie.teams.get())
    for video in (ours, theirs):
        client.post(f"/planted/{name}/", {"video": str(video.pk)})
    assert not Video.objects.filter(pk=ours.pk).exclude(title="Taken").exists()
    assert Video.objects.get(pk=theirs.pk).title == theirs.title


@pytest.mark.expects_errors
def test_a_query_of_nobodys_request_raises(client: Any, team: Team) -> None:
    make_video(team=team)
    with pytest.raises(ScopeError):
        client.get("/planted/open/")


@pytest.mark.expects_errors
def test_a_thread_begins_without_a_scope(alice: User) -> None:
    with pytest.raises(ScopeError):
        signed_in(alice).get("/planted/in-a-thread/")


def test_what_is_carried_keeps_its_scope(both: tuple[Team, Team]) -> None:
    with within_teams([both[0].pk]):
        work = carried(planted.everything)
    with without_scope():
        assert work() == rows_of(both[0])


def test_a_forgetful_task_reaches_nothing_of_others(both: tuple[Team, Team]) -> None:
    job = make_job(team=both[0])
    planted.reached_by_task.clear()
    with without_scope():
        Task(planted.forgetful_task).run(present(lifecycle.claim(job.pk)))
        with pytest.raises(ScopeError):
            planted.everything()
    assert planted.reached_by_task == [rows_of(both[0])]


def test_the_real_tasks_need_no_other_scope(team: Team) -> None:
    analysis = begin_analysis(make_video(team=team))
    with without_scope():
        TASKS[JobKind.CHECK].run(present(lifecycle.claim(present(analysis.job_id))))


@pytest.mark.django_db(transaction=True)
async def test_a_forgetful_websocket_tells_nothing_of_others(team: Team, vera: User, charlie: User) -> None:
    ours = await sync_to_async(make_job)(team=team)
    await sync_to_async(make_job)(team=await charlie.teams.aget())
    websocket = await _websocket(planted.ForgetfulConsumer, team, vera)
    assert await websocket.connect()
    assert (await websocket.read())["id"] == str(ours.pk)
    assert (await websocket.read())["type"] == "snapshot_end"
    await websocket.leave()


@pytest.mark.django_db(transaction=True)
async def test_a_websocket_that_opens_no_scope_raises(team: Team, vera: User) -> None:
    websocket = await _websocket(planted.ScopelessConsumer, team, vera)
    await websocket.send_input({"type": "websocket.connect"})
    with pytest.raises(ScopeError):
        await websocket.wait(timeout=5)  # ends with it; what waits for an answer would not see it before its time is up


async def _websocket(consumer: Any, team: Team, user: User) -> Websocket:
    client = await sync_to_async(signed_in)(user)
    headers = [(b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())]
    application = AuthMiddlewareStack(URLRouter([path("planted/<uuid:key>/", consumer.as_asgi())]))
    return Websocket(application, f"/planted/{team.pk}/", headers)


QUERIES: dict[str, Callable[[Team], Any]] = {
    "all": lambda _: Video.objects.all(),
    "get": lambda team: Team.objects.get(pk=team.pk),
    "exists": lambda _: Video.objects.exists(),
    "exclude": lambda _: Sample.objects.exclude(name="").exists(),
    "count": lambda _: Track.objects.count(),
    "in_bulk": lambda _: Video.objects.in_bulk([]),
    "create": lambda team: Video.objects.create(team=team, title="", file_name=""),
    "bulk_create": lambda team: Video.objects.bulk_create([Video(team=team)]),
    "bulk_update": lambda _: Video.objects.bulk_update([], ["title"]),
    "raw": lambda _: Video.objects.raw("SELECT 1"),
    "get_or_create": lambda team: Video.objects.get_or_create(team=team, title=""),
    "a subquery": lambda _: Label.objects.exclude(name="").query,
    "using": lambda _: Video.objects.using("default"),
    "of a parent": lambda team: team.videos.count(),
    "of a person": lambda _: User(pk=1).teams.count(),
    "iterator": lambda _: AuditEntry.objects.iterator(),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_outside_of_a_scope_every_query_raises(query: Callable[[Team], Any], team: Team) -> None:
    with without_scope(), pytest.raises(ScopeError):
        query(team)


def test_but_nothing_may_be_asked_for() -> None:
    with without_scope():
        assert not Video.objects.none().exists()


def test_scopes_stand_within_each_other(both: tuple[Team, Team], alice: User) -> None:
    with scope_of_person(alice):
        with across_teams():
            assert Team.objects.count() == 2
        with within_teams([both[1].pk]):
            assert planted.everything() == rows_of(both[1])
        assert planted.everything() == rows_of(both[0])


def test_rows_of_a_parent_are_not_filtered_again(team: Team, django_assert_num_queries: Any) -> None:
    video = make_video(team=team)
    Analysis.objects.create(video=video, job=make_job(team=team))
    with within_teams([team.pk]):
        assert "EXISTS" not in str(video.analyses.all().query)
        assert "EXISTS" in str(Analysis.objects.all().query)
        with django_assert_num_queries(2):
            (found,) = Video.objects.prefetch_related("analyses").filter(pk=video.pk)
            assert len(found.analyses.all()) == 1


def test_conditional_updates_stay_one_statement(team: Team, django_assert_num_queries: Any) -> None:
    """What a claim rests on: the database compares the row as it is when it is changed."""
    dataset = make_dataset(team, labels=["a"])
    with within_teams([team.pk]), django_assert_num_queries(1) as asked:
        assert Label.objects.filter(dataset=dataset, name="a").update(name="b") == 1
    (statement,) = (query["sql"] for query in asked.captured_queries)
    assert statement.startswith("UPDATE") and f"{connection.ops.quote_name('id')} IN" not in statement


def test_what_all_teams_share_is_counted_across_them(team: Team, alice: User, charlie: User) -> None:
    """A disk, the workers, and the rest of a person's teams: what is not told, but decides."""
    theirs = charlie.teams.get()
    make_upload(charlie, team=theirs, size_bytes=7)
    Upload.objects.update(reserved_at=timezone.now())
    now = timezone.now()
    waiting = [make_job(team=each, kind=JobKind.TRAIN, created_at=now) for each in (theirs, team)]
    guest = make_user(team=team)
    Membership.objects.create(team=theirs, user=guest, role=Role.VIEWER)
    with scope_of_person(alice):
        assert rules._coming_bytes(Upload) == 7
        assert ahead_of(waiting[1]) == 1
        assert not manageable_accounts(alice).filter(pk=guest.pk).exists()


def test_what_is_made_elsewhere_is_unknown_here(both: tuple[Team, Team]) -> None:
    with within_teams([both[0].pk]):
        assert not Team.objects.filter(pk=make_team("Third").pk).exists()
