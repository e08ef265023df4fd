"""Naming, merging, undoing, suggesting."""

from typing import Any

import pytest
from django.urls import reverse

from tests.conftest import signed_in
from tests.factories_videos import begin_analysis, found_track, make_analysed_video, people_of, run_analysis
from tests.webapp.responses import Response
from webapp.accounts.models import Team, User
from webapp.people.acts.services import merge_people, name_person
from webapp.people.models import Event, Person
from webapp.videos import cleanup as videos_cleanup
from webapp.videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)
RIGHT = (300, 10, 360, 70)


@pytest.fixture
def video(team: Team) -> Video:
    """Two people who are on screen together."""
    return make_analysed_video(found_track(1), found_track(2, box=RIGHT), team=team)


def post_name(user: User, person: Person, **fields: Any) -> Response:
    address = reverse("people:name", args=[person.pk])
    return signed_in(user).post(address, fields, headers={"Accept": "application/json"})


def test_a_name_is_set_and_undo_takes_it_back(video: Video, bob: User) -> None:
    person = people_of(video)[0]
    answer = post_name(bob, person, name="  Anna Lindqvist ").json()
    person.refresh_from_db()
    assert person.name == "Anna Lindqvist" and "Anna Lindqvist" in answer["toast"]
    signed_in(bob).post(answer["undo"]["url"], answer["undo"]["fields"])
    person.refresh_from_db()
    assert (person.name, str(person)) == ("", "Person 1")


def test_undo_gives_the_earlier_name_back_even_if_somebody_else_bears_it_now(video: Video, bob: User) -> None:
    first, second = people_of(video)
    name_person(first, name="Anna")
    answer = post_name(bob, first, name="Anne").json()
    name_person(second, name="Anna")
    signed_in(bob).post(answer["undo"]["url"], answer["undo"]["fields"])
    first.refresh_from_db()
    assert first.name == "Anna"


@pytest.mark.parametrize("name", ["家庭 聚会", "<b>Bob</b>", 'O\'Neil "Bo"', "a" * 120])
def test_any_name_can_be_given(video: Video, bob: User, name: str) -> None:
    person = people_of(video)[0]
    assert post_name(bob, person, name=name).status_code == 200
    page = signed_in(bob).get(reverse("videos:detail", args=[video.pk])).content.decode()
    assert "<b>Bob</b>" not in page
    person.refresh_from_db()
    assert person.name == name


def test_a_name_that_is_too_long_is_refused(video: Video, bob: User) -> None:
    assert post_name(bob, people_of(video)[0], name="a" * 121).status_code == 400


def test_a_taken_name_asks_whether_they_are_the_same(team: Team, video: Video, bob: User) -> None:
    anna = people_of(video)[0]
    name_person(anna, name="Anna")
    other = people_of(make_analysed_video(found_track(1), team=team))[0]
    answer = post_name(bob, other, name="anna")
    assert answer.status_code == 409
    assert (answer.context["other"], bool(answer.context["against"])) == (anna, False)
    assert (answer.context["person_count"], answer.context["other_count"], answer.context["after_count"]) == (1, 1, 2)
    other.refresh_from_db()
    assert other.name == ""


def test_two_who_are_seen_together_are_said_to_be(video: Video, bob: User) -> None:
    first, second = people_of(video)
    name_person(first, name="Anna")
    assert [each.video for each in post_name(bob, second, name="Anna").context["against"].meetings] == [video]


def test_without_javascript_the_question_is_a_page(video: Video, bob: User) -> None:
    first, second = people_of(video)
    name_person(first, name="Anna")
    answer = signed_in(bob).post(reverse("people:name", args=[second.pk]), {"name": "Anna"})
    assert answer.status_code == 409 and b"<html" in answer.content


def test_a_name_of_another_team_is_no_question(video: Video, bob: User, charlie: User) -> None:
    theirs = people_of(make_analysed_video(found_track(1), team=charlie.teams.get()))[0]
    name_person(theirs, name="Anna")
    assert post_name(bob, people_of(video)[0], name="Anna").status_code == 200


def test_the_same_name_for_somebody_else_is_allowed_on_request(video: Video, bob: User) -> None:
    first, second = people_of(video)
    name_person(first, name="Anna")
    assert post_name(bob, second, name="Anna", as_new="1").status_code == 200
    assert Person.objects.filter(name="Anna").count() == 2


def test_merging_moves_the_appearances_and_undo_moves_them_back(team: Team, video: Video, bob: User) -> None:
    anna = people_of(video)[0]
    name_person(anna, name="Anna")
    elsewhere = make_analysed_video(found_track(1), team=team)
    other = people_of(elsewhere)[0]
    answer = post_name(bob, other, name="Anna", merge_into=str(anna.pk)).json()
    assert people_of(elsewhere) == [anna] and "1 → 2" in answer["toast"]
    undone = signed_in(bob).post(answer["undo"]["url"], answer["undo"]["fields"])
    assert undone.status_code == 303
    assert people_of(elsewhere) == [other] and people_of(video)[0] == anna
    assert Event.objects.get(act="merge").undone_at is not None


def test_somebody_who_was_merged_away_is_neither_suggested_nor_asked_about(video: Video, bob: User) -> None:
    first, second = people_of(video)
    name_person(first, name="Anna")
    name_person(second, name="Bertha")
    merge = merge_people(second, target=first, user=bob)
    assert signed_in(bob).get(reverse("people:suggest"), {"q": "ber"}).json() == []
    assert post_name(bob, first, name="Bertha").status_code == 200
    signed_in(bob).post(reverse("people:undo", args=[merge.pk]))
    assert len(signed_in(bob).get(reverse("people:suggest"), {"q": "ber"}).json()) == 2


