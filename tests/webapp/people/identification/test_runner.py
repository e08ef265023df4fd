"""Identifying people in the next video: sure matches are accepted, doubtful ones reviewed, the rest are new."""

from uuid import UUID

import numpy as np
import pytest

from analysis.faces.search import IDENTIFICATION_THRESHOLDS, Gallery
from analysis.types import FoundTrack, ViewMeasures
from tests.factories_videos import begin_analysis, found_track, make_analysed_video, people_of, run_analysis
from tests.present import present
from webapp.accounts.models import Team, User
from webapp.people import gallery_queries, gallery_services
from webapp.people.acts import events, services
from webapp.people.identification import similar_people_queries
from webapp.people.models import Face, Person, ReferenceSet, Suggestion
from webapp.videos import services as videos

pytestmark = pytest.mark.django_db(transaction=True)
EMBEDDER = "mobilefacenet_192"
SIZE = 64
RIGHT = (300, 10, 360, 70)


def axis(number: int) -> np.ndarray:
    return np.eye(SIZE, dtype=np.float32)[number]


def looks(track: FoundTrack, similarity: float, number: int = 0, other: int = 1) -> FoundTrack:
    """All views have this cosine with axis `number`; different `other` axes are strangers apart from that."""
    vector = (similarity * axis(number) + np.sqrt(1 - similarity**2) * axis(other)).astype(np.float32)
    for face in track.faces:
        object.__setattr__(face, "embedding", vector)
    return track


def analysed(team: Team, *tracks: FoundTrack) -> list[Person]:
    return people_of(make_analysed_video(*tracks, team=team, embedder=EMBEDDER))


SURE, DOUBTFUL, STRANGER = 0.8, 0.5, 0.1


def test_a_sure_match_is_the_same_unnamed_person_in_both_videos(team: Team) -> None:
    first = analysed(team, looks(found_track(), 1.0))
    assert analysed(team, looks(found_track(), SURE)) == first
    first[0].refresh_from_db()
    assert (first[0].videos, first[0].appearances) == (2, 2)


def test_a_doubtful_match_is_a_new_person_and_a_question(team: Team) -> None:
    first = analysed(team, looks(found_track(), 1.0))
    second = analysed(team, looks(found_track(), DOUBTFUL))
    assert second != first
    asked = Suggestion.objects.get()
    assert (asked.first, asked.second) == (second[0], first[0])
    assert asked.likeness == pytest.approx(DOUBTFUL, abs=0.01)


def between(first: int, similarity: float, second: int, other_similarity: float) -> FoundTrack:
    """A face that is so much like axis `first` and so much like axis `second`."""
    track = found_track()
    rest = np.sqrt(1 - similarity**2 - other_similarity**2) * axis(60)
    for face in track.faces:
        vector = similarity * axis(first) + other_similarity * axis(second) + rest
        object.__setattr__(face, "embedding", vector.astype(np.float32))
    return track


def test_who_joins_one_and_is_like_another_asks_whether_these_two_are_one(team: Team) -> None:
    first = analysed(team, looks(found_track(), 1.0, number=2))[0]
    second = analysed(team, looks(found_track(), 1.0, number=3))[0]
    assert analysed(team, between(2, 0.75, 3, 0.45)) == [first]
    assert not Suggestion.objects.exists(), "that much strangers are alike"
    for _ in range(2):
        assert analysed(team, between(2, 0.75, 3, 0.57)) == [first]
    asked = Suggestion.objects.get()
    assert {asked.first, asked.second} == {first, second}, "once, however often it is seen"


def test_a_stranger_is_a_new_person_without_a_question(team: Team) -> None:
    first = analysed(team, looks(found_track(), 1.0))
    assert analysed(team, looks(found_track(), STRANGER)) != first
    assert not Suggestion.objects.exists()


