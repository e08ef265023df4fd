"""Limits from a team's own people: what is compared, what is proposed, and what has to be checked first."""

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from analysis.faces.search import IdentificationThresholds
from analysis.types import FoundTrack
from tests.conftest import signed_in
from tests.factories_videos import found_track, make_analysed_video, people_of
from tests.present import present
from webapp.accounts.models import Team, User
from webapp.people.acts import events, services
from webapp.people.identification import own_limits_queries, threshold_queries
from webapp.people.identification.models import TeamThresholds
from webapp.people.identification.own_limits_queries import FacePair, OwnLimits
from webapp.people.identification.proposed_limits import LimitsVerdict, Proposal, propose
from webapp.people.models import Event, Person

pytestmark = pytest.mark.django_db(transaction=True)
EMBEDDER = "mobilefacenet_192"
USUAL = IdentificationThresholds(0.61, 0.42)


def looks(track: FoundTrack, *parts: tuple[int, float], own: int = 60) -> FoundTrack:
    """All views have these cosines with these axes, and beside that only with axis `own`."""
    vector = np.zeros(64, np.float32)
    for axis, similarity in parts:
        vector[axis] = similarity
    vector[own] = np.sqrt(max(1 - float(vector @ vector), 0))
    for face in track.faces:
        object.__setattr__(face, "embedding", vector)
    return track


def seen(team: Team, name: str, *tracks: FoundTrack, user: User) -> Person:
    """Somebody who is named, alone in a video of their own."""
    people = people_of(make_analysed_video(*tracks, team=team, embedder=EMBEDDER))
    for other in people[1:]:
        services.merge_people(other, target=people[0], user=user)
    services.name_person(people[0], name=name, user=user)
    return people[0]


def pair_of(similarity: float) -> FacePair:
    person = Person(number=1)
    return FacePair(similarity, person, person.pk, 1, person, person.pk)


@pytest.fixture
def anna_and_bert(team: Team, bob: User) -> tuple[Person, Person]:
    """Anna's two appearances are alike by 0.7; Bert is like the first by 0.3."""
    anna = seen(team, "Anna", looks(found_track(), (0, 1)), looks(found_track(start_s=9, end_s=12), (0, 0.7)), user=bob)
    bert = seen(team, "Bert", looks(found_track(), (0, 0.3), own=40), user=bob)
    return anna, bert


def test_the_most_alike_two_and_the_least_alike_one_are_found(team: Team, anna_and_bert: tuple[Person, Person]) -> None:
    found = own_limits_queries.of_team(team.pk, EMBEDDER)
    between, within = present(found.between), present(found.within)
    assert between.similarity == pytest.approx(0.3, abs=0.01)
    assert {between.person, between.other} == set(anna_and_bert)
    assert within.similarity == pytest.approx(0.7, abs=0.01)
    assert within.person == within.other == anna_and_bert[0] and within.face != within.other_face
    assert not found.is_suspect and found.people == 2


def test_the_same_name_is_nobody_else_unless_they_were_told_apart(team: Team, bob: User) -> None:
    first = seen(team, "Anna", looks(found_track(), (0, 1)), user=bob)
    second = seen(team, "anna", looks(found_track(), (0, 0.5), own=41), user=bob)
    assert own_limits_queries.of_team(team.pk, EMBEDDER).between is None
    services.tell_apart(first, second, user=bob)
    assert present(own_limits_queries.of_team(team.pk, EMBEDDER).between).similarity == pytest.approx(0.5, abs=0.01)


def test_unnamed_people_who_were_told_apart_count_and_others_do_not(team: Team, bob: User) -> None:
    videos = [
        make_analysed_video(looks(found_track(), (0, similarity), own=40 + n), team=team, embedder=EMBEDDER)
        for n, similarity in enumerate((1, 0.4, 0.55))
    ]
    (first,), (second,), _ = (people_of(video) for video in videos)
    services.tell_apart(first, second, user=bob)
    found = own_limits_queries.of_team(team.pk, EMBEDDER)
    assert found.people == 2 and present(found.between).similarity == pytest.approx(0.4, abs=0.01)


