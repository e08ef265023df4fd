"""Far more requests than a person would send are answered 429 in words; pages, pictures and uploads never meet it."""

from typing import Any

import pytest
import redis
from django.test import Client
from django.urls import get_resolver, reverse

from tests.conftest import signed_in
from webapp.accounts import request_budget_services
from webapp.accounts.models import Team, User

pytestmark = pytest.mark.django_db
CHEAP = ("play", "poster", "sprites", "thumbnail", "sample", "face_picture", "tus_file", "import_file", "import_batch")


@pytest.fixture(autouse=True)
def own_budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_budget_services, "_own", request_budget_services._OwnBudgets())


@pytest.fixture
def three_a_minute(settings: Any) -> None:
    settings.REQUESTS_PER_MINUTE = 3


def statuses(client: Client, count: int, **asked: Any) -> list[int]:
    return [client.get(reverse("accounts:team"), **asked).status_code for _ in range(count)]


@pytest.mark.usefixtures("three_a_minute")
class TestTooMany:
    """Three a minute, for the tests."""

    def test_the_page_says_so_and_when_to_come_back(self, team: Team, bob: User, vera: User) -> None:
        client = signed_in(bob)
        assert statuses(client, 3) == [200] * 3
        page = client.get(reverse("accounts:team"))
        assert page.status_code == 429
        assert 1 <= int(page["Retry-After"]) <= 20, "a token comes every 20 s"
        assert "Nothing was changed. Try again in " in page.content.decode()
        assert statuses(signed_in(vera), 1) == [200], "others go on"

    def test_scripts_and_uploads_are_told_in_their_own_way(self, team: Team, bob: User) -> None:
        client = signed_in(bob)
        statuses(client, 3)
        told = client.get(reverse("accounts:team"), headers={"Accept": "application/json"})
        assert (told.status_code, told.json()["error"][:18]) == (429, "Too many requests ")
        upload = client.post(reverse("videos:tus_create"), headers={"Tus-Resumable": "1.0.0", "Upload-Length": "5"})
        assert (upload.status_code, upload["Content-Type"][:10]) == (429, "text/plain")

    def test_strangers_are_counted_by_network(self, db: None) -> None:
        address = reverse("accounts:login")
        answers = [Client().get(address, REMOTE_ADDR="192.0.2.7").status_code for _ in range(4)]
        assert answers == [200, 200, 200, 429]
        assert Client().get(address, REMOTE_ADDR="192.0.2.8").status_code == 200

    def test_without_valkey_each_server_counts_by_itself(
        self, team: Team, bob: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away() -> None:
            raise redis.ConnectionError("away")

        monkeypatch.setattr(request_budget_services, "_script", away)
        assert statuses(signed_in(bob), 4) == [200, 200, 200, 429]

    def test_pictures_count_little(self, team: Team, bob: User) -> None:
        client = signed_in(bob)
        poster = reverse("videos:poster", args=[team.pk])
        assert {client.get(poster).status_code for _ in range(100)} == {404}
        assert statuses(client, 2) == [200, 429]


def test_what_a_page_asks_for_by_the_hundred_counts_little() -> None:
    names = {pattern for pattern, *_rest in _cheap_routes()}
    assert names >= set(CHEAP)


def _cheap_routes() -> list[tuple[str, Any]]:
    found = []
    for each in get_resolver().url_patterns:
        for pattern in getattr(each, "url_patterns", [each]):
            if getattr(pattern.callback, "request_cost", 1.0) < 0.1:
                found.append((pattern.name, pattern))
    return found


def test_a_budget_fills_up_again(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REQUESTS_PER_MINUTE = 60
    own = request_budget_services._own
    now = [1000.0]
    monkeypatch.setattr("webapp.accounts.request_budget_services.time.monotonic", lambda: now[0])
    assert [own.spend("x", 1, 60) for _ in range(60)] == [0.0] * 60
    assert own.spend("x", 1, 60) == 1.0
    now[0] += 2
    assert [own.spend("x", 1, 60) for _ in range(3)] == [0.0, 0.0, 1.0]


def test_it_can_be_switched_off(settings: Any, team: Team, bob: User) -> None:
    settings.REQUESTS_PER_MINUTE = 0
    assert statuses(signed_in(bob), 5) == [200] * 5