def test_two_faces_of_one_picture_never_join_one_person(team: Team) -> None:
    first = analysed(team, looks(found_track(), 1.0))
    pair = looks(found_track(), 0.9, other=1), looks(found_track(box=RIGHT), 0.8, other=2)
    found = analysed(team, *pair)
    assert len(found) == 2 and first[0] in found
    assert not Suggestion.objects.exists(), "who is seen beside somebody is not asked to be them either"


def test_people_of_other_teams_are_strangers(team: Team, charlie: User) -> None:
    theirs = analysed(charlie.teams.get(), looks(found_track(), 1.0))
    assert analysed(team, looks(found_track(), 1.0)) != theirs


def test_deleted_people_are_not_found_again_and_merged_ones_stand_for_their_target(team: Team, bob: User) -> None:
    first, second = analysed(team, looks(found_track(), 1.0), looks(found_track(box=RIGHT), 1.0, number=5))
    services.merge_people(second, target=first, user=bob)
    assert analysed(team, looks(found_track(), SURE, number=5)) == [first]
    services.delete_person(first, user=bob)
    assert analysed(team, looks(found_track(), SURE)) != [first]


def test_not_this_person_is_obeyed_by_identification(team: Team, bob: User) -> None:
    """An appearance that is not Anna does not join her again in a new analysis, however alike it is."""
    anna = analysed(team, looks(found_track(), 1.0))[0]
    video = make_analysed_video(looks(found_track(), SURE), team=team, embedder=EMBEDDER)
    assert people_of(video) == [anna]
    track = present(video.current_analysis).tracks.get()
    _, other = services.move_appearances(anna, track_ids=[track.pk], target=None, user=bob)
    run_analysis(begin_analysis(video), [looks(found_track(), SURE)], embedder=EMBEDDER)
    assert people_of(video) == [other]


def test_a_person_may_have_thresholds_of_their_own(team: Team, alice: User) -> None:
    first = analysed(team, looks(found_track(), 1.0))[0]
    services.set_thresholds(first, accept_from=0.95, review_from=0.9, user=alice)
    assert analysed(team, looks(found_track(), SURE)) != [first]
    assert not Suggestion.objects.exists()
    services.set_thresholds(first, accept_from=0.4, review_from=0.3, user=alice)
    assert analysed(team, looks(found_track(), DOUBTFUL, other=9)) == [first]


def test_another_embedder_is_compared_with_nobody(team: Team) -> None:
    first = analysed(team, looks(found_track(), 1.0))
    found = people_of(make_analysed_video(looks(found_track(), 1.0), team=team, embedder="another_128"))
    assert found != first
    assert set(ReferenceSet.objects.values_list("embedder", flat=True)) == {EMBEDDER, "another_128"}


def test_gallery_templates_follow_moves_and_deleted_videos(team: Team, bob: User) -> None:
    video = make_analysed_video(looks(found_track(), 1.0), team=team, embedder=EMBEDDER)
    first = people_of(video)[0]
    analysed(team, looks(found_track(), SURE))
    assert ReferenceSet.objects.get(person=first).count == 2, "one for each appearance"
    track = present(video.current_analysis).tracks.get()
    _, other = services.move_appearances(first, track_ids=[track.pk], target=None, user=bob)
    assert [ReferenceSet.objects.get(person=each).count for each in (first, other)] == [1, 1]
    videos.delete_video(video)
    known = gallery_queries.team_gallery(team.pk, EMBEDDER)
    assert (known.people, len(known.gallery)) == ([first.pk], 1)


def test_who_is_deleted_is_compared_with_nobody_until_that_is_undone(team: Team, bob: User) -> None:
    person = analysed(team, looks(found_track(), 1.0))[0]
    event = services.delete_person(person, user=bob)
    assert gallery_queries.team_gallery(team.pk, EMBEDDER).people == []
    assert not ReferenceSet.objects.exists()
    events.undo(event, user=bob)
    assert gallery_queries.team_gallery(team.pk, EMBEDDER).people == [person.pk]