def test_whom_one_appearance_is_not_was_told_apart_as_well(
    team: Team, bob: User, anna_and_bert: tuple[Person, Person]
) -> None:
    """An appearance is not Anna, whoever else it may be."""
    anna, _ = anna_and_bert
    stranger = make_analysed_video(looks(found_track(), (0, 0.64), own=44), team=team, embedder=EMBEDDER)
    assert people_of(stranger) == [anna]
    services.move_appearances(
        anna, track_ids=[present(stranger.current_analysis).tracks.get().pk], target=None, name="", user=bob
    )
    found = own_limits_queries.of_team(team.pk, EMBEDDER)
    assert found.people == 3 and present(found.between).similarity == pytest.approx(0.64, abs=0.01)


def test_an_appearance_of_somebody_else_is_named_and_nothing_lower_proposed(
    team: Team, alice: User, bob: User, anna_and_bert: tuple[Person, Person]
) -> None:
    """Somebody gave Bert one of Anna's appearances."""
    anna, bert = anna_and_bert
    wrong = present(anna.tracks.order_by("-start_s").first())
    services.move_appearances(anna, track_ids=[wrong.pk], target=bert, user=bob)
    found = own_limits_queries.of_team(team.pk, EMBEDDER)
    assert found.is_suspect and [pair.track for pair in found.to_check][:1] == [wrong.pk]
    assert found.to_check[0].other == anna
    page = signed_in(alice).get(reverse("people:strictness"))
    words = page.content.decode()
    assert "Check these appearances first." in words and reverse("people:why", args=[wrong.pk]) in words
    assert "Apply proposal" not in words
    assert page.context["proposal"] == Proposal(LimitsVerdict.CHECK_FIRST, 61, 42)


@given(
    st.floats(-0.2, 1), st.none() | st.floats(-0.2, 1), st.integers(0, 100), st.floats(0.2, 0.9), st.floats(0.1, 0.2)
)
def test_proposals_are_above_strangers_and_never_lower_in_doubt(
    between: float, within: float | None, people: int, accept_now: float, review_now: float
) -> None:
    found = OwnLimits(people, pair_of(between), None if within is None else pair_of(within))
    now = IdentificationThresholds(accept_now, review_now)
    made = propose(found, now, USUAL)
    assert 0 < made.review_percent <= made.accept_percent <= 100
    is_lower = made.accept_percent < round(100 * accept_now)
    if within is not None and within < between:
        assert made.verdict == LimitsVerdict.CHECK_FIRST and not is_lower
    if people < 10:
        assert made.review_percent == min(round(100 * review_now), made.accept_percent)
    if is_lower:
        assert people >= 10 and made.accept_percent >= 55
    if made.verdict == LimitsVerdict.CHANGE and between < 0.86:
        assert made.accept_percent >= 100 * between


def test_nothing_is_proposed_before_two_people_are_named(team: Team, alice: User) -> None:
    page = signed_in(alice).get(reverse("people:strictness"))
    assert page.context["proposal"] == Proposal(LimitsVerdict.NOTHING_KNOWN, 61, 42)
    assert b"Name at least two people." in page.content


def test_a_proposal_is_applied_used_and_undone(
    team: Team, alice: User, bob: User, anna_and_bert: tuple[Person, Person]
) -> None:
    anna, _ = anna_and_bert
    doubtful = seen(team, "Carla", looks(found_track(), (0, 0.595), own=42), user=bob)
    client = signed_in(alice)
    proposal = client.get(reverse("people:strictness")).context["proposal"]
    assert (proposal.verdict, proposal.accept_percent) == (LimitsVerdict.CHANGE, 64), "0.595 and a margin, rounded up"
    values = {"accept_from": proposal.accept_percent, "review_from": proposal.review_percent}
    client.post(reverse("people:set_strictness"), values)
    assert threshold_queries.of_team(team.pk, EMBEDDER).accept_from == pytest.approx(0.64)
    assert client.get(reverse("people:strictness")).context["proposal"].verdict == LimitsVerdict.FITS
    almost = make_analysed_video(looks(found_track(), (0, 0.62), own=43), team=team, embedder=EMBEDDER)
    assert people_of(almost) not in ([anna], [doubtful]), "62 % would have matched before"
    event = Event.objects.latest("made_at")
    events.undo(event, user=alice)
    assert threshold_queries.of_team(team.pk, EMBEDDER) == USUAL
    again = make_analysed_video(looks(found_track(), (0, 0.62), own=44), team=team, embedder=EMBEDDER)
    assert people_of(again) == [anna]


