"""Requests of programs with an access token: for whom they act, what refuses them, and what they cost."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from django.utils import timezone

from tests.conftest import signed_in
from tests.factories import make_job, make_team, make_token, make_user
from tests.factories_videos import make_video
from tests.guards.test_open_routes import API, BY_TOKEN, OPEN, routes
from tests.webapp.audit.entries import breaks
from tests.webapp.responses import Response
from tests.webapp.uploads.test_tus_responses import CONTENT, TUS, create, patch
from webapp.accounts import throttle_services
from webapp.accounts.members import services as members
from webapp.accounts.models import AccessToken, Membership, Role, SignInCounter, Team, TokenScope, User
from webapp.accounts.tokens.bearer_middleware import is_bearer_known
from webapp.audit.action_choices import Action
from webapp.audit.models import AuditEntry
from webapp.datasets.models import Dataset
from webapp.videos.models import Upload, Video

pytestmark = pytest.mark.django_db
EXAMPLES = {"uuid": str(uuid4()), "int": "1", "str": "x"}
"""By the kind of a part of an address."""
SECRET = "rct_" + "5e" * 24
BASIC = {"Authorization": "Basic Ym9iOmJvYg=="}


def program(secret: str = SECRET, **options: Any) -> Client:
    """A client as strict as a server: without a cookie, and with the check that browsers' forms have to pass."""
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"}, **options)


@pytest.fixture
def token(team: Team, bob: User) -> AccessToken:
    return make_token(bob, team, SECRET)


def state(client: Client, video: Video) -> Response:
    return client.get(reverse("videos:state", args=[video.pk]))


def member(user: User) -> Membership:
    return Membership.objects.get(user=user)


def test_a_program_uploads_and_learns_how_far_it_is(team: Team, bob: User, token: AccessToken) -> None:
    client = program()
    created = create(client, len(CONTENT))
    assert (created.status_code, created.cookies) == (201, {})
    assert patch(client, created["Location"], CONTENT[:100], 0).status_code == 204
    assert client.head(created["Location"], headers=TUS)["Upload-Offset"] == "100"
    video = Video.objects.get(pk=created["Rollcall-Video"])
    assert (video.team, video.uploaded_by) == (team, bob)
    waiting = state(client, video).json()
    assert (waiting["state"], waiting["is_final"], waiting["percent"]) == ("uploading", False, 9)
    assert patch(client, created["Location"], CONTENT[100:], 100).status_code == 204
    assert state(client, video).json()["state"] == "checking"
    jobs = client.get(reverse("jobs:state"), {"subject": str(video.pk)}).json()["jobs"]
    assert [job["kind"] for job in jobs] == ["check"]
    entry = AuditEntry.objects.get(action=Action.UPLOADED)
    assert (entry.user_id, entry.user_name, entry.subject_label) == (bob.pk, "Bob by token CI", video.title)
    assert breaks() == []
    again = create(client, len(CONTENT))
    assert client.delete(again["Location"], headers=TUS).status_code == 204
    assert not Upload.objects.exists()


def test_a_failed_video_says_why_in_words(team: Team, token: AccessToken) -> None:
    video = make_video(team=team)
    video.current_job = make_job(
        team=team, subject_id=video.pk, status="failed", error_code="internal", finished_at=timezone.now()
    )
    video.save()
    told = state(program(), video).json()
    assert (told["state"], told["is_final"]) == ("failed", True)
    assert told["problem"]["headline"] and told["problem"]["detail"]


def test_it_reaches_its_own_team_only(team: Team, bob: User, token: AccessToken) -> None:
    other = make_team("Archive")
    Membership.objects.create(team=other, user=bob, role=Role.OWNER)
    client = program()
    assert state(client, make_video(team=other)).status_code == 404
    assert client.get(reverse("jobs:state"), {"team": str(other.pk)}).status_code == 404
    assert create(client, team=str(other.pk)).status_code == 404
    assert create(client).status_code == 201
    assert not Video.objects.filter(team=other, upload__isnull=False).exists()


ENDS: dict[str, Callable[[AccessToken], object]] = {
    "revoked": lambda token: AccessToken.objects.update(revoked_at=timezone.now()),
    "expired": lambda token: AccessToken.objects.update(expires_at=timezone.now()),
    "owner": lambda token: User.objects.filter(pk=token.user_id).update(is_active=False),
    "no longer in the team": lambda token: Membership.objects.filter(user=token.user_id).delete(),
    "unknown": lambda token: AccessToken.objects.all().delete(),
}


@pytest.mark.parametrize("how", ENDS)
def test_what_ended_is_refused_at_once(how: str, team: Team, token: AccessToken) -> None:
    client, video = program(), make_video(team=team)
    assert state(client, video).status_code == 200
    ENDS[how](token)
    responses = [state(client, video), create(client), client.delete(f"/videos/uploads/{uuid4()}", headers=TUS)]
    for response in responses:
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert response["Content-Type"] == "application/problem+json"
        assert how in response.json()["detail"] or how == "owner"
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("scope", "role", "words"),
    [
        (TokenScope.READ, Role.EDITOR, "scope"),
        (TokenScope.WRITE, Role.VIEWER, "role"),
        (TokenScope.ADMIN, "viewer", "role"),
    ],
)
def test_neither_a_narrow_scope_nor_a_lesser_role_uploads(scope: TokenScope, role: str, words: str, team: Team) -> None:
    user = make_user(team=team, role=Role.ADMIN)
    make_token(user, team, SECRET, scope=scope)
    Membership.objects.filter(user=user).update(role=role)
    refused = create(program())
    assert (refused.status_code, refused["WWW-Authenticate"]) == (
        403,
        'Bearer error="insufficient_scope", scope="write"',
    )
    assert words in refused.json()["detail"]
    assert state(program(), make_video(team=team)).status_code == 200, "reading it still may"


