"""Tracklets of one face within a shot become one track; two people never do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.faces.link_tracklets import link_tracklets, linked_track
from analysis.faces.same_picture import seen_together
from analysis.types import FRONTAL, FoundTrack
from tests.analysis.faces.test_group import track


def turned(found: FoundTrack) -> FoundTrack:
    """The same track without a clear view, and with a vector that says nothing."""
    away = replace(FRONTAL, yaw_deg=70.0)
    return replace(found, faces=tuple(replace(face, measures=away, embedding=-face.embedding) for face in found.faces))


def linked(*tracks: FoundTrack, shots: list[int] | None = None) -> list[list[int]]:
    return sorted(link_tracklets(tracks, shots or [0] * len(tracks)))


def test_a_head_that_turns_away_and_back_is_one_track() -> None:
    assert linked(track(1, 0, 2), turned(track(1, 2.2, 3)), track(1, 3.2, 5)) == [[0, 1, 2]]


def test_nothing_is_linked_across_a_cut_or_over_a_long_gap() -> None:
    assert linked(track(1, 0, 2), track(1, 2.2, 4), shots=[0, 1]) == [[0], [1]]
    assert linked(track(1, 0, 2), turned(track(1, 4, 5))) == [[0], [1]]


def test_another_face_at_the_same_place_is_not_linked() -> None:
    assert linked(track(1, 0, 2), track(2, 2.2, 4)) == [[0], [1]]


def test_who_turned_away_is_not_known_where_somebody_else_stands_near() -> None:
    crowd = [track(1, 0, 2), turned(track(3, 2.2, 4)), track(2, 0, 4, left=60)]
    assert linked(*crowd) == [[0], [1], [2]]


def blend(found: FoundTrack, *vectors: tuple[float, FoundTrack]) -> FoundTrack:
    """The same track with a vector between those of others."""
    mixed = np.sum([share * other.faces[0].embedding for share, other in vectors], axis=0)
    vector = (mixed / np.linalg.norm(mixed)).astype(np.float32)
    return replace(found, faces=(replace(found.faces[0], embedding=vector),))


def test_who_looks_like_somebody_on_screen_beside_a_face_is_not_linked_to_that_face() -> None:
    ours, other = track(1, 0, 2), track(2, 0, 1, left=500)
    doubtful = blend(track(3, 2.2, 4), (0.4, ours), (1.0, other))
    assert 0.3 < float(doubtful.faces[0].embedding @ ours.faces[0].embedding) < 0.53
    assert linked(ours, doubtful) == [[0, 1]]
    assert linked(ours, doubtful, other) == [[0], [1], [2]]


def test_a_face_that_shows_for_one_picture_half_covered_is_linked_by_its_place() -> None:
    good = track(2, 2.2, 2.2, left=10)
    half = replace(good, faces=(replace(good.faces[0], quality=0.5),))
    assert linked(track(1, 0, 2), half) == [[0, 1]] and linked(track(1, 0, 2), good) == [[0], [1]]
    assert linked(track(1, 0, 2), half, track(3, 0, 2.2, left=60)) == [[0], [1], [2]], "it may be the other one"


def test_a_face_far_away_is_not_linked() -> None:
    assert linked(track(1, 0, 2), turned(track(1, 2.2, 4, left=400))) == [[0], [1]]


def test_a_face_that_moves_too_fast_to_be_linked_by_place_takes_no_turns_with_itself() -> None:
    tracks = [track(1, 0, 1), track(1, 1.2, 1.4, left=300), track(1, 1.6, 3)]
    assert linked(*tracks) == [[0, 1, 2]]
    assert linked(tracks[0], track(2, 1.2, 1.4, left=300), tracks[2]) == [[0, 2], [1]]
    far = [track(1, at, at, left=left) for at, left in ((0.2, 300), (0.6, 600), (1.0, 300))]
    assert linked(track(1, 0, 0), *far, track(1, 1.2, 3)) == [[0, 1, 2, 3, 4]]
    assert linked(*tracks[:2]) == [[0], [1]], "those that follow each other are left to grouping"


def test_tracklets_that_take_turns_are_linked_and_their_samples_sorted() -> None:
    first, second = track(1, 0, 2), track(1, 1.1, 3, left=10)
    assert linked(first, second) == [[0, 1]]
    whole = linked_track([first, second])
    assert (np.diff(whole.times_s) > 0).all() and len(whole.times_s) == len(first.times_s) + len(second.times_s)
    assert whole.end_s == pytest.approx(second.end_s) and len(whole.faces) == 2


def test_of_two_boxes_of_one_face_in_one_picture_the_surer_one_stays() -> None:
    weak = replace(track(1, 1, 2, left=8), scores=np.full(6, 0.5, np.float32))
    whole = linked_track([track(1, 0, 2), weak])
    assert len(whole.times_s) == 11 and (whole.scores > 0.8).all()


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2), st.integers(0, 30), st.integers(0, 8), st.sampled_from([0, 30, 120]), st.booleans()
        ),
        max_size=10,
    )
)
def test_links_are_a_partition_of_tracklets_never_seen_together(
    rows: list[tuple[int, int, int, int, bool]],
) -> None:
    tracks = [track(who, at / 5, (at + length) / 5, left=left) for who, at, length, left, _ in rows]
    tracks = [turned(each) if row[4] else each for each, row in zip(tracks, rows, strict=True)]
    groups = linked(*tracks)
    together = seen_together([(each.times_s, each.boxes_xyxy) for each in tracks])
    assert sorted(number for group in groups for number in group) == list(range(len(tracks)))
    assert not any(together[np.ix_(group, group)].any() for group in groups)