def test_a_default_that_is_only_shown_stays_the_default(team: Team, alice: User) -> None:
    client = signed_in(alice)
    client.post(reverse("people:set_strictness"), {"accept_from": 90, "review_from": 42})
    row = TeamThresholds.objects.get(team=team)
    assert (row.accept_from, row.review_from) == (0.9, None)
    client.post(reverse("people:set_strictness"), {"accept_from": 61, "review_from": 42})
    row.refresh_from_db()
    assert (row.accept_from, row.review_from) == (None, None)


def test_asking_never_starts_above_matching_also_where_one_is_the_default(
    team: Team, alice: User, anna_and_bert: tuple[Person, Person]
) -> None:
    client, anna = signed_in(alice), anna_and_bert[0]
    for name, args in (("people:set_strictness", []), ("people:limits", [anna.pk])):
        for values in ({"accept_from": "", "review_from": 70}, {"accept_from": 40, "review_from": ""}):
            refused = client.post(reverse(name, args=args), values, headers={"accept": "application/json"})
            assert refused.status_code == 409 and "cannot be higher" in refused.json()["error"]
    assert not TeamThresholds.objects.filter(team=team).exists()
    client.post(reverse("people:limits", args=[anna.pk]), {"accept_from": "", "review_from": 61})
    anna.refresh_from_db()
    assert anna.join_from is None and anna.suggest_from == pytest.approx(0.61)


def test_limits_are_not_said_to_fit_where_too_few_people_are_known_to_tell(
    team: Team, alice: User, anna_and_bert: tuple[Person, Person]
) -> None:
    services.set_team_thresholds(team, EMBEDDER, accept_from=0.95, review_from=0.42, user=alice)
    page = signed_in(alice).get(reverse("people:strictness"))
    assert page.context["proposal"].verdict == LimitsVerdict.FITS and page.context["proposal"].has_few_people
    assert b"only stricter matching is proposed" in page.content and b"Your limits fit" not in page.content


def test_a_person_keeps_limits_of_their_own(team: Team, alice: User, anna_and_bert: tuple[Person, Person]) -> None:
    anna, _ = anna_and_bert
    services.set_thresholds(anna, accept_from=0.5, review_from=0.4, user=alice)
    services.set_team_thresholds(team, EMBEDDER, accept_from=0.8, review_from=0.5, user=alice)
    video = make_analysed_video(looks(found_track(), (0, 0.55), own=43), team=team, embedder=EMBEDDER)
    assert people_of(video) == [anna]


def test_only_who_manages_the_team_sees_and_sets_limits(team: Team, bob: User, charlie: User) -> None:
    for user in (bob, charlie):
        client = signed_in(user)
        if user == bob:
            assert client.get(reverse("people:strictness")).status_code == 404
            assert client.post(reverse("people:set_strictness"), {"accept_from": 90}).status_code == 404
        client.post(reverse("people:set_strictness"), {"accept_from": 90})
    assert not TeamThresholds.objects.filter(team=team).exists()


def test_the_page_needs_the_same_number_of_queries_however_many_people(
    team: Team, alice: User, bob: User, anna_and_bert: tuple[Person, Person]
) -> None:
    client, counted = signed_in(alice), []
    client.get(reverse("people:strictness"))
    for number in range(2):
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("people:strictness"))
        counted.append(len(captured))
        seen(team, f"Number {number}", looks(found_track(), (10 + number, 1)), user=bob)
    assert counted[0] == counted[1]
