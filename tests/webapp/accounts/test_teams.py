"""Several teams for one person: the choice in the rail, what lists show then, new teams, settings."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories import make_team, make_user
from tests.factories_datasets import make_dataset
from tests.factories_training import make_run
from tests.factories_videos import make_video
from tests.webapp.page_checks import faults_of
from webapp.accounts.models import Membership, Role, Team, User
from webapp.people.models import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def archive(alice: User) -> Team:
    """A further team, in which alice only views."""
    archive = make_team("Archive")
    Membership.objects.create(team=archive, user=alice, role=Role.VIEWER)
    return archive


def page(client: Client, name: str) -> str:
    response = client.get(reverse(name))
    html = response.content.decode()
    assert response.status_code == 200
    assert faults_of(html) == []
    return html


def switch(client: Client, team: Team, back_to: str = "") -> tuple[int, str]:
    response = client.post(reverse("accounts:switch_team"), {"team": str(team.pk), "next": back_to})
    return response.status_code, response.headers.get("Location", "")


def test_every_list_shows_the_chosen_team_only(team: Team, alice: User, archive: Team) -> None:
    for of, word in ((team, "Ours"), (archive, "Theirs")):
        make_video(team=of, title=f"{word} video")
        Person.objects.create(team=of, name=f"{word} person", number=1, hue=0, appearances=1, screen_s=1)
        make_run(team=of, dataset=make_dataset(of, name=f"{word} dataset"))
    client = signed_in(alice)
    for chosen, shown, hidden in ((team, "Ours", "Theirs"), (archive, "Theirs", "Ours"), (team, "Ours", "Theirs")):
        switch(client, chosen)
        for name in ("videos:library", "people:list", "datasets:list", "training:list"):
            html = page(client, name)
            assert f"{shown} " in html and f"{hidden} " not in html, name
            assert f">{chosen.name}<" in "".join(html.split("\n")).replace("  ", ""), name


def test_the_next_sign_in_begins_in_the_team_used_last(team: Team, alice: User, archive: Team) -> None:
    make_video(team=archive, title="Theirs")
    switch(signed_in(alice), archive)
    alice.refresh_from_db()
    assert "Theirs" in page(signed_in(alice), "videos:library")
    Membership.objects.filter(team=archive, user=alice).delete()
    assert "Theirs" not in page(signed_in(alice), "videos:library"), "a team that somebody left is not shown"


def test_the_switcher_is_there_for_several_teams_and_the_name_for_one(alice: User, bob: User, archive: Team) -> None:
    several, one = page(signed_in(alice), "people:list"), page(signed_in(bob), "people:list")
    assert several.count('name="team" value=') == 2 and 'name="team" value=' not in one
    assert "Newsroom" in one


@pytest.mark.parametrize("back_to", ["people:list", "datasets:list", "training:list", "accounts:team"])
def test_whoever_switches_stays_on_the_list(alice: User, archive: Team, back_to: str) -> None:
    client = signed_in(alice)
    assert switch(client, archive, reverse(back_to)) == (303, reverse(back_to))
    assert page(client, back_to)


def test_a_thing_of_one_team_is_left_for_the_videos_of_the_other(alice: User, archive: Team) -> None:
    of_first = reverse("datasets:create")
    for back_to in (of_first, "https://evil.example/", "/nowhere/", "//[", ""):
        assert switch(signed_in(alice), archive, back_to) == (303, reverse("videos:library"))


def test_nobody_chooses_a_team_that_they_are_not_in(alice: User, charlie: User) -> None:
    elsewhere = charlie.teams.get()
    client = signed_in(alice)
    assert switch(client, elsewhere)[0] == 404
    assert client.post(reverse("accounts:switch_team"), {"team": "nonsense"}).status_code == 404
    assert "Elsewhere" not in page(client, "videos:library")


def test_uploads_go_to_the_team_of_the_page_and_never_to_another(alice: User, archive: Team) -> None:
    client = signed_in(alice)
    switch(client, archive)
    assert 'type="file"' not in page(client, "videos:upload"), "alice only views the archive"
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000", "Upload-Metadata": "filename YS5tcDQ="}
    assert client.post(reverse("videos:tus_create"), headers=headers).status_code == 404


def test_a_further_team_belongs_to_whoever_made_it(vera: User) -> None:
    client = signed_in(vera)
    assert client.post(reverse("accounts:new_team"), {"name": "  "}).status_code == 422
    assert client.post(reverse("accounts:new_team"), {"name": "Choir"}).status_code == 303
    assert Membership.objects.get(team__name="Choir").role == Role.OWNER
    assert "Choir" in page(client, "accounts:team")


def test_admins_change_the_settings_of_the_team(team: Team, alice: User, bob: User) -> None:
    wish = {"team": str(team.pk), "name": "Studio", "photo_search_role": Role.VIEWER, "export_role": Role.EDITOR}
    wish["share_role"] = Role.OWNER
    admin = make_user(team=team, role=Role.ADMIN)
    assert signed_in(bob).post(reverse("accounts:team_settings"), wish).status_code == 404
    assert signed_in(admin).post(reverse("accounts:team_settings"), wish).status_code == 303
    team.refresh_from_db()
    assert (team.name, team.photo_search_role, team.export_role) == ("Studio", Role.VIEWER, Role.EDITOR)
    assert team.share_role == Role.OWNER
    for wrong in ({"name": ""}, {"photo_search_role": "nobody"}, {"export_role": ""}, {"share_role": "nobody"}):
        assert signed_in(alice).post(reverse("accounts:team_settings"), wish | wrong).status_code == 422


def test_find_by_photo_is_offered_and_open_to_whom_the_team_lets(team: Team, bob: User, vera: User) -> None:
    for least, allowed in ((Role.EDITOR, {bob}), (Role.VIEWER, {bob, vera}), (Role.ADMIN, set())):
        Team.objects.update(photo_search_role=least)
        for user in (bob, vera):
            client = signed_in(user)
            assert (reverse("people:photo") in page(client, "people:list")) == (user in allowed)
            assert client.get(reverse("people:photo")).status_code == (200 if user in allowed else 404)
            assert client.post(reverse("people:photo")).status_code == (400 if user in allowed else 404)


def test_people_without_a_team_are_told_what_to_do() -> None:
    client = signed_in(make_user())
    assert "not in a team" in page(client, "accounts:team")
    for name in ("videos:library", "people:list", "datasets:list", "training:list", "videos:upload"):
        page(client, name)
