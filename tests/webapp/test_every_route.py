"""Walks every route and socket as every role, with real objects of two teams. The table is `route_rules.py`.

Who may not see a team learns nothing of it and changes nothing of it, whatever ids they put where.
"""

import shutil
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import Resolver404, resolve
from django.utils import timezone

from tests.factories import make_token, make_user
from tests.webapp.accounts.proofs import proved
from tests.webapp.route_calls import ROLES, Call, filled, holds_id
from tests.webapp.route_rules import ROUTES, SOCKETS
from tests.webapp.route_things import TeamThings, make_things
from tests.webapp.route_walk import (
    FIRST_NUMBER,
    HERE,
    LAST_NUMBER,
    THERE,
    Answer,
    World,
    address,
    ids_sent,
    number_from,
    parameters,
    primary_keys,
    routes,
    wished,
)
from tests.websocket import Websocket
from webapp.accounts.context_processors import SESSION_KEY
from webapp.accounts.models import Membership, Role, TokenScope
from webapp.asgi import application, websocket_urlpatterns
from webapp.datasets.models import Dataset
from webapp.http.problem_formats import is_of_api
from webapp.jobs import live_updates
from webapp.training.models import TrainingRun
from webapp.videos.models import Video

BAD = ("", "\0", "9" * 20, "²", "x" * 3000, str(uuid4()))
"""What no id looks like, and an id of nothing."""
IN_DELETED = {
    *("batch_id", "dataset_id", "explanation_id", "face_id", "observation_id", "recognition_id", "run_id"),
    *("track_id", "upload_id", "version_id", "video_id"),
}
"""Parameters for what is a video, a dataset or a run, or in one."""
HOW = """
No row for {pattern!r} (view {view}). Add one to tests/webapp/route_rules.py: a list of calls, one for each method, with
who may make it, and what it sends with `@kind` wherever an id goes. For instance:
    {pattern!r}: [get(SEE), post(EDIT, {{"person": "@person"}})],"""


needs_database = pytest.mark.django_db
# Channels closes the connection of a transaction. What such a test leaves is emptied, so it is the last one.
commits = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Both teams, made once for this file: committed before the first test's transaction begins."""
    with django_db_blocker.unblock():
        made = make_world()
    yield made
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False, reset_sequences=True, inhibit_post_migrate=True)


def make_world() -> World:
    both, nobody = make_user("dual"), make_user("lone")
    there = make_things("Birch")
    Membership.objects.create(team=there.team, user=both, role=Role.OWNER)
    number_from(FIRST_NUMBER)
    before = primary_keys()
    here = make_things("Amber")
    Membership.objects.create(team=here.team, user=both, role=Role.VIEWER)
    number_from(LAST_NUMBER)
    strangers = {"both": both, "nobody": nobody, "stranger": there.users["owner"]}
    return World(here, there, here.users | strangers, frozenset(primary_keys() - before))


def sessions_of(world: World) -> dict[tuple[str, str], str]:
    """Sessions of people who have just proved who they are, by role and the team that they have chosen."""
    sessions = {}
    for role, user in world.users.items():
        for works_in, team in ((HERE, world.here.team), (THERE, world.there.team)):
            session = proved(user, by="mfa").session
            session[SESSION_KEY] = str(team.pk)
            session.save()
            sessions[role, works_in] = str(session.session_key)
    return sessions


def tokens_of(world: World) -> dict[tuple[str, str], str]:
    """Secrets of tokens that are not written when they are used, as what is refused is to write nothing."""
    later, secrets = timezone.now() + timedelta(days=1), {}
    for role, user in world.users.items():
        teams = {HERE: world.here.team, THERE: world.there.team}
        own = [team for team in teams.values() if team.memberships.filter(user=user).exists()]
        for works_in, team in teams.items() if own else ():
            secrets[role, works_in] = f"rct_{uuid4().hex}"
            chosen = team if team in own else own[0]
            make_token(user, chosen, secrets[role, works_in], scope=TokenScope.ADMIN, last_used_at=later)
    return secrets


