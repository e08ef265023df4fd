"""The library by who is in a video, and what is done with several videos at once."""

import re
from typing import Any

import pytest
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_videos import found_track, make_analysed_video, make_video, people_of
from tests.present import present
from webapp.accounts.models import Role, Team, User
from webapp.library import people_filter_queries, queries
from webapp.people.acts import services
from webapp.people.models import Person
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)
PLACES = {"Anna": (10, 10, 60, 60), "Bea": (200, 10, 260, 70), "Cem": (400, 10, 460, 70)}


@pytest.fixture
def people(team: Team, alice: User) -> dict[str, Person]:
    """Three people; "both" shows Anna and Bea, the others one each, "nobody" none."""
    cast: dict[str, Person] = {}
    for title, who in {"anna": ["Anna"], "both": ["Anna", "Bea"], "cem": ["Cem"], "nobody": []}.items():
        tracks = [found_track(1 + list(PLACES).index(name), box=PLACES[name]) for name in who]
        video = make_analysed_video(*tracks, team=team, title=title, user=alice)
        for person, name in zip(people_of(video), who, strict=True):
            if name in cast:
                services.merge_people(person, target=cast[name], user=alice)
            else:
                cast[name] = person
    services.name_person(cast["Anna"], name="Anna", user=alice)
    return cast


def titles(user: User, **query: Any) -> set[str]:
    page = signed_in(user).get(reverse("videos:library"), query)
    assert page.status_code == 200
    return {card.video.title for card in page.context["page"].object_list}


def test_all_of_any_of_and_not(people: dict[str, Person], vera: User) -> None:
    anna, bea, cem = (str(people[name].pk) for name in ("Anna", "Bea", "Cem"))
    assert titles(vera, person=[anna]) == {"anna", "both"}
    assert titles(vera, person=[anna, bea]) == {"both"}
    assert titles(vera, person=[anna, cem]) == set()
    assert titles(vera, person=[bea, cem], match="any") == {"both", "cem"}
    assert titles(vera, without=[anna]) == {"cem", "nobody"}
    assert titles(vera, person=[anna], without=[bea]) == {"anna"}


def test_people_without_a_name(people: dict[str, Person], vera: User) -> None:
    assert titles(vera, unnamed="1") == {"both", "cem"}


def test_whoever_was_merged_away_is_found_as_whom_they_became(people: dict[str, Person], vera: User, bob: User) -> None:
    old = str(people["Cem"].pk)
    services.merge_people(people["Cem"], target=people["Anna"], user=bob)
    assert titles(vera, person=[old]) == {"anna", "both", "cem"}


def test_uploader_and_days(people: dict[str, Person], alice: User, vera: User) -> None:
    day = present(Video.objects.first()).created_at.date()
    assert len(titles(vera, uploader=alice.pk)) == 4
    assert titles(vera, uploader=vera.pk) == set()
    assert len(titles(vera, since=str(day), until=str(day))) == 4
    assert titles(vera, until="2001-01-01") == set()


def test_a_search_keeps_the_people_and_the_people_keep_the_search(people: dict[str, Person], vera: User) -> None:
    anna = str(people["Anna"].pk)
    page = signed_in(vera).get(reverse("videos:library"), {"person": anna, "q": "both"}).content.decode()
    assert page.count(f'<input type="hidden" name="person" value="{anna}">') == 1
    assert '<input type="hidden" name="q" value="both">' in page


def ticks(page: str) -> int:
    """How many videos are ticked."""
    return len(re.findall(r'form="bulk"\s+checked\s', page))


def test_choosing_and_filters_keep_one_another(people: dict[str, Person], bob: User) -> None:
    anna = str(people["Anna"].pk)
    client, address = signed_in(bob), reverse("videos:library")
    page = client.get(address, {"person": anna, "select": "1"}).content.decode()
    assert page.count('<input type="hidden" name="select" value="1">') == 2, "in the search and in the filters"
    assert f'href="?person={anna}&amp;select=all"' in page and f'href="?person={anna}"' in page
    assert f'href="?person={anna}&amp;select=1"' in client.get(address, {"person": anna}).content.decode()
    chosen = client.get(address, {"person": anna, "select": "all"})
    assert chosen.context["page"].paginator.count == ticks(chosen.content.decode()) == 2


def test_nonsense_in_the_address_is_ignored(people: dict[str, Person], vera: User, charlie: User) -> None:
    assert len(titles(vera, person="x", without="y", uploader="z", since="then", match="q")) == 4
    assert titles(charlie, person=[str(people["Anna"].pk)]) == set()


