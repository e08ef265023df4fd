"""Pages are stored by no browser; what says for itself how it may be stored keeps its word."""

import pytest
from django.http import HttpResponse
from django.test import AsyncClient
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_videos import make_video
from webapp.accounts.models import Team, User
from webapp.http.caching_middleware import no_store


@pytest.mark.django_db
@pytest.mark.parametrize(
    "pattern", ["videos:library", "people:list", "datasets:list", "training:list", "recognition:list"]
)
def test_pages_of_somebody_who_is_signed_in_are_not_stored(pattern: str, alice: User) -> None:
    assert "no-store" in signed_in(alice).get(reverse(pattern))["Cache-Control"]


@pytest.mark.django_db(transaction=True)
async def test_media_keeps_its_own_rule(team: Team, alice: User) -> None:
    from asgiref.sync import sync_to_async

    video = await sync_to_async(make_video)(team=team, content=b"film")
    client = AsyncClient()
    await client.aforce_login(alice)
    response = await client.get(reverse("videos:play", args=[video.pk]))
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("text/html; charset=utf-8", None, "no-store, private"),
        ("application/json", None, "no-store, private"),
        ("text/html", "max-age=60", "max-age=60"),
        ("text/css", None, None),
    ],
)
def test_only_pages_that_say_nothing_are_marked(kind: str, before: str | None, after: str | None) -> None:
    given = HttpResponse(content_type=kind, headers={"Cache-Control": before} if before else {})
    marked = no_store(lambda request: given)(None)  # type: ignore[arg-type]
    assert marked.get("Cache-Control") == after  # type: ignore[attr-defined]
