"""The review queue, merging with its preview, moving with its conflict, and finding by photo."""

import re
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from analysis.images.read import read_picture
from analysis.samples.video import sample_pictures
from tests.analysis.images.picture_files import made
from tests.conftest import signed_in
from tests.factories_videos import found_track, make_analysed_video, people_of
from tests.webapp.people.review.alike import ask
from tests.webapp.responses import Response
from webapp.accounts.models import Team, User
from webapp.people.acts import events, services
from webapp.people.models import Apart, Event, Person, Track
from webapp.people.review import queries as review_queries

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"Accept": "application/json"}


@pytest.fixture
def people(team: Team) -> list[Person]:
    """Four people who are on screen one after the other, the first for the longest."""
    tracks = [found_track(who, start_s=10 * who, end_s=10 * who + 9 - who) for who in (1, 2, 3, 4)]
    return people_of(make_analysed_video(*tracks, team=team))


def answer(user: User, said: str, keeps: Person, *others: Person, **fields: Any) -> Response:
    fields |= {"answer": said, "keeps": str(keeps.pk), "other": [str(other.pk) for other in others]}
    return signed_in(user).post(reverse("people:answer"), fields, headers=JSON)


def test_yes_merges_no_tells_apart_for_ever_and_both_can_be_undone(team: Team, people: list[Person], bob: User) -> None:
    first, second, third, _ = people
    ask(team, second, first)
    ask(team, third, first, 0.45)
    assert answer(bob, "yes", first, second).status_code == 200
    assert answer(bob, "no", first, third).status_code == 200
    assert review_queries.next_question(team)[1] == 0
    assert Apart.objects.filter(stands=True).count() == 1
    for event in Event.objects.order_by("-made_at"):
        events.undo(event, user=bob)
    assert review_queries.next_question(team)[1] == 2


def test_skipped_pairs_come_at_the_end(team: Team, people: list[Person], bob: User) -> None:
    first, second, third, _ = people
    best, other = ask(team, second, first, 0.59), ask(team, third, first, 0.43)
    assert answer(bob, "skip", first, second, suggestion=best.pk).status_code == 200
    question, left = review_queries.next_question(team)
    assert question is not None and (question.suggestion, left) == (other.pk, 2)


def test_a_whole_group_is_confirmed_at_once_and_undone_at_once(team: Team, people: list[Person], bob: User) -> None:
    first, second, third, fourth = people
    for each in (second, third, fourth):
        ask(team, each, first, 0.56)
    question, _ = review_queries.next_question(team)
    assert question is not None and len(question.also) == 2
    undo = answer(bob, "yes", first, second, third, fourth).json()["undo"]
    assert Person.objects.filter(merged_into=first).count() == 3
    signed_in(bob).post(undo["url"])
    assert not Person.objects.filter(merged_into=first).exists()


def test_the_page_asks_about_the_whole_group_first(team: Team, people: list[Person], bob: User) -> None:
    first, second, third, _ = people
    for other in (second, third):
        ask(team, other, first, 0.58)
    page = signed_in(bob).get(reverse("people:review")).content.decode()
    assert "review-group" in page and 'class="review"' not in page
    assert len(re.findall(r"\schecked\s", page)) == 2
    one = signed_in(bob).get(reverse("people:review"), {"one": "1"}).content.decode()
    assert "review-group" not in one and 'class="review"' in one
    nobody = answer(bob, "yes", first, shown=[str(second.pk), str(third.pk)])
    assert nobody.status_code == 409 and "No one is ticked" in nobody.json()["toast"]
    assert not Event.objects.exists()


def test_who_is_taken_out_of_a_group_is_asked_about_last_and_not_told_apart(
    team: Team, people: list[Person], bob: User
) -> None:
    first, second, third, fourth = people
    ask(team, second, first, 0.59)
    left_out = ask(team, third, first, 0.58)
    ask(team, third, second, 0.55)
    last = ask(team, fourth, third, 0.43)
    answer(bob, "yes", first, second, shown=[str(second.pk), str(third.pk)])
    assert not Apart.objects.exists()
    question, left = review_queries.next_question(team)
    assert question is not None and (question.suggestion, left) == (last.pk, 2)
    services.tell_apart(fourth, third, user=bob)
    question, _ = review_queries.next_question(team)
    assert question is not None and question.suggestion == left_out.pk


def test_nonsense_answers_change_nothing(team: Team, people: list[Person], bob: User, charlie: User) -> None:
    first, second, *_ = people
    assert answer(bob, "maybe", first, second).status_code == 409
    assert answer(bob, "yes", first, first).status_code == 409
    assert answer(charlie, "yes", first, second).status_code == 404
    assert answer(bob, "skip", first, second, suggestion="x" * 30).status_code == 200
    assert not Event.objects.exists()


def test_a_merge_against_which_something_speaks_is_shown_first(team: Team, bob: User) -> None:
    box = (300, 10, 360, 70)
    first, second = people_of(make_analysed_video(found_track(1), found_track(2, box=box), team=team))
    address = reverse("people:merge", args=[first.pk])
    shown = signed_in(bob).post(address, {"from": str(second.pk)})
    assert shown.status_code == 409 and shown.context["rows"][0][1].meetings
    assert signed_in(bob).post(address, {"from": str(second.pk), "sure": "1"}).status_code == 303
    second.refresh_from_db()
    assert second.merged_into == first