def test_the_most_alike_come_first_and_only_as_many_as_asked_for() -> None:
    cosines = np.array([0.2, 0.9, -0.1, 0.5], np.float32)
    people = [UUID(int=n) for n in range(4)]
    known = gallery_queries.TeamGallery(
        people, Gallery(np.eye(4, dtype=np.float32), np.arange(4)), {p: n for n, p in enumerate(people)}
    )
    alike = similar_people_queries.Similarities(known, cosines)
    assert list(alike.nearest(2)) == [people[1], people[3]]
    assert list(alike.nearest(2, [people[1]])) == [people[3], people[0]]
    assert list(alike.nearest(9)) == [people[n] for n in (1, 3, 0, 2)]
    assert alike.to(people[2]) == pytest.approx(-0.1) and alike.to(UUID(int=9)) is None
    assert similar_people_queries.Similarities(known, cosines[:0]).nearest(3) == {}


def test_the_review_threshold_is_below_the_accept_threshold() -> None:
    for thresholds in IDENTIFICATION_THRESHOLDS.values():
        assert 0 < thresholds.review_from < thresholds.accept_from < 1


def unclear(track: FoundTrack) -> FoundTrack:
    """No view shows more than the back of a head."""
    for face in track.faces:
        object.__setattr__(face, "measures", ViewMeasures(presence=0.3, yaw_deg=0.0, pitch_deg=0.0, sharpness=0.5))
    return track


def test_unclear_views_are_no_templates_and_nobody_joins_by_them(team: Team) -> None:
    video = make_analysed_video(looks(found_track(), 1.0), team=team, embedder=EMBEDDER)
    first = people_of(video)[0]
    Face.objects.filter(track__person=first).update(presence=0.3)
    gallery_services.refresh([first.pk])
    assert gallery_queries.team_gallery(team.pk, EMBEDDER).people == []
    assert analysed(team, looks(found_track(), SURE)) != [first]
    assert not Suggestion.objects.exists()


def test_who_is_only_seen_unclearly_neither_joins_nor_asks(team: Team) -> None:
    analysed(team, looks(found_track(), 1.0))
    assert analysed(team, unclear(looks(found_track(), 1.0))) == []
    assert analysed(team, unclear(looks(found_track(), DOUBTFUL))) == []
    assert not Suggestion.objects.exists()


def test_a_template_pools_the_clear_views_of_one_appearance_by_their_quality(team: Team) -> None:
    """The second view points elsewhere and is worse; a third one is unclear and does not count."""
    track = found_track(views=3)
    for number, face in enumerate(track.faces):
        object.__setattr__(face, "embedding", axis(number))
    object.__setattr__(track.faces[2], "measures", ViewMeasures(0.2, 0.0, 0.0, 0.5))
    person = analysed(team, track)[0]
    row = ReferenceSet.objects.get(person=person)
    vector = gallery_queries.unpacked(row)[0]
    assert row.count == 1 and row.quality == pytest.approx(0.9)
    assert vector[0] > vector[1] > 0.5 and vector[2] == 0
    assert row.face_ids == [str(Face.objects.get(track__person=person, quality__gt=0.85).pk)]


def test_what_the_grouping_left_apart_is_asked_about_unless_one_picture_holds_both(team: Team) -> None:
    later, beside = found_track(start_s=20, end_s=24), found_track(box=RIGHT)
    people = analysed(team, looks(found_track(), 1.0), looks(later, 0.52), looks(beside, 0.52, other=2))
    assert len(people) == 3
    asked = Suggestion.objects.get(is_within_video=True)
    assert {asked.first.tracks.get().start_s, asked.second.tracks.get().start_s} == {1.0, 20.0}
    assert asked.likeness == pytest.approx(0.52, abs=0.01)


def test_nobody_is_asked_about_two_who_are_beside_each_other_elsewhere(team: Team) -> None:
    first, second = analysed(team, looks(found_track(), 1.0, number=2), looks(found_track(box=RIGHT), 1.0, number=3))
    for _ in range(2):
        assert analysed(team, between(2, 0.75, 3, 0.57)) == [first]
    assert not Suggestion.objects.exists(), "it is like both, who are two"
    assert second.pk != first.pk
