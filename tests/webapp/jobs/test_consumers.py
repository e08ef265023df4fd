"""The websocket: who may look, the snapshot, and what arrives afterwards."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_job
from tests.factories_videos import begin_analysis, make_video
from tests.webapp.jobs.conftest import Browser
from tests.websocket import Websocket
from webapp.accounts.models import Membership, Team, User
from webapp.http.same_origin_middleware import is_from_our_page
from webapp.jobs import consumers, job_state, lifecycle, live_updates, open_socket_services
from webapp.jobs.models import Status
from webapp.people.acts.services import name_person
from webapp.people.identification import tentative_runner
from webapp.people.models import Person
from webapp.videos.models import Video
from webapp.videos.services import delete_video, restore_video

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_member_gets_the_current_state_first(browser: Browser, team: Team, vera: User) -> None:
    job = await sync_to_async(make_job)(team=team, stage="detect")
    await sync_to_async(make_job)(stage="detect")
    websocket = await browser.watches(team, vera)
    state = await websocket.read()
    assert (state["type"], state["id"], state["status"]) == ("job", str(job.pk), "queued")
    assert state["headline"] == "Waiting"
    assert (await websocket.read())["type"] == "snapshot_end"


async def test_a_member_sees_how_the_job_goes_on(browser: Browser, team: Team, vera: User) -> None:
    job = await sync_to_async(make_job)(team=team)
    websocket = await browser.watches(team, vera)
    before = await websocket.read()
    await websocket.read()
    mine = await sync_to_async(lifecycle.claim)(job.pk)
    assert mine is not None
    running = await websocket.read()
    await sync_to_async(lifecycle.report)(mine, "detect", 31, 50)
    half = await websocket.read()
    await sync_to_async(lifecycle.finish)(mine)
    done = await websocket.read()
    assert [state["status"] for state in (running, half, done)] == ["running", "running", "done"]
    assert half["percent"] == 62 and "62 %" in half["headline"]
    sequences = [state["sequence"] for state in (before, running, half, done)]
    assert sequences == sorted(set(sequences))
    await websocket.leave()


async def test_superseded_progress_is_dropped_and_words_are_made_once(
    browser: Browser, team: Team, vera: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_socket_services, "LEAST_PAUSE_S", 0.5)
    job = await sync_to_async(make_job)(team=team)
    sockets = [await browser.watches(team, user) for user in (vera, bob)]
    for websocket in sockets:
        assert [(await websocket.read())["type"] for _ in range(2)] == ["job", "snapshot_end"]
    consumers._worded.cache_clear()
    state = replace(job_state.state_of(job), status="running", total=10)

    def publish() -> None:
        for done in range(1, 6):
            live_updates.publish_state(replace(state, sequence=done, done=done))

    await sync_to_async(publish)()
    for websocket in sockets:
        told = [(await websocket.read())["percent"]]
        while told[-1] != 50:
            told.append((await websocket.read())["percent"])
        assert told == sorted(set(told)) and len(told) <= 3, told
        assert await websocket.receive_nothing(timeout=0.6)
    assert consumers._worded.cache_info().hits >= 1, "the same state to two pages"


async def test_a_waiting_job_hears_that_it_moved_up(browser: Browser, team: Team, vera: User) -> None:
    first = await sync_to_async(make_job)(team=team)
    second = await sync_to_async(make_job)(team=team)
    websocket = await browser.watches(team, vera)
    before = {state["id"]: state for state in [await websocket.read(), await websocket.read()]}
    await websocket.read()
    await sync_to_async(lifecycle.cancel)(first.pk)
    ended, moved = await websocket.read(), await websocket.read()
    assert (ended["id"], ended["status"]) == (str(first.pk), "cancelled")
    assert (moved["id"], moved["status"], moved["ahead"]) == (str(second.pk), "queued", 0)
    assert before[moved["id"]]["ahead"] == 1
    assert moved["sequence"] > before[moved["id"]]["sequence"]
    await websocket.leave()


@pytest.mark.parametrize("who", ["charlie", "anonymous"])
async def test_a_stranger_cannot_listen_to_a_team(browser: Browser, team: Team, charlie: User, who: str) -> None:
    user = charlie if who == "charlie" else None
    assert await browser.opens(f"/ws/teams/{team.pk}/", user) is None


async def test_nobody_can_listen_to_a_team_or_video_that_does_not_exist(browser: Browser, charlie: User) -> None:
    assert await browser.opens(f"/ws/teams/{uuid4()}/", charlie) is None
    assert await browser.opens(f"/ws/videos/{uuid4()}/", charlie) is None


async def test_another_web_site_cannot_open_the_socket(browser: Browser, team: Team, vera: User) -> None:
    assert await browser.opens(f"/ws/teams/{team.pk}/", vera, origin="http://evil.example") is None


async def test_somebody_who_leaves_the_team_hears_no_more(
    browser: Browser, team: Team, vera: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "ACCESS_HOLDS_S", 0)
    websocket = await browser.watches(team, vera)
    await websocket.read()
    await Membership.objects.filter(user=vera).adelete()
    await live_updates.apublish_state(job_state.state_of(await sync_to_async(make_job)(team=team)))
    assert (await websocket.receive_output(timeout=5))["type"] == "websocket.close"


async def sign_out(user: User) -> None:
    await Session.objects.all().adelete()


async def deactivate(user: User) -> None:
    await User.objects.filter(pk=user.pk).aupdate(is_active=False)


async def remove(user: User) -> None:
    await Membership.objects.filter(user=user).adelete()


async def let_idle(user: User) -> None:
    await Session.objects.all().aupdate(expire_date=timezone.now())


async def change_password(user: User) -> None:
    user.set_password("another long enough phrase")
    await user.asave()


ENDINGS = [sign_out, deactivate, remove, let_idle, change_password]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", ["teams", "videos"])
async def test_a_socket_closes_though_nothing_happens(
    browser: Browser,
    team: Team,
    vera: User,
    kind: str,
    ending: Callable[[User], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(open_socket_services, "CHECK_EVERY_S", 0.1)
    key = team.pk if kind == "teams" else (await sync_to_async(make_video)(team=team)).pk
    await closes_after(await browser.opens(f"/ws/{kind}/{key}/", vera), lambda: ending(vera))


async def test_it_does_within_five_seconds(browser: Browser, team: Team, vera: User) -> None:
    await closes_after(await browser.watches(team, vera), lambda: sign_out(vera))


async def closes_after(websocket: Websocket | None, end: Callable[[], Awaitable[None]]) -> None:
    """Once it has told what there is, it closes within five seconds of `end`."""
    assert websocket is not None
    while (await websocket.read())["type"] != "snapshot_end":
        pass
    await end()
    closed = await websocket.receive_output(timeout=5)
    assert (closed["type"], closed["code"]) == ("websocket.close", 4403)


async def test_the_sockets_of_others_stay_open(
    browser: Browser, team: Team, vera: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_socket_services, "CHECK_EVERY_S", 0.1)
    hers, his = await browser.watches(team, vera), await browser.watches(team, bob)
    assert (await hers.read())["type"] == (await his.read())["type"] == "snapshot_end"
    await deactivate(vera)
    assert (await hers.receive_output(timeout=5))["type"] == "websocket.close"
    assert await his.receive_nothing(timeout=0.5)


async def test_a_session_that_has_ended_opens_no_socket(browser: Browser, team: Team, vera: User) -> None:
    for ending in ENDINGS:
        await Membership.objects.aget_or_create(team=team, user=vera, defaults={"role": "viewer"})
        await User.objects.filter(pk=vera.pk).aupdate(is_active=True)
        client = await sync_to_async(signed_in)(vera)
        await ending(vera)
        cookie = f"sessionid={client.cookies['sessionid'].value}"
        assert await browser.opens(f"/ws/teams/{team.pk}/", None, cookie=cookie) is None, ending.__name__


@pytest.mark.parametrize(
    "origin",
    [
        "http://testserver:9999",
        "https://testserver",
        "http://localhost",
        "http://evil.example",
        "http://testserver.evil.example",
        "http://testserver@evil.example",
        "null",
        "",
        "file://",
        "http://testserver:x",
    ],
)
async def test_a_page_of_another_scheme_host_or_port_cannot_open_the_socket(
    browser: Browser, team: Team, vera: User, origin: str
) -> None:
    assert await browser.opens(f"/ws/teams/{team.pk}/", vera, origin=origin) is None


@pytest.mark.parametrize(
    ("scheme", "host", "origin"),
    [
        ("ws", b"testserver", "http://testserver:80"),
        ("ws", b"testserver:8000", "http://testserver:8000"),
        ("wss", b"testserver", "https://TestServer"),
        ("ws", b"localhost:8000", "http://localhost:8000"),
        ("ws", b"testserver", "https://rollcall.example.org"),
    ],
)
def test_our_own_pages_can(scheme: str, host: bytes, origin: str, settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://rollcall.example.org"]
    headers = [(b"host", host), (b"origin", origin.encode())]
    assert is_from_our_page({"scheme": scheme, "headers": headers})
    foreign = [(b"host", b"evil.example"), (b"origin", b"http://evil.example")]
    assert not is_from_our_page({"scheme": "ws", "headers": foreign}), "a name given to our address"
    assert not is_from_our_page({"scheme": scheme, "headers": [*headers, headers[1]]})


async def test_what_a_browser_says_changes_nothing(browser: Browser, team: Team, alice: User) -> None:
    job = await sync_to_async(make_job)(team=team)
    websocket = await browser.watches(team, alice)
    await websocket.say({"type": "job.state", "cancel": str(job.pk)})
    await job.arefresh_from_db()
    assert job.status == Status.QUEUED


async def test_an_object_that_goes_is_told(browser: Browser, team: Team, vera: User) -> None:
    websocket = await browser.watches(team, vera)
    await websocket.read()
    gone = uuid4()
    await sync_to_async(live_updates.publish_gone)(team_id=team.pk, subject_id=gone)
    assert await websocket.read() == {"type": "gone", "subject": str(gone), "sequence": 0}


def test_the_tests_use_the_products_channel_layer() -> None:
    assert settings.CHANNEL_LAYERS["default"]["BACKEND"] == "channels_redis.pubsub.RedisPubSubChannelLayer"


async def test_who_is_named_in_one_tab_is_told_to_all_others_of_the_team_and_to_no_stranger(
    browser: Browser, team: Team, bob: User, vera: User, charlie: User
) -> None:
    person = await sync_to_async(Person.objects.create)(team=team, number=1, hue=0)
    video = await sync_to_async(Video.objects.create)(team=team, title="Opening night", file_name="a.mp4")
    theirs = await sync_to_async(charlie.teams.get)()
    watching = [await browser.watches(team, vera), await browser.opens(f"/ws/videos/{video.pk}/", vera)]
    stranger = await browser.watches(theirs, charlie)
    for websocket in [*watching, stranger]:
        assert websocket is not None and (await websocket.read())["type"] == "snapshot_end"
    await sync_to_async(name_person)(person, name="Anna", user=bob)
    for websocket in watching:
        assert websocket is not None and (await websocket.read())["type"] == "people"
    assert await stranger.receive_nothing()


async def test_a_running_analysis_that_knows_somebody_tells_the_pages_of_people(
    browser: Browser, team: Team, vera: User
) -> None:
    person = await sync_to_async(Person.objects.create)(team=team, number=1, hue=0)
    analysis = await sync_to_async(begin_analysis)(await sync_to_async(make_video)(team=team))
    watching = await browser.watches(team, vera)
    while (await watching.read())["type"] != "snapshot_end":
        pass
    for similarity in (0.7, 0.8, 0.75):
        await sync_to_async(tentative_runner.store)(
            analysis, {0: tentative_runner.TentativeMatch(person.pk, similarity)}
        )
    assert [(await watching.read())["type"] for _ in range(2)] == ["people", "people"]
    assert await watching.receive_nothing(), "a guess that is no better is no news"


async def test_a_video_that_is_deleted_or_brought_back_is_told_to_the_pages_of_people(
    browser: Browser, team: Team, vera: User
) -> None:
    video = await sync_to_async(make_video)(team=team)
    watching = await browser.watches(team, vera)
    while (await watching.read())["type"] != "snapshot_end":
        pass
    await sync_to_async(delete_video)(video)
    assert {(await watching.read())["type"] for _ in range(2)} == {"gone", "people"}
    await video.arefresh_from_db()
    await sync_to_async(restore_video)(video)
    assert (await watching.read())["type"] == "people"


async def test_one_socket_too_many_is_closed_with_a_code_that_pages_know(
    browser: Browser, team: Team, vera: User, bob: User, settings: Any
) -> None:
    settings.SOCKETS_PER_PERSON = 2
    first, _second = [await browser.watches(team, vera) for _ in range(2)]
    third = await browser.watches(team, vera)
    told = await third.receive_output(timeout=5)
    assert (told["type"], told["code"]) == ("websocket.close", 4429)
    assert (await (await browser.watches(team, bob)).read())["type"] == "snapshot_end"
    await first.leave()
    assert (await (await browser.watches(team, vera)).read())["type"] == "snapshot_end"
