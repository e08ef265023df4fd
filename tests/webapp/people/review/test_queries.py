"""What the review asks, and in which order: possible pairs of clear faces, the most telling one first."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories_videos import found_track, make_analysed_video, people_of
from tests.webapp.people.review.alike import ask
from webapp.accounts.models import Team, User
from webapp.people import gallery_services
from webapp.people.acts import services
from webapp.people.identification.models import TeamThresholds
from webapp.people.models import Face, Person, Track, Verdict
from webapp.people.review import queries as review_queries
from webapp.people.review import queue_queries

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(team: Team) -> list[Person]:
    """Four people who are on screen one after the other, the first for the longest."""
    tracks = [found_track(who, start_s=10 * who, end_s=10 * who + 9 - who) for who in (1, 2, 3, 4)]
    return people_of(make_analysed_video(*tracks, team=team))


def whole(question: review_queries.ReviewQuestion) -> set[Person]:
    return {question.keeps, question.other, *(member.person for member in question.also)}


def test_the_most_telling_pair_comes_first_and_the_named_one_stays(team: Team, people: list[Person], bob: User) -> None:
    first, second, third, fourth = people
    services.name_person(fourth, name="Anna", user=bob)
    ask(team, first, second, 0.43)
    sure = ask(team, third, fourth, 0.58)
    question, left = review_queries.next_question(team)
    assert question is not None and (question.suggestion, left) == (sure.pk, 2)
    assert (question.other, question.keeps) == (third, fourth)


def test_questions_follow_merges_and_settled_pairs_are_not_asked_again(
    team: Team, people: list[Person], bob: User
) -> None:
    first, second, third, _ = people
    ask(team, second, first)
    ask(team, third, second)
    ask(team, third, first)
    services.merge_people(second, target=first, user=bob)
    assert review_queries.next_question(team)[1] == 1, "third and first are asked about once, though two rows say so"
    services.tell_apart(third, first, user=bob)
    assert review_queries.next_question(team)[1] == 0


def test_a_whole_group_holds_those_who_are_like_somebody_in_it(team: Team, people: list[Person]) -> None:
    """Nobody compared second and third directly with fourth, but the first is like all of them."""
    first, second, third, fourth = people
    ask(team, second, first, 0.59)
    ask(team, third, second, 0.59)
    ask(team, fourth, third, 0.43)
    question, left = review_queries.next_question(team)
    assert question is not None and left == 3
    assert {question.keeps, question.other, *(member.person for member in question.also)} == {first, second, third}, (
        "the fourth is too unlike"
    )


def test_a_whole_group_has_nobody_who_was_told_apart_from_one_of_them(
    team: Team, people: list[Person], bob: User
) -> None:
    first, second, third, _ = people
    ask(team, second, first, 0.59)
    ask(team, third, second, 0.58)
    services.tell_apart(third, first, user=bob)
    question, _ = review_queries.next_question(team)
    assert question is not None and not question.also


def test_two_who_have_names_are_asked_about_by_themselves(team: Team, people: list[Person], bob: User) -> None:
    first, second, third, fourth = people
    services.name_person(first, name="Anna", user=bob)
    services.name_person(second, name="Bea", user=bob)
    ask(team, second, first, 0.59)
    ask(team, third, second, 0.59)
    ask(team, fourth, second, 0.59)
    question, _ = review_queries.next_question(team)
    assert question is not None
    assert whole(question) == {second, third, fourth}
    for each in (third, fourth):
        services.tell_apart(each, second, user=bob)
    question, left = review_queries.next_question(team)
    assert question is not None and left == 1
    assert {question.keeps, question.other} == {first, second} and not question.also


def test_people_who_are_seen_together_are_not_offered_as_one_group(team: Team) -> None:
    box = (300, 10, 360, 70)
    one = people_of(make_analysed_video(found_track(1), found_track(2, box=box), team=team))
    other = people_of(make_analysed_video(found_track(3), team=team))
    for each in one:
        ask(team, other[0], each, 0.59)
    question, left = review_queries.next_question(team)
    assert question is not None and left == 2
    assert not question.also, "the two of one picture cannot both be the third"


def test_the_queue_takes_a_constant_number_of_queries(team: Team) -> None:
    found = people_of(
        make_analysed_video(*(found_track(n, start_s=3 * n, end_s=3 * n + 2) for n in range(1, 9)), team=team)
    )
    ask(team, found[1], found[0], 0.58)
    with CaptureQueriesContext(connection) as few:
        review_queries.next_question(team)
    for one, other in zip(found[2::2], found[3::2], strict=True):
        ask(team, other, one, 0.58)
    with CaptureQueriesContext(connection) as many:
        review_queries.next_question(team)
    assert len(many) == len(few)


def test_of_many_questions_only_the_most_alike_are_read(
    team: Team, people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that other answers have settled do not hide the rest."""
    first, second, third, fourth = people
    monkeypatch.setattr(queue_queries, "READ_AT_ONCE", 1)
    monkeypatch.setattr(queue_queries, "MOST_COUNTED", 1)
    ask(team, second, first, 0.6)
    ask(team, third, first, 0.5)
    ask(team, fourth, first, 0.45)
    assert (review_queries.badge(team), review_queries.next_question(team)[1]) == ("1+", 3)
    Person.objects.filter(pk__in=[second.pk, third.pk]).update(is_hidden=True)
    assert (review_queries.badge(team), review_queries.next_question(team)[1]) == ("1+", 1)
    Person.objects.filter(pk=fourth.pk).update(is_hidden=True)
    assert (review_queries.badge(team), review_queries.next_question(team)[1]) == ("", 0)


