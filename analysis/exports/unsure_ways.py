"""Covers where a face may be while nothing sees it and its looks are lost: in fast motion, and turned away in it.

What is followed then is something else. A face that was seen before and after has moved no faster than it can: what it
can reach from the one place and still be in time at the other holds it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.boxes import iou_matrix
from analysis.exports.box_paths import Bool, Int, line_between, runs_of, shared, united
from analysis.exports.face_scan import FaceScan, FollowedFace
from analysis.exports.whose_face import NEXT_WITHIN_S, NEXT_WITHIN_SIDES, near
from analysis.types import Float32

FASTER = 2.0
"""A face that is lost is taken to be at most so much faster than it was before, than after, and on average between."""
SPEED_FRAMES = 3
"""Over how many frames its speed is measured."""
FROM_THE_LINE_SIDES = 1.0
"""How far from the straight line between both places it may be, once it had the time."""
LEAST_SCORE, LEAST_SEEN = 0.8, 2
"""Score of its best detection, and number of its detections, from which what belongs to nobody is taken for a face."""
OUTWARDS = np.array([-1.0, -1.0, 1.0, 1.0])
MOST_SIDES = 4.0
"""Two places further apart are not taken for one face's, however fast it was."""
SAME_PLACE_IOU = 0.3


@dataclass(frozen=True, slots=True)
class Stay:
    """Neighbouring frames in which it is sure where a hidden face is: from `start` to `end`."""

    face: int
    start: int
    end: int
    boxes_xyxy: Float32
    owners: frozenset[int]
    """Whom the analysis saw there, without ids that stand for nobody."""

    def box_at(self, frame: int) -> Float32:
        box: Float32 = self.boxes_xyxy[frame - self.start]
        return box

    def speed(self, frame: int) -> float:
        """Returns its greatest speed within `SPEED_FRAMES` of one of its ends, in pixels a frame."""
        at = frame - self.start
        near_by = self.boxes_xyxy[max(at - SPEED_FRAMES, 0) : at + SPEED_FRAMES + 1]
        middles = (near_by[:, :2] + near_by[:, 2:]) / 2
        return float(np.abs(np.diff(middles, axis=0)).max(initial=0.0))


class _Pairs(NamedTuple):
    """Stays with frames between them, and the numbers of all ends and begins that fit to another."""

    joined: list[tuple[Stay, Stay]]
    ended: set[int]
    begun: set[int]


def ways_between_sightings(
    scan: FaceScan, hidden: Sequence[Bool], unclear: frozenset[int] = frozenset()
) -> list[tuple[Int, Float32]]:
    """Returns boxes for the frames between two sure places of hidden faces where there is none.

    `hidden` tells for each face in which of its frames it is hidden; `unclear` are ids that stand for nobody.
    """
    ends, begins = _ends_and_begins(stays_of(scan.faces, hidden, unclear))
    return [_way(before, after) for before, after in _pairs(scan, ends, begins).joined]


def lone_ends(scan: FaceScan, stays: Sequence[Stay]) -> tuple[list[Stay], list[Stay]]:
    """Returns the stays after whose end, and those before whose start, nothing is seen that may be the same face."""
    ends, begins = _ends_and_begins(stays)
    pairs = _pairs(scan, ends, begins)
    return (
        [stay for number, stay in enumerate(ends) if number not in pairs.ended],
        [stay for number, stay in enumerate(begins) if number not in pairs.begun],
    )


def _ends_and_begins(stays: Sequence[Stay]) -> tuple[list[Stay], list[Stay]]:
    ends = [stay for stay in stays if not _goes_on_in_another(stay, stay.end, stays)]
    begins = [stay for stay in stays if not _goes_on_in_another(stay, stay.start, stays)]
    return ends, begins


def stays_of(faces: Sequence[FollowedFace], hidden: Sequence[Bool], unclear: frozenset[int]) -> list[Stay]:
    """Returns in which neighbouring frames it is sure where hidden faces are, by their start."""
    found = []
    for number, (face, frames) in enumerate(zip(faces, hidden, strict=True)):
        owners = frozenset(person for _, person in face.votes) - unclear
        if not is_likely(face, unclear):
            continue
        for first, last in runs_of(face.sure & frames):
            boxes = face.boxes_xyxy[first:last]
            found.append(Stay(number, int(face.frames[first]), int(face.frames[last - 1]), boxes, owners))
    return sorted(found, key=lambda stay: stay.start)