def test_a_token_stays_dead_when_its_owner_is_let_in_again(
    team: Team, alice: User, bob: User, token: AccessToken
) -> None:
    members.remove(member(bob), by=alice)
    Membership.objects.create(team=team, user=bob, role=Role.EDITOR)
    assert create(program()).status_code == 401


def test_all_other_addresses_take_no_notice_of_a_token(team: Team, alice: User) -> None:
    make_token(alice, team, SECRET, scope=TokenScope.ADMIN)
    client, asked = program(), 0
    for address, _view in routes(get_resolver().url_patterns):
        if address in BY_TOKEN or address in OPEN or address in API:
            continue
        path = "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda part: EXAMPLES[part[1] or "str"], address)
        if "(?P" in address:
            path = reverse("people:introduction_act", args=[uuid4(), "switch"])
        response = client.get(path)
        assert response.status_code == 302 and response["Location"].startswith(reverse("accounts:login")), path
        asked += 1
    assert asked > 100
    posted = client.post(reverse("datasets:create"), {"name": "Stolen", "kind": "faces"})
    assert posted.status_code in (302, 403) and not Dataset.objects.exists()
    assert AccessToken.objects.get().last_used_at is None


def test_a_session_gains_nothing_by_a_token(team: Team, vera: User, alice: User) -> None:
    """On routes without tokens the cookie counts, on those with one the token, and never both."""
    make_token(alice, team, SECRET, scope=TokenScope.ADMIN)
    browser = signed_in(vera)
    page = browser.get(reverse("accounts:team"), headers={"Authorization": f"Bearer {SECRET}"})
    assert "Invite someone" not in page.content.decode()
    wrong = browser.get(reverse("jobs:state"), {"team": str(team.pk)}, headers={"Authorization": "Bearer wrong"})
    assert wrong.status_code == 401


def test_without_any_token_uploads_ask_for_one(client: Client) -> None:
    for each in (client, Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True, headers=BASIC)):
        response = create(each)
        assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")


def test_a_session_has_to_prove_that_it_comes_from_our_page(bob: User) -> None:
    for headers in ({}, BASIC, {"Authorization": "Bearer "}):
        client = Client(enforce_csrf_checks=True, headers=headers)
        client.force_login(bob)
        assert create(client).status_code == 403
    assert not Upload.objects.exists()


def test_one_key_by_the_tokens_of_two_teams_is_two_uploads(team: Team, bob: User, token: AccessToken) -> None:
    elsewhere = make_team("Elsewhere")
    Membership.objects.create(team=elsewhere, user=bob, role=Role.EDITOR)
    make_token(bob, elsewhere, "rct_other")
    for secret in (SECRET, SECRET, "rct_other", "rct_other"):
        client = program(secret, HTTP_IDEMPOTENCY_KEY="same")
        assert create(client).status_code == 201
    assert {video.team for video in Video.objects.all()} == {team, elsewhere}
    assert Video.objects.count() == 2


def test_guessing_is_stopped_per_network_but_no_token_that_exists(
    monkeypatch: pytest.MonkeyPatch, team: Team, token: AccessToken
) -> None:
    monkeypatch.setattr(throttle_services, "PER_NETWORK", 5)
    video = make_video(team=team)
    guesses = [state(program(f"rct_{number}"), video).status_code for number in range(7)]
    assert guesses == [401] * 5 + [429] * 2
    assert state(program(), video).status_code == 200, "its neighbours guess, not this program"
    AccessToken.objects.update(expires_at=timezone.now())
    assert [state(program(), video).status_code for _ in range(7)] == [401] * 7
    SignInCounter.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert state(program("rct_1"), video).status_code == 401


def test_a_use_is_noted_once_a_minute_and_costs_no_write_in_between(team: Team, token: AccessToken) -> None:
    client, video = program(REMOTE_ADDR="198.51.100.7"), make_video(team=team)
    state(client, video)
    token.refresh_from_db()
    assert token.last_used_at is not None and token.last_used_from == "198.51.100.7"
    with CaptureQueriesContext(connection) as asked:
        state(client, video)
    statements = [query["sql"].split()[0] for query in asked]
    assert set(statements) == {"SELECT"} and len(statements) <= 5, statements
    long_ago = timezone.now() - timedelta(seconds=61)
    AccessToken.objects.update(last_used_at=long_ago)
    state(client, video)
    token.refresh_from_db()
    assert token.last_used_at is not None and token.last_used_at > long_ago


def test_large_bodies_are_taken_from_tokens_that_work(team: Team, token: AccessToken) -> None:
    def known(path: str, secret: str) -> bool:
        headers = [(b"authorization", f"bearer {secret}".encode())]
        return is_bearer_known({"path": path, "headers": headers, "client": ("127.0.0.1", 1)})

    upload = f"/videos/uploads/{uuid4()}"
    assert known(upload, SECRET)
    assert not known("/people/photo/", SECRET)
    assert not known(upload, "rct_guess") and SignInCounter.objects.get().count == 1
    AccessToken.objects.update(scope=TokenScope.READ)
    assert not known(upload, SECRET)