@pytest.mark.parametrize("uploader", [10**20, 2**63, "9" * 5000, "-1"])
def test_an_uploader_that_no_column_holds_is_ignored(people: dict[str, Person], vera: User, uploader: object) -> None:
    assert len(titles(vera, uploader=uploader)) == 4


def test_filters_cost_the_same_with_more_people(
    people: dict[str, Person], vera: User, django_assert_max_num_queries: Any
) -> None:
    keys = [str(person.pk) for person in people.values()]
    client = signed_in(vera)
    with django_assert_max_num_queries(30):
        client.get(reverse("videos:library"), {"person": keys[:1]})
    with django_assert_max_num_queries(30):
        client.get(reverse("videos:library"), {"person": keys, "match": "any"})


def test_a_filtered_library_says_how_many_of_all_it_shows(people: dict[str, Person], vera: User) -> None:
    client, address = signed_in(vera), reverse("videos:library")
    assert "2 of 4 videos" in client.get(address, {"person": str(people["Anna"].pk)}).content.decode()
    assert "of 4 videos" not in client.get(address, {"sort": "title"}).content.decode()


def test_everybody_can_be_found_to_filter_by(
    people: dict[str, Person], vera: User, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_filter_queries, "OFFERED", 2)
    client, address = signed_in(vera), reverse("videos:filter_people")

    def offered(**query: Any) -> list[Person]:
        found: list[Person] = client.get(address, query).context["choices"].people
        return found

    assert [len(offered()), len(offered(number=2)), len(offered(number=3))] == [2, 1, 0]
    assert [*offered(), *offered(number=2)][0] == people["Anna"], "who has a name comes first"
    assert offered(who="ann") == [people["Anna"]]
    assert people["Anna"] not in offered(person=str(people["Anna"].pk)), "who is ticked is in the form already"
    assert signed_in(charlie).get(address).context["choices"].people == []


def test_all_that_is_found_is_selected_also_on_other_pages(
    team: Team, bob: User, vera: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)
    for number in range(5):
        make_video(team=team, title=f"match {number}")
    other = make_video(team=team, title="other")
    client, address = signed_in(bob), reverse("videos:library")
    page = client.get(address, {"select": "all", "q": "match", "sort": "title"})
    assert ticks(page.content.decode()) == 2
    chosen = [str(key) for key in page.context["selection"].elsewhere]
    shown = [str(card.video.pk) for card in page.context["page"]]
    assert len(chosen) == 3 and not {*chosen, *shown} & {str(other.pk)}
    fields = {"action": "delete", "video": [*shown, *chosen]}
    assert (
        "5 videos"
        in client.post(reverse("videos:bulk"), fields, headers={"Accept": "application/json"}).json()["toast"]
    )
    assert titles(bob) == {"other"}
    for_viewers = signed_in(vera).get(address, {"select": "all"}).content.decode()
    assert f'action="{reverse("exports:choose")}"' in for_viewers and 'name="action"' not in for_viewers
    Team.objects.update(export_role=Role.EDITOR)
    assert 'id="bulk"' not in signed_in(vera).get(address, {"select": "all"}).content.decode()


def test_no_more_are_selected_than_one_request_may_change(
    team: Team, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)
    monkeypatch.setattr(queries, "MOST_AT_ONCE", 3)
    for _ in range(5):
        make_video(team=team)
    client, address = signed_in(bob), reverse("videos:library")
    assert "Select the first 3" in client.get(address, {"select": "1"}).content.decode()
    assert len(client.get(address, {"select": "all"}).context["selection"].elsewhere) == 1


def test_several_are_deleted_and_brought_back(people: dict[str, Person], bob: User) -> None:
    chosen = list(Video.objects.filter(title__in=["anna", "cem"]))
    fields = {"action": "delete", "video": [str(video.pk) for video in chosen]}
    client = signed_in(bob)
    response = client.post(reverse("videos:bulk"), fields, headers={"Accept": "application/json"}).json()
    assert "2 videos" in response["toast"]
    assert titles(bob) == {"both", "nobody"}
    client.post(response["undo"]["url"], response["undo"]["fields"])
    assert len(titles(bob)) == 4
    people["Anna"].refresh_from_db()
    assert people["Anna"].videos == 2


def test_several_are_analysed_again_and_those_at_work_are_said(people: dict[str, Person], bob: User) -> None:
    client = signed_in(bob)
    fields = {"action": "analyse", "video": [str(pk) for pk in Video.objects.values_list("pk", flat=True)]}
    first = client.post(reverse("videos:bulk"), fields, headers={"Accept": "application/json"})
    assert first.status_code == 200 and "4 videos" in first.json()["toast"]
    second = client.post(reverse("videos:bulk"), fields, headers={"Accept": "application/json"})
    assert second.status_code == 409
