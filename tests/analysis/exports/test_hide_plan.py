"""What is hidden where a face is lost between two sightings, and where the analysis could not say whose it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.exports.box_paths import Bool
from analysis.exports.check_copy import FoundAgain
from analysis.exports.choice import HideChoice, HidingStyle
from analysis.exports.face_scan import FaceScan, FollowedFace
from analysis.exports.hide_frame import hide_in_frame
from analysis.exports.hide_plan import HiddenBoxes, HidePlan, make_plan
from analysis.exports.hide_regions import SOLID_YUV, to_edges, with_margin
from analysis.exports.kept_frames import KeptFrames, count_kept, kept_places
from analysis.exports.whose_face import Views, hidden_frames
from analysis.types import Float32
from analysis.video.frame import split_planes

RATE_FPS, FRAMES = 25.0, 40
SIZE = 60.0
LOST = (12, 20)
"""Frames in which nothing sees the face."""
ONE = HideChoice(hide=frozenset({1}))
NO_VIEWS = Views(*(np.zeros((0, 0), np.float32) for _ in range(3)))


def leaping(frame: int) -> tuple[float, float]:
    """Runs, ducks by a face while it is lost, and goes on."""
    share = np.clip((frame - LOST[0] + 1) / (LOST[1] - LOST[0] + 1), 0.0, 1.0)
    return 100 + 18.0 * frame, 200 + SIZE * float(np.sin(np.pi * share))


def standing(_frame: int) -> tuple[float, float]:
    return 300, 200


def seen_but_where_lost() -> Bool:
    seen: Bool = np.ones(FRAMES, bool)
    seen[LOST[0] : LOST[1]] = False
    return seen


def boxes_at(places: list[tuple[float, float]]) -> Float32:
    middles = np.array(places, np.float32)
    return np.concatenate([middles - SIZE / 2, middles + SIZE / 2], axis=1)


def face(frames: range, boxes: Float32, seen: Bool, sure: Bool, *votes: int) -> FollowedFace:
    nothing = np.zeros((0, 0), np.float32)
    return FollowedFace(
        np.array(frames), boxes, seen, sure, 0.9, tuple((frames[0], one) for one in votes), nothing, seen[:0], nothing
    )


def scan_of(*faces: FollowedFace) -> FaceScan:
    return FaceScan(np.arange(FRAMES) / RATE_FPS, np.ones(FRAMES, np.int64), faces)


def plan_of(scan: FaceScan) -> HidePlan:
    hidden = hidden_frames(scan, ONE, NO_VIEWS, 0.6, 0.4)
    return make_plan(scan, hidden, [], ONE, 0.6)


def covered(plan: HidePlan, frame: int, box: Float32) -> float:
    """Returns how much of a box is hidden in a frame."""
    mask = np.zeros((720, 1280), bool)
    for x1, y1, x2, y2 in with_margin(plan.at(frame / RATE_FPS)[0], 0.25).round().clip(0).astype(int):
        mask[y1:y2, x1:x2] = True
    x1, y1, x2, y2 = box.round().astype(int)
    return float(mask[y1:y2, x1:x2].mean())


def hidden_px(plan: HidePlan, frame: int) -> float:
    boxes = plan.at(frame / RATE_FPS)[0]
    return float(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1).max())


@pytest.mark.parametrize("is_one_track", [True, False])
def test_all_that_a_lost_face_can_have_reached_is_hidden(is_one_track: bool) -> None:
    true = boxes_at([leaping(frame) for frame in range(FRAMES)])
    followed, seen = true.copy(), seen_but_where_lost()
    followed[LOST[0] : LOST[1]] = true[LOST[0] - 1]
    tracks = [face(range(FRAMES), followed, seen, seen, 1)]
    if not is_one_track:
        tracks = [
            face(range(part.start, part.stop), followed[part], seen[part], seen[part], 1)
            for part in (slice(0, LOST[1]), slice(LOST[1], FRAMES))
        ]
    plan = plan_of(scan_of(*tracks))
    assert min(covered(plan, frame, true[frame]) for frame in range(FRAMES)) > 0.8


def test_what_is_hidden_grows_neither_where_following_is_sure_nor_around_who_stands() -> None:
    true = boxes_at([standing(frame) for frame in range(FRAMES)])
    seen = seen_but_where_lost()
    for sure in (seen, np.ones(FRAMES, bool)):
        plan = plan_of(scan_of(face(range(FRAMES), true, seen, sure, 1)))
        assert max(hidden_px(plan, frame) for frame in range(FRAMES)) == pytest.approx(SIZE**2)


def test_two_people_are_not_joined_by_a_way() -> None:
    left, right = boxes_at([(200, 200)] * 15), boxes_at([(380, 200)] * 15)
    all_seen = np.ones(15, bool)
    tracks = [face(range(15), left, all_seen, all_seen, 1), face(range(25, 40), right, all_seen, all_seen, 2)]
    both = HideChoice(hide=frozenset({1, 2}))
    scan = scan_of(*tracks)
    plan = make_plan(scan, hidden_frames(scan, both, NO_VIEWS, 0.6, 0.4), [], both, 0.6)
    assert covered(plan, 20, boxes_at([(290, 200)])[0]) < 0.5


def test_who_is_seen_beside_a_hidden_face_is_somebody_else() -> None:
    """Whoever nobody was named for is hidden only where they may be who was seen before."""
    seen = np.ones(FRAMES, bool)
    hidden_one = face(range(FRAMES), boxes_at([standing(0)] * FRAMES), seen, seen, 1)
    beside = face(range(10, 30), boxes_at([(370, 210)] * 20), seen[:20], seen[:20])
    seen_before = np.arange(FRAMES) < 8
    was_lost = face(range(FRAMES), hidden_one.boxes_xyxy, seen_before, seen_before, 1)
    for first, is_hidden in ((hidden_one, False), (was_lost, True)):
        _, other = hidden_frames(scan_of(first, beside), ONE, NO_VIEWS, 0.6, 0.4)
        assert other.all() == other.any() == is_hidden


@pytest.mark.parametrize(("is_sure", "left"), [(True, 0.0), (False, 1.0)])
def test_the_face_of_somebody_else_is_spared_but_for_a_hidden_one_that_is_surely_there(
    is_sure: bool, left: float
) -> None:
    planes = split_planes(np.full((300, 300), 200, np.uint8))
    of_hidden, of_other = np.array([[80, 60, 140, 120]], np.float32), np.array([[120, 60, 180, 120]], np.float32)
    hidden = HiddenBoxes(of_hidden, np.ones(1, np.float32), np.array([is_sure]))
    count = hide_in_frame(planes, hidden, of_other, 0.25, HidingStyle.SOLID)
    is_left = planes[0] == 200
    assert is_left[62:118, 122:138].mean() == left and is_left[62:118, 148:178].mean() == 1
    assert is_left[62:118, 68:118].mean() == 0
    assert count == np.count_nonzero(~is_left) == 4 * np.count_nonzero(planes[1] != 200)


def test_a_face_stays_hidden_where_the_analysis_could_not_say_whose_it_is() -> None:
    true = boxes_at([standing(frame) for frame in range(FRAMES)])
    seen = np.ones(FRAMES, bool)
    one = face(range(FRAMES), true, seen, seen, 1)
    ends_unclear = replace(one, votes=((0, 1), (FRAMES - 1, 2)))
    [hidden] = hidden_frames(scan_of(ends_unclear), ONE, NO_VIEWS, 0.6, 0.4, unclear=frozenset({2}))
    assert hidden.all()
    [hidden] = hidden_frames(scan_of(ends_unclear), ONE, NO_VIEWS, 0.6, 0.4)
    assert hidden[0] and not hidden[-1]


def test_what_is_still_seen_in_its_cells_is_hidden_in_larger_ones_of_the_same_style() -> None:
    picture = np.tile(np.arange(200, dtype=np.uint8), (300, 1)) + np.arange(300, dtype=np.uint8)[:, None] // 6
    box = np.array([[40, 40, 120, 120]], np.float32)
    counts = []
    for rounds in (1, 2):
        again = FoundAgain(1.0, box[0], 0.5, covered=True, is_face=True).region(rounds)
        planes = split_planes(picture.copy())
        hidden = HiddenBoxes(box, np.array([again.coarser], np.float32), np.array([True]))
        hide_in_frame(planes, hidden, box[:0], 0.5, HidingStyle.PIXELS)
        counts.append(len(np.unique(planes[0][:160, :160])))
    assert counts == [4, 1] and SOLID_YUV[0] not in planes[0][:160, :160]
    assert FoundAgain(1.0, box[0], 0.5, covered=False, is_face=True).region(3).coarser == 1


def test_a_whole_head_is_hidden_where_only_a_part_of_it_was_taken_for_a_face() -> None:
    seen = np.ones(FRAMES, bool)
    path = [(300.0 + 2 * frame, 200.0) for frame in range(FRAMES)]
    head = boxes_at(path)
    part = np.concatenate([head[:, :2] + 8, head[:, :2] + 8 + SIZE / 2], axis=1)
    known_late = face(range(25, FRAMES), head[25:], seen[25:], seen[25:], 1)
    scan = scan_of(face(range(FRAMES), part, seen, seen), known_late)
    everybody = HideChoice()
    plan = make_plan(scan, hidden_frames(scan, everybody, NO_VIEWS, 0.6, 0.4), [], everybody, 0.6)
    assert min(covered(plan, frame, head[frame]) for frame in range(FRAMES)) == 1
    assert max(hidden_px(plan, frame) for frame in range(FRAMES)) < 1.3 * SIZE**2


def kept_alone(*others: FollowedFace) -> tuple[HidePlan, KeptFrames]:
    """Person 1 is kept and sure to be there; returns the plan, and how often they are hidden."""
    seen, alone = np.ones(FRAMES, bool), HideChoice(keep=frozenset({1}))
    kept = face(range(FRAMES), boxes_at([standing(0)] * FRAMES), seen, seen, 1)
    kept = replace(kept, votes=tuple((frame, 1) for frame in range(0, FRAMES, 6)))
    scan = scan_of(kept, *others)
    hidden = hidden_frames(scan, alone, NO_VIEWS, 0.6, 0.4)
    plan = make_plan(scan, hidden, [], alone, 0.6)
    return plan, count_kept(plan, kept_places(scan, hidden, [], alone), scan.times_s, 0.25)


def test_what_is_taken_for_a_face_in_the_hair_of_somebody_kept_is_left() -> None:
    seen, view = np.ones(10, bool), np.ones((1, 4), np.float32)
    in_hair = replace(face(range(10, 20), boxes_at([(302, 155)] * 10), seen, seen), every_vector=view)
    plan, kept = kept_alone(in_hair)
    assert not len(plan.at(12 / RATE_FPS).boxes_xyxy) and kept == (FRAMES, 0)
    looks_like_a_face = replace(in_hair, vectors=view, clear_views=np.zeros(1, bool))
    elsewhere_too = replace(in_hair, boxes_xyxy=boxes_at([(302.0, 155.0)] * 9 + [(500.0, 155.0)]))
    for other in (looks_like_a_face, elsewhere_too):
        plan, _kept = kept_alone(other)
        assert len(plan.at(12 / RATE_FPS).boxes_xyxy)


def test_it_is_counted_where_somebody_kept_is_hidden() -> None:
    seen = np.ones(10, bool)
    _plan, kept = kept_alone(face(range(10, 20), boxes_at([standing(0)] * 10), seen, seen, 2))
    assert kept == (FRAMES, 10)
    _plan, kept = kept_alone(face(range(10, 20), boxes_at([standing(0)] * 10), seen, seen & False, 2))
    assert kept == (FRAMES, 0)


def test_who_is_seen_beside_the_only_hidden_face_is_spared_though_nobody_named_them() -> None:
    seen = np.ones(FRAMES, bool)
    hidden_one = face(range(FRAMES), boxes_at([standing(0)] * FRAMES), seen, seen, 1)
    other = face(range(FRAMES), boxes_at([(360, 210)] * FRAMES), seen, seen)
    doubtful = replace(other, best_score=0.6)
    for beside, count in ((other, 1), (doubtful, 0)):
        assert len(plan_of(scan_of(hidden_one, beside)).spared_at(0.4)) == count


def test_what_nearly_reaches_an_edge_of_the_picture_goes_on_to_it() -> None:
    places = [(42.0, 130.0), (80.0, 130.0), (260.0, 262.0), (-60.0, 40.0)]
    whole = to_edges(boxes_at(places), 0.0, 300, 300)
    assert whole[:3].tolist() == [[0, 100, 72, 160], [50, 100, 110, 160], [230, 232, 300, 300]]
    assert whole[3, 2] < 0
    seen = np.ones(4, bool)
    plan = plan_of(scan_of(face(range(4), boxes_at(places), seen, seen, 1)))
    plan.reach_edges(0.25, 1280, 720)
    assert plan.at(1 / RATE_FPS).boxes_xyxy[:, 0].max() == 0
