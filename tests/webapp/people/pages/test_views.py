"""The pages of people: what they list, and that they cost the same however many people and appearances there are."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_videos import found_face, found_track, make_analysed_video, people_of
from tests.present import present
from webapp.accounts.models import Team, User
from webapp.people.acts import services
from webapp.people.identification import confidence_words
from webapp.people.models import Event, Person, Track
from webapp.people.pages import person_queries

pytestmark = pytest.mark.django_db(transaction=True)


def crowd(team: Team, first: int, count: int) -> list[Person]:
    """So many people who are on screen one after the other, twice each."""
    tracks = [
        found_track(first + n, start_s=start + 2.0 * n, end_s=start + 2.0 * n + 1)
        for n in range(count)
        for start in (1, 30)
    ]
    return people_of(make_analysed_video(*tracks, team=team))


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_more_people_and_appearances_cost_no_more_queries(team: Team, alice: User) -> None:
    client = signed_in(alice)
    person = crowd(team, 1, 2)[0]
    address = reverse("people:person", args=[person.pk])
    pages = [reverse("people:list"), reverse("people:list") + "?mode=hide", address]
    services.tell_apart(person, people_of(present(person.tracks.first()).analysis.video)[1], user=alice)
    for page in pages:
        client.get(page)  # the first visit is noted in the session and in the audit log
    before = [queries(client, page) for page in pages]
    for other in crowd(team, 20, 12)[:6]:
        services.merge_people(other, target=person, user=alice)
    assert [queries(client, page) for page in pages] == before


def test_people_are_sorted_by_name_time_or_the_day_they_were_last_seen(team: Team, bob: User) -> None:
    people = crowd(team, 1, 3)
    for n, (person, name) in enumerate(zip(people, ("", "émile", "Zoe"), strict=True)):
        services.name_person(person, name=name, user=bob)
        seen = datetime(2026, 1, 1 + (5 * n) % 7, tzinfo=UTC)
        Person.objects.filter(pk=person.pk).update(screen_s=10 - n, last_seen_at=seen)
    first, second, third = people
    orders = {
        "": [second, third, first],
        "name": [second, third, first],
        "time": people,
        "nonsense": [second, third, first],
    }
    orders["seen"] = [second, third, first]
    for sort, wanted in orders.items():
        page = signed_in(bob).get(reverse("people:list"), {"sort": sort})
        assert list(page.context["people"]) == wanted, sort


def test_hidden_people_are_listed_only_where_they_can_be_shown_again(team: Team, bob: User) -> None:
    first, second = crowd(team, 1, 2)
    services.show_and_hide(team=team, show=[], hide=[first.pk], user=bob)
    client = signed_in(bob)
    assert list(client.get(reverse("people:list")).context["people"]) == [second]
    assert set(client.get(reverse("people:list"), {"mode": "hide"}).context["people"]) == {first, second}


def test_somebody_who_was_merged_leads_to_whom_they_are_now(team: Team, bob: User, vera: User) -> None:
    first, second, third = crowd(team, 1, 3)
    services.merge_people(first, target=second, user=bob)
    services.merge_people(second, target=third, user=bob)
    page = signed_in(vera).get(reverse("people:person", args=[first.pk]), follow=True)
    assert page.context["person"] == third
    shown = page.context["videos"].object_list[0]
    assert (shown.tracks, shown.count) == (6, 2), "one after the other at once, they are one appearance"


def test_what_a_track_shows_after_a_gap_is_listed_and_chosen_with_it(team: Team, bob: User) -> None:
    whole = found_track(1, start_s=1, end_s=9)
    is_seen = (whole.times_s < 3) | (whole.times_s > 6)
    seen = {name: getattr(whole, name)[is_seen] for name in ("times_s", "boxes_xyxy", "scores")}
    faces = (whole.faces[0], found_face(1, time_s=8.0, quality=0.3))
    person = people_of(make_analysed_video(replace(whole, faces=faces, **seen), team=team))[0]
    address = reverse("people:person", args=[person.pk])
    page = signed_in(bob).get(address)
    shown = page.context["videos"].object_list[0]
    first, second = shown.appearances
    assert (person.appearances, shown.count, shown.tracks, shown.more) == (2, 2, 1, 0)
    assert second.start_s > 6 and second.face != first.face and second.follows_s == first.start_s
    words = page.content.decode()
    assert words.count(f'name="track" value="{first.track}"') == 2 and words.count(f'id="track-{first.track}"') == 1
    tracks = {"track": [first.track, first.track]}
    assert signed_in(bob).post(reverse("people:move", args=[person.pk]), tracks | {"name": "Zoe"}).status_code == 303
    assert Person.objects.get(name="Zoe").appearances == 2


def test_a_deleted_person_is_nowhere_but_can_be_brought_back(team: Team, bob: User) -> None:
    first, second = crowd(team, 1, 2)
    video = Track.objects.filter(person=first)[0].analysis.video
    signed_in(bob).post(reverse("people:delete", args=[first.pk]))
    client = signed_in(bob)
    assert list(client.get(reverse("people:list")).context["people"]) == [second]
    assert [row.id for row in client.get(reverse("videos:detail", args=[video.pk])).context["view"].rows] == [second.pk]
    boxes = client.get(reverse("videos:boxes", args=[video.pk]), {"from": "0", "to": "60"}).json()
    assert {track["person"] for track in boxes["tracks"]} == {str(second.pk)}
    client.post(reverse("people:undo", args=[Event.objects.get().pk]))
    assert len(client.get(reverse("people:list")).context["people"].object_list) == 2


def test_a_person_with_one_appearance_cannot_be_split(team: Team, bob: User) -> None:
    person = people_of(make_analysed_video(found_track(1), team=team, embedder="mobilefacenet_192"))[0]
    assert person_queries.proposed_split(person) == []
    page = signed_in(bob).get(reverse("people:split_page", args=[person.pk]))
    assert page.context["groups"] == []


def test_two_who_were_merged_by_mistake_are_proposed_as_two_groups(team: Team, bob: User) -> None:
    tracks = [found_track(who, start_s=10 * who, end_s=10 * who + 5 - who) for who in (1, 2)]
    video = make_analysed_video(*tracks, team=team, embedder="mobilefacenet_192")
    first, second = people_of(video)
    services.merge_people(second, target=first, user=bob)
    larger, smaller = person_queries.proposed_split(first)
    assert (len(larger.tracks), len(smaller.tracks)) == (1, 1)
    fields = {"group": ",".join(map(str, smaller.tracks))}
    assert signed_in(bob).post(reverse("people:split", args=[first.pk]), fields).status_code == 303
    assert len(people_of(video)) == 2


def test_splitting_off_everything_or_nothing_is_refused(team: Team, bob: User) -> None:
    person = crowd(team, 1, 1)[0]
    everything = ",".join(str(pk) for pk in person.tracks.values_list("pk", flat=True))
    for group in (everything, "", "x,y"):
        answer = signed_in(bob).post(
            reverse("people:split", args=[person.pk]), {"group": group}, headers={"Accept": "application/json"}
        )
        assert answer.status_code == 409


def test_why_a_name_shows_the_picture_and_similar_ones(team: Team, vera: User) -> None:
    tracks = [found_track(who, start_s=10 * who, end_s=10 * who + 5 - who) for who in (1, 2)]
    first, _second = people_of(make_analysed_video(*tracks, team=team, embedder="mobilefacenet_192"))
    page = signed_in(vera).get(reverse("people:why", args=[first.tracks.get().pk]))
    reason = page.context["reason"]
    assert reason.near and "The picture is clear: sharp and seen from the front." in reason.sentences
    assert str(reason.near[0].pk) in page.content.decode()


def test_why_names_the_human_who_said_so(team: Team, bob: User, vera: User) -> None:
    person = crowd(team, 1, 1)[0]
    track = present(person.tracks.order_by("pk").first())
    services.move_appearances(person, track_ids=[track.pk], target=None, name="Zoe", user=bob)
    reason = signed_in(vera).get(reverse("people:why", args=[track.pk])).context["reason"]
    assert reason.sentences[0].startswith("Bob ")


def test_what_a_threshold_means_is_said_in_words() -> None:
    words = confidence_words.error_rates_in_words(0.6)
    assert "1 stranger in 74,000" in words and "94 of 100" in words
    assert "no stranger" in confidence_words.error_rates_in_words(0.8)


def test_a_search_counts_and_lists_whose_name_contains_it(team: Team, bob: User, vera: User) -> None:
    tracks = [found_track(who, start_s=10 * who, end_s=10 * who + 5) for who in (1, 2, 3, 4)]
    names = ["Anna Lind", "Johanna", "Berta", ""]
    people = people_of(make_analysed_video(*tracks, team=team))
    for person, name in zip(people, names, strict=True):
        services.name_person(person, name=name, user=bob)
    services.show_and_hide(team=team, show=[], hide=[people[1].pk], user=bob)
    page = signed_in(vera).get(reverse("people:list"), {"q": "anna"}).context
    assert [str(person) for person in page["people"]] == ["Anna Lind"] and page["people"].paginator.count == 1
    assert (page["counts"].named, page["counts"].unnamed, page["counts"].hidden) == (2, 1, 1)
    hiding = signed_in(bob).get(reverse("people:list"), {"q": "anna", "mode": "hide"}).context["people"]
    assert {str(person) for person in hiding} == {"Anna Lind", "Johanna"} and hiding.paginator.count == 2