@pytest.fixture(scope="module")
def stored(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of the files of both teams, as each test ends with an empty store."""
    return shutil.copytree(settings.MEDIA_ROOT, tmp_path_factory.mktemp("stored"), dirs_exist_ok=True)


@pytest.fixture
def walk(world: World, stored: Path, settings: Any, record_property: Callable[[str, object], None]) -> Iterator["Walk"]:
    shutil.copytree(stored, settings.MEDIA_ROOT, dirs_exist_ok=True)
    # Serving static files takes two threads for each request, and no part in who may what.
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "servestatic" not in each]
    settings.REQUESTS_PER_MINUTE = 0
    world.begin(sessions_of(world), tokens_of(world))
    walk = Walk(world)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume asynchronous iterators")
        yield walk


def place(pattern: str, call: Call, team: TeamThings) -> dict[str, str]:
    """Returns what of a team stands for the parameters of a route."""
    return {name: str(filled(wish, team.ids)) for name, wish in wished(pattern, call).items()}


def one_who_may(call: Call) -> str:
    return "owner" if "owner" in call.may else min(call.may, default="owner")


class Walk:
    """Collects what is wrong, so that one run tells all of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.wrong: list[str] = []

    def expect(self, is_right: bool, what: str, answer: Answer) -> None:
        if not is_right:
            self.wrong.append(f"{what}: {answer}")

    def end(self, tell: Callable[[str, object], None], what: str) -> None:
        tell("counted", f"{what} = {self.world.calls} calls, {len(self.wrong)} leaks")
        assert not self.wrong, "\n".join(self.wrong)


def test_every_route_and_socket_has_a_row_and_every_row_a_route() -> None:
    known = {pattern: f"{each.callback.__module__}.{each.callback.__name__}" for pattern, each in routes()}
    assert len(known) > 140
    missing = [HOW.format(pattern=pattern, view=view) for pattern, view in known.items() if pattern not in ROUTES]
    assert not missing, "".join(missing)
    assert not ROUTES.keys() - known.keys(), "rows of routes that are gone"
    assert {str(each.pattern) for each in websocket_urlpatterns} == SOCKETS.keys()


@needs_database
def test_each_role_gets_what_the_table_says(walk: Walk, record_property: Callable[[str, object], None]) -> None:
    for pattern, calls in ROUTES.items():
        for call in calls:
            for role in ROLES:
                _as_role(walk, pattern, call, role)
    walk.end(record_property, f"{len(ROUTES)} routes x {len(ROLES)} roles")


def _as_role(walk: Walk, pattern: str, call: Call, role: str) -> None:
    world = walk.world
    is_of_chosen_team = not parameters(pattern) and not call.is_named
    # Where the chosen team is meant, the owner of another team asks about that one.
    is_elsewhere = is_of_chosen_team and role == "stranger"
    sends = filled(
        call.sends if call.metadata is None else call.metadata, (world.there if is_elsewhere else world.here).ids
    )
    url = address(pattern, place(pattern, call, world.here))
    # A token is for one team, whatever is named.
    is_of_own_team = is_of_chosen_team or (is_of_api(url) and role == "both")
    answer = world.call(call, url, role, sends, works_in=HERE if is_of_own_team else THERE)
    what = f"{role} {call.method} {url} {sends or ''}"
    if role in call.may or (is_elsewhere and "owner" in call.may):
        is_fine = answer.status in call.gives if call.gives else answer.status < 400
        walk.expect(is_fine and not answer.asks_to_sign_in, f"{what} may", answer)
        if is_elsewhere:
            walk.expect(not answer.told | answer.touched, f"{what} has a team of their own", answer)
    else:
        walk.expect(answer.is_refusal or answer.status in call.refused, f"{what} may not", answer)
        walk.expect(not answer.written, f"{what} changes something", answer)
        walk.expect(
            answer.told <= world.own(role) | ids_sent(sends) | ids_sent(url), f"{what} is told something", answer
        )


@needs_database
def test_nothing_of_another_team_comes_with_what_is_sent(
    walk: Walk, record_property: Callable[[str, object], None]
) -> None:
    """One's own things in the address, the other team's beside them: neither shown, nor changed, nor carried over."""
    count = 0
    for pattern, calls in ROUTES.items():
        for call in calls:
            sends = dict(call.metadata or call.sends)
            foreign = [name for name, wish in sends.items() if holds_id(wish) and not call.is_named]
            count += len(foreign)
            for names in [[name] for name in foreign] + ([foreign] if len(foreign) > 1 else []):
                for role in ("stranger", "both"):
                    _with_foreign(walk, pattern, call, role, sends, names)
    walk.end(record_property, f"{count} foreign ids in bodies and query strings x 2 roles")


def _with_foreign(walk: Walk, pattern: str, call: Call, role: str, sends: dict[str, Any], names: list[str]) -> None:
    world = walk.world
    given = filled(sends, world.there.ids) | {name: filled(sends[name], world.here.ids) for name in names}
    url = address(pattern, place(pattern, call, world.there))
    answer = world.call(call, url, role, given, works_in=THERE)
    what = f"{role} {call.method} {url} with foreign {names} {given}"
    walk.expect(answer.status < 500, f"{what} fails", answer)
    walk.expect(answer.told <= world.own(role) | ids_sent(given), f"{what} is told something", answer)
    walk.expect(not answer.touched, f"{what} changes or carries over something", answer)


@needs_database
def test_no_address_mixes_two_teams(walk: Walk, record_property: Callable[[str, object], None]) -> None:
    """A part of one team under a thing of the other, in both directions."""
    world, count = walk.world, 0
    for pattern, calls in ROUTES.items():
        for call in calls:
            here, there = place(pattern, call, world.here), place(pattern, call, world.there)
            differing = [name for name in here if here[name] != there[name]]
            if len(differing) < 2 or call.method == "OPTIONS":
                continue
            count += 1
            for mine, other in ((here, there), (there, here)):
                url = address(pattern, mine | {differing[0]: other[differing[0]]})
                for role in ("stranger", "both"):
                    answer = world.call(call, url, role, call.filled(world.there.ids), works_in=THERE)
                    walk.expect(answer.is_refusal, f"{role} {call.method} {url}", answer)
                    walk.expect(not answer.written, f"{role} {call.method} {url} changes something", answer)
    walk.end(record_property, f"{count} addresses of two parts x 2 ways x 2 roles")


@needs_database
def test_what_is_deleted_is_out_of_everybodys_sight(walk: Walk, record_property: Callable[[str, object], None]) -> None:
    """Where a video, a dataset or a run is deleted, nothing in it can be seen or changed, not even by an owner."""
    for model in (Video, Dataset, TrainingRun):
        model._base_manager.filter(team_id=walk.world.here.team.pk).update(deleted_at=timezone.now())
    for pattern, calls in ROUTES.items():
        if not IN_DELETED.isdisjoint(parameters(pattern)) and not pattern.endswith("_id>/restore/"):
            for call in (call for call in calls if call.method != "OPTIONS"):
                url, sends = address(pattern, place(pattern, call, walk.world.here)), call.filled(walk.world.here.ids)
                answer = walk.world.call(call, url, one_who_may(call), sends)
                walk.expect(answer.is_refusal and not answer.written, f"{call.method} {url}", answer)
    walk.end(record_property, "routes to what is deleted")


@needs_database
def test_ids_of_wrong_form_are_no_error_of_the_server(
    walk: Walk, record_property: Callable[[str, object], None]
) -> None:
    """In addresses no such thing is there, unless the route takes any text; elsewhere nothing worse than a refusal."""
    for pattern, calls in ROUTES.items():
        for call in (call for call in calls if call.method != "OPTIONS"):
            _with_bad_parts(walk, pattern, call)
            _with_bad_fields(walk, pattern, call)
    walk.end(record_property, f"{len(BAD)} values of wrong form for each id and field")


def _with_bad_parts(walk: Walk, pattern: str, call: Call) -> None:
    right, role = place(pattern, call, walk.world.here), one_who_may(call)
    for name, bad in ((name, bad) for name in right for bad in BAD):
        url = address(pattern, right | {name: bad})
        try:
            resolve(unquote(url))
        except Resolver404:
            continue
        answer = walk.world.call(call, url, role, call.filled(walk.world.here.ids))
        is_fine = answer.status in (400, 404, 405, 410) or (f"<str:{name}>" in pattern and answer.status < 500)
        walk.expect(is_fine, f"{call.method} {url}", answer)


def _with_bad_fields(walk: Walk, pattern: str, call: Call) -> None:
    sends, url = call.filled(walk.world.here.ids), address(pattern, place(pattern, call, walk.world.here))
    texts = [name for name, given in sends.items() if isinstance(given, (str, int, UUID))]
    for name, bad in ((name, bad) for name in texts for bad in BAD):
        answer = walk.world.call(call, url, one_who_may(call), sends | {name: bad})
        walk.expect(answer.status < 500, f"{call.method} {url} with {name}={bad[:40]!r}", answer)


@needs_database
def test_other_methods_are_refused_and_change_nothing(
    walk: Walk, record_property: Callable[[str, object], None]
) -> None:
    world = walk.world
    for pattern, calls in ROUTES.items():
        call = calls[0]
        url = address(pattern, place(pattern, call, world.here))
        for method in {"GET", "POST", "DELETE"} - {each.method for each in calls}:
            answer = world.call(Call(method, call.may), url, "owner", {}, method=method)
            walk.expect(answer.status == 405, f"{method} {url}", answer)
            walk.expect(not answer.written, f"{method} {url} changes something", answer)
    walk.end(record_property, f"{len(ROUTES)} routes by other methods")


@needs_database
def test_every_change_needs_the_csrf_token(walk: Walk, record_property: Callable[[str, object], None]) -> None:
    world, client = walk.world, Client(enforce_csrf_checks=True, raise_request_exception=False)
    for pattern, calls in ROUTES.items():
        for call in calls:
            if call.method in ("GET", "HEAD", "OPTIONS"):
                continue
            url = address(pattern, place(pattern, call, world.here))
            answer = world.call(call, url, "owner", call.filled(world.here.ids), client=client)
            walk.expect(answer.status == 403 and not answer.written, f"{call.method} {url}", answer)
    walk.end(record_property, "changes without a CSRF token")


@commits
def test_sockets_are_open_to_members_alone(walk: Walk, record_property: Callable[[str, object], None]) -> None:
    async_to_sync(_open_sockets)(walk)
    walk.end(record_property, f"{len(SOCKETS)} sockets x {len(ROLES)} roles")


async def _open_sockets(walk: Walk) -> None:
    """Who may not is refused; who listens to a thing of another team hears nothing of this one."""
    world = walk.world
    for pattern, (may, wish) in SOCKETS.items():
        for role in ROLES:
            headers = _headers_of(world, role)
            socket = Websocket(application, address(pattern, {"key": str(filled(wish, world.here.ids))}), headers)
            world.calls += 1
            is_open = await socket.connect()
            if is_open != (role in may):
                walk.wrong.append(f"{role} {pattern}: {is_open}")
            if is_open:
                await socket.leave()
        for role in ("stranger", "both"):
            await _listen(walk, pattern, wish, role)


async def _listen(walk: Walk, pattern: str, wish: str, role: str) -> None:
    world, layer = walk.world, get_channel_layer()
    socket = Websocket(
        application, address(pattern, {"key": str(filled(wish, world.there.ids))}), _headers_of(world, role)
    )
    world.calls += 1
    assert await socket.connect(), f"{role} {pattern}"
    while (told := await socket.read())["type"] != "snapshot_end":
        if world.found(str(told)):
            walk.wrong.append(f"{role} {pattern} is told {told}")
    groups = [live_updates.team_group(world.here.team.pk), live_updates.people_group(world.here.team.pk)]
    groups += [live_updates.subject_group(world.here.ids[kind]) for kind in ("video", "dataset", "run")]
    for group in groups:
        await layer.group_send(group, {"type": "job_state", "payload": {"type": "x"}})
    if not await socket.receive_nothing(timeout=0.05):
        walk.wrong.append(f"{role} {pattern} hears of another team: {await socket.read()}")
    await socket.leave()


def _headers_of(world: World, role: str) -> list[tuple[bytes, bytes]]:
    headers = [(b"origin", b"http://testserver"), (b"host", b"testserver")]
    if role == "anonymous":
        return headers
    cookie = f"{settings.SESSION_COOKIE_NAME}={world.sessions[role, THERE]}"
    return [*headers, (b"cookie", cookie.encode())]
