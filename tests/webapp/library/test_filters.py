"""The library by who is in a video, and what is done with several videos at once."""

from typing import Any

import pytest
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_videos import found_track, make_analysed_video, people_of
from tests.present import present
from webapp.accounts.models import Team, User
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