def test_odd_searches_find_nothing_and_break_nothing(video: Video, bob: User) -> None:
    for typed in ("\0", "%", "_", "x" * 500, "'"):
        assert signed_in(bob).get(reverse("people:suggest"), {"q": typed}).json() == []
        assert signed_in(bob).get(reverse("people:list"), {"q": typed}).status_code == 200


def test_a_merge_is_undone_once(video: Video, bob: User) -> None:
    first, second = people_of(video)
    merge = merge_people(second, target=first, user=bob)
    address = reverse("people:undo", args=[merge.pk])
    headers = {"Accept": "application/json"}
    assert [signed_in(bob).post(address, headers=headers).status_code for _ in range(2)] == [200, 409]


def test_a_naming_says_where_else_the_person_is(team: Team, video: Video, bob: User) -> None:
    person = people_of(video)[0]
    on_video = reverse("videos:detail", args=[video.pk])

    def link(**fields: str) -> Any:
        Person.objects.filter(pk=person.pk).update(videos=5)
        return post_name(bob, person, **fields).json()["link"]

    first = link(name="Anna", next=on_video)
    assert first["words"] == "Also in 4 other videos" and str(person.pk) in first["url"]
    assert link(name="Bea")["words"] == "In 5 videos"
    assert link(name="") is None
    shown = signed_in(bob).post(reverse("people:name", args=[person.pk]), {"name": "Cleo"}, follow=True)
    assert ">In 1 video</a>" in shown.content.decode()


def test_merging_into_somebody_without_a_name_keeps_the_name_and_undo_gives_it_back(team: Team, bob: User) -> None:
    tracks = [found_track(n, start_s=10.0 * n, end_s=10.0 * n + 4) for n in (1, 2, 3)]
    target, anna, other = people_of(make_analysed_video(*tracks, team=team))
    name_person(anna, name="Anna")
    client, address = signed_in(bob), reverse("people:merge", args=[target.pk])
    fields = {"from": [str(anna.pk), str(other.pk)], "sure": "1"}
    answer = client.post(address, fields, headers={"Accept": "application/json"}).json()
    target.refresh_from_db()
    assert str(target) == "Anna" and target.appearances == 3 and "as “Anna”" in answer["toast"]
    client.post(answer["undo"]["url"], answer["undo"]["fields"])
    assert [str(person) for person in Person.objects.order_by("number")] == ["Person 1", "Anna", "Person 3"]


def test_of_several_names_a_merge_keeps_the_chosen_one(team: Team, bob: User) -> None:
    tracks = [found_track(n, start_s=10.0 * n, end_s=10.0 * n + 4) for n in (1, 2, 3)]
    target, anna, bertha = people_of(make_analysed_video(*tracks, team=team))
    name_person(anna, name="Anna")
    name_person(bertha, name="Bertha")
    client, address = signed_in(bob), reverse("people:merge", args=[target.pk])
    fields = {"from": [str(anna.pk), str(bertha.pk)]}
    asked = client.post(address, fields)
    assert asked.status_code == 409 and asked.context["names"] == ["Anna", "Bertha"]
    assert b'name="name"' in asked.content
    assert client.post(address, fields | {"name": "Somebody else"}).status_code in (302, 303, 409)
    target.refresh_from_db()
    assert target.name == ""
    client.post(address, fields | {"name": "Bertha"})
    target.refresh_from_db()
    assert target.name == "Bertha"


def test_nobody_is_merged_with_themselves(video: Video, bob: User) -> None:
    person = people_of(video)[0]
    assert post_name(bob, person, name="x", merge_into=str(person.pk)).status_code == 404


def test_a_merge_outlives_a_new_analysis(team: Team, bob: User) -> None:
    """Two groups that a human said are one named person stay one when the library splits them again."""
    video = make_analysed_video(found_track(1), found_track(2, start_s=20, end_s=24), team=team)
    first, second = people_of(video)
    name_person(first, name="Anna")
    merge_people(second, target=first, user=bob)
    run_analysis(begin_analysis(video), [found_track(1), found_track(2, start_s=20, end_s=24)])
    assert [str(person) for person in people_of(video)] == ["Anna"]


def test_suggestions_come_by_name_and_of_the_own_team_only(team: Team, video: Video, bob: User, charlie: User) -> None:
    first, second = people_of(video)
    name_person(first, name="Anna")
    name_person(second, name="Johanna")
    name_person(people_of(make_analysed_video(found_track(1), team=charlie.teams.get()))[0], name="Annabel")
    found = signed_in(bob).get(reverse("people:suggest"), {"q": "ann"}).json()
    assert [each["label"] for each in found] == ["Anna", "Johanna"]
    assert found[0]["portrait"] == str(first.portrait_id)


def test_the_list_shows_named_people_first_with_their_videos(team: Team, video: Video, bob: User) -> None:
    second = people_of(video)[1]
    name_person(second, name="Zoe")
    page = signed_in(bob).get(reverse("people:list")).context["people"]
    assert [str(person) for person in page] == ["Zoe", "Person 1"]
    assert page[0].videos == 1


def test_people_of_a_purged_video_go_unless_they_have_a_name(team: Team, video: Video) -> None:
    name_person(people_of(video)[0], name="Anna")
    videos_cleanup.purge(video)
    assert list(Person.objects.values_list("name", flat=True)) == ["Anna"]
