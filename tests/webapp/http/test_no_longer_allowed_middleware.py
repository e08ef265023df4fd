"""Somebody's role changes while a page is open: its buttons fail in words, and the page is drawn anew."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_videos import make_video
from webapp.accounts.models import Membership, Role, Team, User
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db
WORDS = "your role in the team no longer allows this"


@pytest.fixture
def page(team: Team, bob: User) -> tuple[Client, Video]:
    """An editor's browser, which shows a video with its buttons; then bob becomes a viewer."""
    client, video = signed_in(bob), make_video(team=team)
    html = client.get(reverse("videos:detail", args=[video.pk])).content.decode()
    assert reverse("videos:delete", args=[video.pk]) in html
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)
    return client, video


@pytest.mark.parametrize("sent_by", [{"X-Turbo-Request-Id": "1"}, {"Sec-Fetch-Mode": "navigate"}])
def test_a_form_leads_back_to_its_page_drawn_anew_with_the_reason(
    page: tuple[Client, Video], sent_by: dict[str, str]
) -> None:
    client, video = page
    here = reverse("videos:detail", args=[video.pk]) + "?tab=people"
    came_from = {"Referer": f"http://testserver{here}", **sent_by}
    response = client.post(reverse("videos:delete", args=[video.pk]), headers=came_from)
    assert (response.status_code, response["Location"]) == (303, here)
    html = client.get(here).content.decode()
    assert WORDS in html and reverse("videos:delete", args=[video.pk]) not in html
    video.refresh_from_db()
    assert video.deleted_at is None


def test_a_script_is_told_why(page: tuple[Client, Video]) -> None:
    client, video = page
    address = reverse("videos:rename", args=[video.pk])
    response = client.post(address, {"title": "New"}, headers={"Accept": "application/json"})
    assert response.status_code == 404
    assert WORDS in response.json()["toast"] and response.json()["error"] == response.json()["toast"]


def test_nobody_is_led_to_another_site_and_scripts_to_no_page(page: tuple[Client, Video]) -> None:
    client, video = page
    address = reverse("videos:delete", args=[video.pk])
    here = f"http://testserver{reverse('videos:detail', args=[video.pk])}"
    for headers in (
        {"Referer": "https://elsewhere.example/page", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Mode": "navigate"},
        {"Referer": here},
    ):
        assert client.post(address, headers=headers).status_code == 404, headers
    came_from_form = {"Referer": here, "Sec-Fetch-Mode": "navigate"}
    assert Client().post(address, headers=came_from_form)["Location"].startswith("/sign-in/")
