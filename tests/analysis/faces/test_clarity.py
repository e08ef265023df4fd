"""Which views are clear, which tracks found a person, and which are no face."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.faces.clarity import is_clear, is_face, is_firm, may_found, rated_quality
from analysis.faces.group import THRESHOLDS
from analysis.faces.stitch_tracklets import group_tracks
from analysis.types import FRONTAL, Constraints, FoundFace, FoundTrack
from tests.analysis.faces.test_group import track

LIMITS = THRESHOLDS["mobilefacenet_192"]
NO_FACE = replace(FRONTAL, presence=0.0)


def view(**measures: float) -> FoundFace:
    return replace(track(1, 0, 0).faces[0], measures=replace(FRONTAL, **measures))


def unclear(person: int, start_s: float, end_s: float, *, score: float = 0.8, **place: Any) -> FoundTrack:
    found = track(person, start_s, end_s, **place)
    faces = tuple(replace(face, measures=NO_FACE) for face in found.faces)
    return replace(found, faces=faces, scores=np.full(len(found.times_s), score, np.float32))


@pytest.mark.parametrize(
    "measures", [{"presence": 0.3}, {"yaw_deg": -60}, {"yaw_deg": 60}, {"pitch_deg": -60}, {"sharpness": 0.01}]
)
def test_one_bad_property_makes_a_view_unclear(measures: dict[str, float]) -> None:
    assert is_clear(view()) and not is_clear(view(**measures))


def test_a_tiny_face_is_unclear() -> None:
    assert not is_clear(replace(view(), box_xyxy=np.array([0, 0, 15, 20], np.float32)))


def test_a_view_without_a_face_or_from_the_side_is_of_little_use() -> None:
    frontal, aside, none = (rated_quality(0.8, each.measures) for each in (view(), view(yaw_deg=70), view(presence=0)))
    assert frontal == pytest.approx(0.8) and frontal > aside > none > 0


def test_only_a_sure_view_founds_a_person() -> None:
    doubtful = [view(presence=0.77), view(presence=0.6)]
    assert not may_found(9, doubtful) and not may_found(1, doubtful), "a dog, or blurred too much"
    assert may_found(1, [*doubtful, view(presence=0.95)]) and not may_found(9, [view(yaw_deg=60)])


def test_half_a_face_seen_in_one_picture_founds_nobody() -> None:
    half = [replace(view(), quality=0.5)]
    assert may_found(3, half) and not may_found(1, half)


def test_what_is_seen_long_and_well_is_some_face_and_a_flicker_is_not() -> None:
    assert is_face(unclear(1, 0, 3)) and not is_face(unclear(1, 0, 1)) and is_face(unclear(1, 0, 1, score=0.9))
    assert is_firm(np.arange(10) / 4, np.full(10, 0.8, np.float32))
    assert not is_firm(np.arange(4) / 4, np.full(4, 0.8, np.float32))


def grouped(*tracks: FoundTrack, constraints: Constraints | None = None) -> tuple[list[tuple[int, ...]], list[int]]:
    numbers = [[n] for n in range(len(tracks))]
    grouping = group_tracks(tracks, numbers, 0.2, LIMITS, constraints or Constraints())
    return sorted(grouping.people), [number for group in grouping.unclear for number in group]


def test_an_unclear_face_is_nobody_however_alike() -> None:
    assert grouped(track(1, 0, 2), unclear(1, 5, 6)) == ([(0,)], [1])


def test_a_face_too_briefly_clear_to_found_somebody_joins_them() -> None:
    def brief(person: int, start_s: float) -> FoundTrack:
        found = track(person, start_s, start_s)
        return replace(found, faces=tuple(replace(face, quality=0.5) for face in found.faces))

    assert grouped(track(1, 0, 2), brief(1, 5), brief(2, 6)) == ([(0, 1)], [2])
    assert grouped(brief(1, 5), brief(1, 6)) == ([], [0, 1])


def test_unclear_faces_alone_found_nobody() -> None:
    assert grouped(unclear(1, 0, 5), unclear(2, 0, 5, left=200)) == ([], [0, 1])


def test_somebody_seen_long_beside_everybody_clear_is_a_person() -> None:
    """A profile that is never turned to the camera is still somebody else than the two who face it."""
    tracks = [track(1, 0, 9), track(2, 0, 9, left=200), unclear(3, 1, 5, left=400)]
    assert grouped(*tracks) == ([(0,), (1,), (2,)], [])
    assert grouped(*tracks[:1], track(2, 20, 29), tracks[2])[1] == [2], "it may be the one who came later"


def test_two_unclear_faces_that_follow_each_other_are_one_person_at_most() -> None:
    profile, again = unclear(3, 1, 5, left=400), unclear(4, 5.4, 8, left=600)
    assert grouped(track(1, 0, 9), profile, again) == ([(0,), (1,)], [2])


def test_what_somebody_said_about_an_unclear_face_stands() -> None:
    said = Constraints(must_link=((0, 1),))
    assert grouped(track(1, 0, 2), unclear(2, 5, 6), constraints=said) == ([(0, 1)], [])
    assert grouped(unclear(2, 5, 6), constraints=Constraints(must_link=((0,),))) == ([(0,)], [])
