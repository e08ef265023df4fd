"""Grouping tracks into people, and stitching tracklets over segment borders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.faces.associate import TrackingRules
from analysis.faces.group import THRESHOLDS, group_vectors, mean_vector
from analysis.faces.stitch_tracklets import group_tracks, stitch_tracklets
from analysis.types import Float32, FoundFace, FoundTrack, SegmentResult, SegmentSpan

DIMENSIONS = 64
LIMITS = THRESHOLDS["mobilefacenet_192"]


def person_vector(person: int, view: int, spread: float = 0.4) -> Float32:
    base = np.random.default_rng(person).normal(size=DIMENSIONS)
    noise = np.random.default_rng(1000 + person * 977 + view).normal(size=DIMENSIONS)
    vector = base / np.linalg.norm(base) + spread * noise / np.linalg.norm(noise)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def track(person: int, start_s: float, end_s: float, view: int = 0, left: float = 0, **reaches: bool) -> FoundTrack:
    times = np.arange(start_s, end_s + 1e-6, 0.2)
    box = np.array([left, 0, left + 50, 50], np.float32)
    face = FoundFace(start_s, box, np.zeros((5, 2), np.float32), 0.9, 0.8, person_vector(person, view), b"")
    return FoundTrack(times, np.tile(box, (len(times), 1)), np.full(len(times), 0.9, np.float32), (face,), **reaches)


def segment(index: int, tracks: Sequence[FoundTrack], **cuts: bool) -> SegmentResult:
    return SegmentResult(SegmentSpan(index, index * 10.0, index * 10.0 + 10), tuple(tracks), 0, 0, 0, {}, **cuts)


def people_of(tracks: list[FoundTrack]) -> list[set[int]]:
    grouping = group_tracks(tracks, [[n] for n in range(len(tracks))], 0.2, LIMITS)
    return [set(group) for group in grouping.people]


def test_the_same_face_at_different_times_is_one_person() -> None:
    tracks = [track(1, 0, 2), track(2, 3, 4), track(1, 5, 6, view=1), track(2, 7, 12, view=1)]
    assert people_of(tracks) == [{1, 3}, {0, 2}], "longest on screen first"


def test_two_faces_in_one_picture_are_two_people_however_alike() -> None:
    tracks = [track(1, 0, 2), track(1, 1, 3, left=60)]
    assert sorted(map(sorted, people_of(tracks))) == [[0], [1]]


def test_no_tracks_are_no_people() -> None:
    assert group_tracks([], [], 0.2, LIMITS).people == ()
    assert group_vectors(np.zeros((0, 8), np.float32), np.zeros(0, np.float32), np.zeros((0, 0), bool), 0.5) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.floats(0, 50), st.floats(0, 5)), max_size=25), st.integers(2, 30))
def test_groups_are_a_partition_without_forbidden_pairs(rows: list[tuple[int, float, float]], batch: int) -> None:
    spans = np.array([(start, start + length) for _, start, length in rows], np.float64).reshape(-1, 2)
    begin, end = spans[:, 0], spans[:, 1]
    vectors = np.array([person_vector(person, n) for n, (person, _, _) in enumerate(rows)], np.float32)
    vectors = vectors.reshape(-1, DIMENSIONS)
    apart = (begin[:, None] <= end) & (begin <= end[:, None]) & ~np.eye(len(rows), dtype=bool)
    joined = np.empty(len(rows), np.float32)
    groups = group_vectors(vectors, np.ones(len(rows), np.float32), apart, 0.5, batch, join_similarities=joined)
    assert sorted(number for group in groups for number in group) == list(range(len(rows)))
    for group in groups:
        assert not apart[np.ix_(group, group)].any()
        assert len({rows[number][0] for number in group}) == 1
        assert np.isnan(joined[group]).all() == np.isnan(joined[group]).any() == (len(group) == 1)
    assert not (joined < np.float32(0.5)).any()


@given(st.permutations(range(8)))
@settings(max_examples=20, deadline=None)
def test_the_order_of_tracks_does_not_matter(order: list[int]) -> None:
    tracks = [track(n % 3, 2.0 * n, 2.0 * n + 1, view=n) for n in range(8)]
    expected = {frozenset(group) for group in people_of(tracks)}
    found = {frozenset(order[n] for n in group) for group in people_of([tracks[n] for n in order])}
    assert found == expected


def test_thousands_of_tracks_are_grouped_in_seconds() -> None:
    people = np.arange(2500) % 40
    vectors = np.stack([person_vector(int(person), n) for n, person in enumerate(people)])
    groups = group_vectors(vectors, np.ones(2500, np.float32), np.zeros((2500, 2500), bool), 0.5, batch=1000)
    assert sorted(len(group) for group in groups) == sorted(np.bincount(people).tolist())


def test_a_better_view_counts_more() -> None:
    good, bad = person_vector(1, 0), person_vector(2, 0)
    mean = mean_vector(np.stack([good, bad]), np.array([0.9, 0.1], np.float32))
    assert float(mean @ good) > 0.95 > float(mean @ bad)
    assert float(np.linalg.norm(mean)) == pytest.approx(1)


def test_a_track_over_a_border_is_stitched() -> None:
    before = segment(0, [track(1, 8, 9.8, reaches_end=True), track(2, 8, 9.8, left=200, reaches_end=True)])
    after = segment(1, [track(2, 10, 12, left=205, reaches_start=True), track(1, 10, 12, reaches_start=True)])
    tracks = stitch_tracklets([before, after], TrackingRules(), LIMITS)
    assert sorted(map(tuple, tracks)) == [(0, 3), (1, 2)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            segment(0, [track(1, 8, 9.8, reaches_end=True)], cut_at_end=True),
            segment(1, [track(1, 10, 12, reaches_start=True)]),
        ),
        (
            segment(0, [track(1, 8, 9.8, reaches_end=True)]),
            segment(1, [track(1, 10, 12, reaches_start=True)], cut_at_start=True),
        ),
        (segment(0, [track(1, 8, 9.8, reaches_end=True)]), segment(1, [track(2, 10, 12, reaches_start=True)])),
        (segment(0, [track(1, 8, 9.0)]), segment(1, [track(1, 10, 12, reaches_start=True)])),
        (
            segment(0, [track(1, 8, 9.8, reaches_end=True)]),
            segment(1, [track(1, 10, 12, left=400, reaches_start=True)]),
        ),
    ],
    ids=["cut seen before", "cut seen after", "another face", "ended earlier", "another place"],
)
def test_what_must_not_be_stitched(before: SegmentResult, after: SegmentResult) -> None:
    assert stitch_tracklets([before, after], TrackingRules(), LIMITS) == [[0], [1]]


def test_tracklets_over_many_segments_are_one_track() -> None:
    whole = {"reaches_start": True, "reaches_end": True}
    segments = [segment(n, [track(1, 10.0 * n, 10.0 * n + 9.8, view=n, **whole)]) for n in range(5)]
    assert stitch_tracklets(segments, TrackingRules(), LIMITS) == [[0, 1, 2, 3, 4]]