def test_moving_an_appearance_beside_the_target_is_shown_first(team: Team, bob: User) -> None:
    box = (300, 10, 360, 70)
    video = make_analysed_video(
        found_track(1), found_track(2, box=box), found_track(2, start_s=20, end_s=24), team=team
    )
    first, second = people_of(video)
    services.name_person(first, name="Anna", user=bob)
    track = Track.objects.get(person=second, start_s__lt=10)
    address, fields = reverse("people:move", args=[second.pk]), {"track": str(track.pk), "name": "Anna"}
    shown = signed_in(bob).post(address, fields)
    assert shown.status_code == 409 and shown.context["meetings"]
    assert signed_in(bob).post(address, fields | {"sure": "1"}).status_code == 303
    track.refresh_from_db()
    assert track.person == first


def photo_of(picture: Any) -> SimpleUploadedFile:
    import cv2

    return SimpleUploadedFile("someone.png", cv2.imencode(".png", picture)[1].tobytes(), "image/png")


def test_a_photo_shows_its_faces_and_nothing_is_kept(team: Team, bob: User, settings: Any) -> None:
    before = sorted(settings.MEDIA_ROOT.rglob("*"))
    page = signed_in(bob).post(
        reverse("people:photo"), {"photo": photo_of(read_picture(next(iter(sample_pictures().values()))))}
    )
    assert page.status_code == 200
    assert len(page.context["searched"]) == 1 and page["Cache-Control"] == "no-store"
    assert sorted(settings.MEDIA_ROOT.rglob("*")) == before


@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_a_photo_of_a_telephone_shows_its_faces(kind: str, team: Team, bob: User) -> None:
    lying = np.rot90(read_picture(next(iter(sample_pictures().values()))))
    sent = SimpleUploadedFile("IMG_0001.HEIC", made(kind, lying, orientation=6), "")
    page = signed_in(bob).post(reverse("people:photo"), {"photo": sent})
    assert (page.status_code, len(page.context["searched"])) == (200, 1)
    offered = signed_in(bob).get(reverse("people:photo")).content.decode()
    assert all(ending in offered for ending in ("image/*", ".heic", ".avif"))


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0" + b"\0" * 100])
def test_what_is_no_picture_is_refused_in_words(team: Team, bob: User, content: bytes) -> None:
    sent = BytesIO(content)
    sent.name = "a.jpg"
    page = signed_in(bob).post(reverse("people:photo"), {"photo": sent})
    assert page.status_code == 400
    assert b'role="alert"' in page.content


def test_only_who_is_nearly_surely_the_same_is_ticked_in_advance(team: Team, people: list[Person], bob: User) -> None:
    first, second, third, _ = people
    ask(team, second, first, 0.59)
    ask(team, third, first, 0.5)
    question, _ = review_queries.next_question(team)
    assert question is not None and [member.is_sure for member in question.also] == [False]
    page = signed_in(bob).get(reverse("people:review")).content.decode()
    assert len(re.findall(r"\schecked\s", page)) == 1 and "Which of these are" in page


def test_a_group_is_skipped_as_a_whole(team: Team, people: list[Person], bob: User) -> None:
    first, second, third, fourth = people
    for other in (second, third):
        ask(team, other, first, 0.58)
    last = ask(team, fourth, third, 0.5)
    assert answer(bob, "skip", first, second, shown=[str(second.pk), str(third.pk)]).status_code == 200
    question, _ = review_queries.next_question(team)
    assert question is not None and question.suggestion == last.pk


def test_nobody_of_interest_hides_who_was_asked_about_and_is_undone(
    team: Team, people: list[Person], bob: User
) -> None:
    first, second, *_ = people
    ask(team, second, first, 0.58)
    undo = answer(bob, "hide", first, second).json()["undo"]
    assert list(Person.objects.filter(is_hidden=True)) == [second]
    assert review_queries.next_question(team) == (None, 0)
    signed_in(bob).post(undo["url"])
    assert not Person.objects.filter(is_hidden=True).exists()
    assert review_queries.next_question(team)[1] == 1


def test_a_merge_of_two_in_one_picture_is_asked_a_second_time(team: Team, bob: User) -> None:
    box = (300, 10, 360, 70)
    first, second = people_of(make_analysed_video(found_track(1), found_track(2, box=box), team=team))
    asked = answer(bob, "yes", first, second)
    assert asked.status_code == 409 and not Event.objects.exists()
    page = asked.content.decode()
    loud = page[page.index("btn-primary") :]
    assert "Different people" in loud[:200] and "Merge anyway" not in loud
    assert answer(bob, "yes", first, second, sure="1").status_code == 200
    second.refresh_from_db()
    assert second.merged_into == first


def test_a_group_of_which_two_are_in_one_picture_is_asked_a_second_time(
    team: Team, people: list[Person], bob: User
) -> None:
    box = (300, 10, 360, 70)
    pair = people_of(make_analysed_video(found_track(8), found_track(9, box=box), team=team))
    asked = answer(bob, "yes", people[0], *pair, shown=[str(each.pk) for each in pair])
    assert asked.status_code == 409 and len(asked.context["conflicts"]) == 1
    assert not Event.objects.exists()