def test_hidden_and_deleted_people_are_not_asked_about(team: Team, people: list[Person], bob: User) -> None:
    first, second, third, _ = people
    ask(team, second, first)
    ask(team, third, first)
    services.show_and_hide(team=team, show=[], hide=[second.pk], user=bob)
    services.delete_person(third, user=bob)
    assert review_queries.next_question(team) == (None, 0)


def test_who_has_no_clear_view_is_not_asked_about(team: Team, people: list[Person]) -> None:
    first, second, *_ = people
    ask(team, second, first, 0.59)
    Face.objects.filter(track__person=second).update(presence=0.2)
    gallery_services.refresh([second.pk])
    assert review_queries.next_question(team) == (None, 0)
    Face.objects.filter(track__person=second).update(presence=0.9)
    gallery_services.refresh([second.pk])
    assert review_queries.next_question(team)[1] == 1


def test_two_in_one_picture_are_never_asked_about_whatever_is_stored(team: Team, people: list[Person]) -> None:
    first, second, third, _ = people
    box = (300, 10, 360, 70)
    beside = people_of(make_analysed_video(found_track(1), found_track(2, box=box), team=team))
    ask(team, beside[1], beside[0], 0.9)
    possible = ask(team, third, first, 0.55)
    question, left = review_queries.next_question(team)
    assert question is not None and (question.suggestion, left) == (possible.pk, 1)
    services.merge_people(beside[0], target=second, user=None)
    question, _ = review_queries.next_question(team)
    assert question is not None and question.suggestion == possible.pk
    services.tell_apart(third, first, user=None)
    assert review_queries.next_question(team) == (None, 0), "nor after a merge, by which somebody else was beside them"


def test_many_impossible_pairs_are_found_at_once(team: Team, people: list[Person]) -> None:
    rows = [found_track(10 + n, box=(60 * n, 10, 60 * n + 50, 60)) for n in range(8)]
    beside = people_of(make_analysed_video(*rows, team=team))
    for one, other in zip(beside[::2], beside[1::2], strict=True):
        ask(team, other, one, 0.9)
    possible = ask(team, people[1], people[0], 0.55)
    question, left = review_queries.next_question(team)
    assert question is not None and (question.suggestion, left) == (possible.pk, 1)


def test_a_rejected_appearance_settles_the_pair_even_after_merges(team: Team, people: list[Person], bob: User) -> None:
    first, second, third, _ = people
    ask(team, second, first, 0.59)
    track = Track.objects.get(person=second)
    Verdict.objects.create(
        video=track.analysis.video, track=track, person=third, is_same=False, start_s=1.0, samples=track.samples
    )
    assert review_queries.next_question(team)[1] == 1
    services.merge_people(third, target=first, user=bob)
    assert review_queries.next_question(team) == (None, 0)


def test_what_can_be_answered_comes_before_what_cannot(team: Team, people: list[Person]) -> None:
    """The pair of the larger people shows poor views."""
    first, second, third, fourth = people
    ask(team, second, first, 0.56)
    easy = ask(team, fourth, third, 0.56)
    Face.objects.filter(track__person__in=[first, second]).update(quality=0.25)
    gallery_services.refresh([first.pk, second.pk])
    question, left = review_queries.next_question(team)
    assert question is not None and (question.suggestion, left) == (easy.pk, 2)


def test_unlikely_pairs_are_not_worth_a_question(team: Team, people: list[Person]) -> None:
    first, second, third, fourth = people
    ask(team, second, first, 0.3)
    ask(team, fourth, third, 0.45, within=True)
    assert review_queries.badge(team) == "" and review_queries.next_question(team) == (None, 0)


def test_who_set_a_review_threshold_is_asked_by_that(team: Team, people: list[Person], alice: User) -> None:
    first, second, third, fourth = people
    ask(team, second, first, 0.3)
    ask(team, fourth, third, 0.55)
    services.set_thresholds(first, accept_from=1.0, review_from=0.2, user=alice)
    services.set_thresholds(third, accept_from=0.95, review_from=0.9, user=alice)
    question, left = review_queries.next_question(team)
    assert question is not None and left == 1
    assert {question.keeps, question.other} == {first, second}
    Person.objects.update(suggest_from=None)
    TeamThresholds.objects.create(team=team, embedder="", review_from=0.25)
    assert review_queries.next_question(team)[1] == 2