def is_likely(face: FollowedFace, unclear: frozenset[int], least_score: float = LEAST_SCORE) -> bool:
    """Returns whether what was followed is a face: somebody's, or seen well and more than once."""
    is_owned = any(person not in unclear for _, person in face.votes)
    return is_owned or bool(face.best_score >= least_score and np.count_nonzero(face.detected) >= LEAST_SEEN)


def _goes_on_in_another(stay: Stay, frame: int, stays: Sequence[Stay]) -> bool:
    """Returns whether another stay is at the same place at this end of a stay, and lasts beyond it."""
    beyond = frame + 1 if frame == stay.end else frame - 1
    box = stay.box_at(frame)[None]
    return any(
        other is not stay
        and other.start <= min(frame, beyond)
        and max(frame, beyond) <= other.end
        and iou_matrix(box, other.box_at(frame)[None])[0, 0] >= SAME_PLACE_IOU
        for other in stays
    )


def _pairs(scan: FaceScan, ends: Sequence[Stay], begins: Sequence[Stay]) -> _Pairs:
    """Returns which stays may be followed by which: for each the nearest, if nothing that fits was seen between."""
    costs: dict[tuple[int, int], float] = {}
    for number, before in enumerate(ends):
        for other in range(bisect_right(begins, before.end, key=lambda stay: stay.start), len(begins)):
            if scan.times_s[begins[other].start] - scan.times_s[before.end] > NEXT_WITHIN_S:
                break
            cost = _cost(scan, before, begins[other])
            if cost is not None:
                costs[number, other] = cost
    found, ended, begun = [], set[int](), set[int]()
    for number, other in sorted(costs, key=costs.__getitem__):
        if (number not in ended or other not in begun) and begins[other].start > ends[number].end + 1:
            found.append((ends[number], begins[other]))
        ended.add(number)
        begun.add(other)
    return _Pairs(found, ended, begun)


def _cost(scan: FaceScan, before: Stay, after: Stay) -> float | None:
    """Returns how far two stays are apart in time and place, None if they cannot be of one face."""
    gap_s = float(scan.times_s[after.start] - scan.times_s[before.end])
    if gap_s > NEXT_WITHIN_S or scan.shots[before.end] != scan.shots[after.start]:
        return None
    if before.face != after.face and before.owners and after.owners and not before.owners & after.owners:
        return None
    box, next_box = before.box_at(before.end), after.box_at(after.start)
    side = longer_side(box, next_box)
    sides = _distance(box, next_box) / side
    reach = FASTER * max(before.speed(before.end), after.speed(after.start)) * (after.start - before.end) / side
    if not near(box, next_box, min(max(NEXT_WITHIN_SIDES, reach), MOST_SIDES)):
        return None
    return gap_s / NEXT_WITHIN_S + sides / MOST_SIDES


def _way(before: Stay, after: Stay) -> tuple[Int, Float32]:
    """Returns the frames between two stays, and for each a box of where the face may be."""
    first, last = before.box_at(before.end), after.box_at(after.start)
    frames = np.arange(before.end + 1, after.start)
    side, count = longer_side(first, last), after.start - before.end
    needed = _distance(first, last) / count
    speed = FASTER * max(before.speed(before.end), after.speed(after.start), needed)
    line = line_between(np.array([before.end, after.start]), np.stack([first, last]), frames)
    since, until = speed * (frames - before.end), speed * (after.start - frames)
    whole = np.broadcast_to(united(first[None], last[None]), (len(frames), 4))
    reached = shared(shared(_grown(first, since), _grown(last, until)), whole)
    around = line + np.minimum(np.minimum(since, until), FROM_THE_LINE_SIDES * side)[:, None] * OUTWARDS
    return frames, united(united(reached, line), around.astype(np.float32))


def _grown(box_xyxy: Float32, by_px: NDArray[np.floating]) -> Float32:
    """Returns a box grown by each of these lengths `(n,)` at each side: `(n, 4)`."""
    grown: Float32 = (box_xyxy + by_px[:, None] * OUTWARDS).astype(np.float32)
    return grown


def longer_side(*boxes_xyxy: Float32) -> float:
    """Returns the longest side of some boxes `(4,)`."""
    return max(float((box[2:] - box[:2]).max()) for box in boxes_xyxy)


def _distance(box_xyxy: Float32, other_xyxy: Float32) -> float:
    return float(np.abs(box_xyxy[:2] + box_xyxy[2:] - other_xyxy[:2] - other_xyxy[2:]).max()) / 2
