"""Tracking faces: assignment, gaps, cuts, and faces that look different."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.faces.associate import (
    PATCH_SIZE,
    OpenTrack,
    Tracker,
    TrackingRules,
    face_patches,
    match_boxes,
    match_pairs,
)
from analysis.types import Faces, Float32

RULES = TrackingRules()
STEP_S = 0.2


def patch(seed: int) -> Float32:
    values = np.random.default_rng(seed).normal(size=PATCH_SIZE * PATCH_SIZE).astype(np.float32)
    return values / np.linalg.norm(values)


def boxes(*lefts: float, size: float = 40) -> Float32:
    return np.array([(left, 50, left + size, 50 + size) for left in lefts], np.float32).reshape(-1, 4)


def faces(boxes_xyxy: Float32, score: float = 0.9) -> Faces:
    n = len(boxes_xyxy)
    return Faces(boxes_xyxy, np.full(n, score, np.float32), np.zeros((n, 5, 2), np.float32))


def follow(samples: list[tuple[float, Float32, list[int]]], cuts: tuple[float, ...] = ()) -> list[OpenTrack]:
    """Tracks of samples given as time, boxes and the identity of each."""
    tracker, ended = Tracker(RULES), []
    for time_s, boxes_xyxy, people in samples:
        patches = np.stack([patch(person) for person in people]) if people else np.zeros((0, 576), np.float32)
        ended += tracker.step(time_s, faces(boxes_xyxy), patches, time_s in cuts)[1]
    return ended + tracker.finish()


def test_a_still_face_is_one_track() -> None:
    tracks = follow([(n * STEP_S, boxes(100), [1]) for n in range(10)])
    assert len(tracks) == 1 and len(tracks[0].times_s) == 10


def test_a_short_gap_is_survived_and_a_long_one_not() -> None:
    def with_gap(gap_s: float) -> int:
        return len(follow([(0.0, boxes(100), [1]), (0.2, boxes(), []), (gap_s, boxes(100), [1])]))

    assert with_gap(0.8) == 1
    assert with_gap(1.4) == 2


def test_nothing_bridges_a_cut() -> None:
    samples = [(n * STEP_S, boxes(100), [1]) for n in range(6)]
    tracks = follow(samples, cuts=(samples[3][0],))
    assert [len(track.times_s) for track in tracks] == [3, 3]


def test_another_face_at_the_same_place_is_another_track() -> None:
    tracks = follow([(0.0, boxes(100), [1]), (0.2, boxes(100), [1]), (0.4, boxes(100), [2])])
    assert sorted(len(track.times_s) for track in tracks) == [1, 2]


def test_faces_that_pass_each_other_keep_their_tracks() -> None:
    samples = [(n * STEP_S, boxes(100 + 20 * n, 300 - 20 * n), [1, 2]) for n in range(11)]
    tracks = follow(samples)
    assert len(tracks) == 2
    lefts = sorted(([float(box[0]) for box in track.boxes_xyxy] for track in tracks), key=lambda row: row[0])
    assert lefts[0] == sorted(lefts[0]) and lefts[1] == sorted(lefts[1], reverse=True)


def test_a_fast_face_that_looks_the_same_is_followed() -> None:
    assert len(follow([(n * STEP_S, boxes(100 + 90 * n), [1]) for n in range(6)])) == 1


def test_a_doubtful_detection_carries_on_but_does_not_begin() -> None:
    tracker = Tracker(RULES)
    here = np.stack([patch(1)])
    assert tracker.step(0.0, faces(boxes(100), 0.5), here)[0] == [None]
    assert tracker.step(0.2, faces(boxes(100), 0.9), here)[0][0] is not None
    assert tracker.step(0.4, faces(boxes(100), 0.5), here)[0][0] is not None


box_lists = st.lists(st.tuples(st.floats(0, 500), st.floats(0, 300), st.floats(5, 200)), max_size=6).map(
    lambda rows: np.array([(x, y, x + side, y + side) for x, y, side in rows], np.float32).reshape(-1, 4)
)


@given(box_lists, box_lists, st.integers(0, 1000))
def test_matching_uses_each_once_and_only_what_is_possible(last: Float32, now: Float32, seed: int) -> None:
    random = np.random.default_rng(seed)
    similarity = random.uniform(-1, 1, (len(last), len(now))).astype(np.float32)
    gaps = random.uniform(0.05, 1.0, len(last)).astype(np.float32)
    pairs = match_boxes(last, last, gaps, now, similarity, RULES)
    assert len({track for track, _ in pairs}) == len(pairs) == len({box for _, box in pairs})
    assert all(similarity[pair] >= RULES.min_similarity_near for pair in pairs)


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 1000))
def test_the_best_pair_comes_first_and_nothing_possible_is_left(rows: int, columns: int, seed: int) -> None:
    scores = np.random.default_rng(seed).uniform(-1, 1, (rows, columns)).clip(0).astype(np.float32)
    pairs = match_pairs(scores)
    taken = [float(scores[pair]) for pair in pairs]
    assert taken == sorted(taken, reverse=True) and all(score > 0 for score in taken)
    best = float(scores.max(initial=0))
    assert taken[:1] == ([best] if best else [])
    left = np.delete(np.delete(scores, [row for row, _ in pairs], 0), [column for _, column in pairs], 1)
    assert not (left > 0).any()


@given(st.lists(st.tuples(box_lists, st.booleans()), max_size=12), st.integers(0, 1000))
def test_every_clear_face_lies_in_exactly_one_track(samples: list[tuple[Float32, bool]], seed: int) -> None:
    random = np.random.default_rng(seed)
    tracker, ended, seen = Tracker(RULES), [], 0
    cuts = []
    for number, (now, cut) in enumerate(samples):
        patches = (
            np.stack([patch(int(random.integers(3))) for _ in now]) if len(now) else np.zeros((0, 576), np.float32)
        )
        ended += tracker.step(number * STEP_S, faces(now), patches, cut)[1]
        seen += len(now)
        cuts += [number * STEP_S] * cut
    ended += tracker.finish()
    assert sum(len(track.times_s) for track in ended) == seen
    for track in ended:
        assert track.times_s == sorted(set(track.times_s))
        assert not any(track.times_s[0] < cut <= track.times_s[-1] for cut in cuts)


def test_patches_do_not_see_brightness() -> None:
    random = np.random.default_rng(0)
    picture = random.integers(40, 120, (120, 120, 3), np.uint8)
    landmarks = np.array([[(40, 45), (75, 45), (57, 65), (43, 85), (72, 85)]], np.float32)
    dark, bright = face_patches(picture, landmarks), face_patches((picture * 2).astype(np.uint8), landmarks)
    assert float(dark[0] @ bright[0]) > 0.99
    assert face_patches(picture, landmarks[:0]).shape == (0, PATCH_SIZE * PATCH_SIZE)
