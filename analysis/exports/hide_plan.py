"""Which regions are hidden in which frame: boxes of hidden faces, smoothed, without a gap, and what a check adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from analysis.exports.box_paths import Bool, Int, line_between, runs_of, smoothed, united
from analysis.exports.choice import HideChoice
from analysis.exports.face_scan import FaceScan, FollowedFace
from analysis.exports.head_sizes import whole_heads
from analysis.exports.hide_regions import to_edges, with_margin
from analysis.exports.hold_places import HeldPlace, held_ways
from analysis.exports.moving_ways import moving_ways
from analysis.exports.people import SeenPerson, TrackSightings
from analysis.exports.unsure_ways import LEAST_SCORE, ways_between_sightings
from analysis.exports.whose_face import goes_on
from analysis.types import EXACT_TOLERANCE_S, Float32, Float64

BRIDGED_S = 2.0
"""Sightings of one track further apart are not joined by a line: the face may have gone elsewhere."""
STANDING_S = 0.6
"""For how long a place stays hidden before and after the analysis saw somebody whom nothing followed from there."""

KEPT_MARGIN = 0.2
"""So much around the face of somebody who is kept, in its sides, nothing covers but a face that is surely there."""
NEAR_S = 0.1
"""A frame that was not scanned is hidden like scanned ones so near."""


@dataclass(frozen=True, slots=True)
class BoxesByFrame:
    """Boxes of many frames: `frames` (n,) rising, `boxes_xyxy` (n, 4)."""

    frames: Int
    boxes_xyxy: Float32

    @classmethod
    def of(cls, parts: Sequence[tuple[Int, Float32]]) -> BoxesByFrame:
        frames = np.concatenate([np.zeros(0, np.int64), *(part[0] for part in parts)])
        boxes = np.concatenate([np.zeros((0, 4), np.float32), *(part[1] for part in parts)])
        order = np.argsort(frames, kind="stable")
        return cls(frames[order], boxes[order])

    def of_frame(self, frame: int) -> Float32:
        begin, end = np.searchsorted(self.frames, [frame, frame + 1])
        return self.boxes_xyxy[begin:end]


@dataclass(frozen=True, slots=True)
class AddedRegion:
    """A box `(4,)` that a check found wanting, hidden from `start_s` to `end_s`, in cells so much larger."""

    start_s: float
    end_s: float
    box_xyxy: Float32
    coarser: float


class HiddenBoxes(NamedTuple):
    """What is hidden in one frame: boxes `(m, 4)`, how much larger cells must be, and where a face is surely there.

    The others are hidden in case one is.
    """

    boxes_xyxy: Float32
    coarser: Float32
    sure: Bool


@dataclass(slots=True)
class HidePlan:
    """What is hidden when; boxes in displayed pixels of the source, without margin, times of its container."""

    times_s: Float64
    """Of the scanned frames, (n,) rising."""
    sure: BoxesByFrame
    unsure: BoxesByFrame
    """Where nothing sees a hidden face, though it may be there."""
    clear: BoxesByFrame
    """Faces that are left as they are on purpose."""
    spared: BoxesByFrame
    """Of those, where they are detected and it is known whose they are: no hidden face is in that place."""
    added: list[AddedRegion] = field(default_factory=list)

    def reach_edges(self, margin: float, width: int, height: int) -> None:
        """Lets what is hidden near the edges of the picture reach them."""
        for kind in (self.sure, self.unsure):
            kind.boxes_xyxy[:] = to_edges(kind.boxes_xyxy, margin, width, height)

    def at(self, time_s: float) -> HiddenBoxes:
        """Returns what to hide in the frame at this time."""
        sure, unsure = (self.boxes_at(kind, time_s) for kind in (self.sure, self.unsure))
        added = [each for each in self.added if each.start_s <= time_s <= each.end_s]
        boxes = np.concatenate([unsure, sure, *(each.box_xyxy[None] for each in added)]).astype(np.float32)
        coarser = np.array([1.0] * (len(unsure) + len(sure)) + [each.coarser for each in added], np.float32)
        return HiddenBoxes(boxes, coarser, np.arange(len(boxes)) >= len(unsure))

    def clear_at(self, time_s: float) -> Float32:
        """Returns the boxes of faces left clear in the frame at this time `(m, 4)`."""
        return self.boxes_at(self.clear, time_s)

    def spared_at(self, time_s: float) -> Float32:
        """Returns those of them `(m, 4)` that nothing covers but a face that is surely there."""
        return self.boxes_at(self.spared, time_s)

    def boxes_at(self, kind: BoxesByFrame, time_s: float) -> Float32:
        """Returns the boxes `(m, 4)` of one kind in the frame at this time."""
        return np.concatenate([kind.of_frame(frame) for frame in self._frames(time_s)])

    def _frames(self, time_s: float) -> Sequence[int]:
        """Returns the number of the scanned frame at this time; `[-1]` if none was scanned.

        Where a decoder gave a frame another time than in the scan, it lies between two, and both count.
        """
        at = int(np.searchsorted(self.times_s, time_s - EXACT_TOLERANCE_S / 2))
        if at < len(self.times_s) and self.times_s[at] <= time_s + EXACT_TOLERANCE_S / 2:
            return [at]
        near_by = [n for n in (at - 1, at) if 0 <= n < len(self.times_s) and abs(self.times_s[n] - time_s) <= NEAR_S]
        return near_by or [-1]


def make_plan(
    scan: FaceScan,
    hidden: Sequence[Bool],
    people: Sequence[SeenPerson],
    choice: HideChoice,
    extend_s: float,
    held: Sequence[HeldPlace] = (),
) -> HidePlan:
    """Returns the plan for a scan; `hidden` tells for each face in which of its frames it is hidden.

    `held` are places that are hidden because somebody who is hidden is there, though nothing sees them.
    """
    unclear = frozenset(person.id for person in people if person.unclear)
    alone = _frames_of_the_one(scan, hidden, choice)
    parts: dict[str, list[tuple[Int, Float32]]] = {kind: [] for kind in ("sure", "unsure", "clear", "spared")}
    for face, frames in zip(scan.faces, hidden, strict=True):
        whole = _covering(face)
        for first, last in runs_of(frames):
            boxes, is_sure = smoothed(whole[first:last]), face.sure[first:last]
            parts["sure"].append((face.frames[first:last][is_sure], boxes[is_sure]))
            parts["unsure"].append((face.frames[first:last][~is_sure], boxes[~is_sure]))
        left = ~frames
        seen = np.flatnonzero(face.detected)
        left[: seen[0]] = left[seen[-1] + 1 :] = False
        parts["clear"].append((face.frames[left], face.boxes_xyxy[left]))
        left &= _is_others(face, choice, alone, unclear)
        around = KEPT_MARGIN if choice.keep else 0.0
        parts["spared"].append((face.frames[left], with_margin(face.boxes_xyxy[left], around)))
    parts["unsure"] += [*_bridges(scan, hidden), *ways_between_sightings(scan, hidden, unclear)]
    parts["unsure"] += [*moving_ways(scan, hidden, choice, unclear), *whole_heads(scan, hidden, unclear)]
    parts["unsure"] += held_ways(scan, held)
    for person in people:
        if choice.hides(person.id) and not (person.unclear and _is_left(scan, hidden, person.id)):
            covered = _covered_frames(scan, hidden, person.id)
            for track in person.tracks:
                parts["sure"].append(_between_sightings(scan, track, covered, min(extend_s, STANDING_S)))
    sure, unsure, clear, spared = (BoxesByFrame.of(boxes) for boxes in parts.values())
    return HidePlan(scan.times_s, sure, unsure, clear, spared)


def _is_others(face: FollowedFace, choice: HideChoice, alone: Int, unclear: frozenset[int]) -> Bool:
    """Returns for each frame of a face that is left clear whether it is surely there, and surely nobody's to hide.

    `alone` are frames in which whoever is hidden is seen elsewhere.
    """
    if choice.keep:
        return face.sure
    if any(person not in unclear for _, person in face.votes):
        return face.detected
    is_other: Bool = face.detected & np.isin(face.frames, alone) & (face.best_score >= LEAST_SCORE)
    return is_other


def _frames_of_the_one(scan: FaceScan, hidden: Sequence[Bool], choice: HideChoice) -> Int:
    """Returns the frames `(n,)` in which the only person to hide is seen; none if there are several."""
    if len(choice.hide) != 1:
        return np.zeros(0, np.int64)
    return _covered_frames(scan, hidden, *choice.hide)


def _covering(face: FollowedFace) -> Float32:
    """Returns the face's boxes `(n, 4)`; in gaps they also cover a straight line between its sightings."""
    seen = np.flatnonzero(face.detected)
    inside = ~face.detected
    inside[: seen[0]] = inside[seen[-1] :] = False
    if not inside.any():
        return face.boxes_xyxy
    line = line_between(face.frames[seen], face.boxes_xyxy[seen], face.frames)
    boxes = face.boxes_xyxy.copy()
    boxes[inside] = united(boxes[inside], line[inside])
    return boxes


def _bridges(scan: FaceScan, hidden: Sequence[Bool]) -> list[tuple[Int, Float32]]:
    """Returns boxes on the line from where a hidden face ended to where it seems to go on, in frames without it."""
    whole = [face for face, frames in zip(scan.faces, hidden, strict=True) if frames[-1] or frames[0]]
    whole.sort(key=lambda face: int(face.frames[0]))
    found = []
    for number, last in enumerate(whole):
        start = int(last.frames[0])
        for first in whole[max(number - 30, 0) : number]:
            end = int(first.frames[-1])
            if end + 1 < start and goes_on(scan, first, last):
                between = np.arange(end + 1, start)
                ends = np.stack([first.boxes_xyxy[-1], last.boxes_xyxy[0]])
                found.append((between, line_between(np.array([end, start]), ends, between)))
    return found


def _is_left(scan: FaceScan, hidden: Sequence[Bool], person: int) -> bool:
    """Returns whether all that the analysis saw as this person is left clear: it was somebody else."""
    left = []
    for face, frames in zip(scan.faces, hidden, strict=True):
        voted = np.isin(face.frames, [at for at, one in face.votes if one == person])
        left += [not is_hidden for is_hidden in frames[voted]]
    return bool(left) and all(left)


def _covered_frames(scan: FaceScan, hidden: Sequence[Bool], person: int) -> Int:
    """Returns the frames `(n,)` rising in which a hidden face is detected that the analysis gave to this person."""
    parts = [np.zeros(0, np.int64)]
    for face, frames in zip(scan.faces, hidden, strict=True):
        if any(voted == person for _, voted in face.votes):
            parts.append(face.frames[frames & face.detected])
    return np.unique(np.concatenate(parts))


def _between_sightings(scan: FaceScan, track: TrackSightings, covered: Int, extend_s: float) -> tuple[Int, Float32]:
    """Returns boxes in frames where only the analysis saw the face, and shortly before and after its track."""
    times = scan.times_s
    begin, end = np.searchsorted(times, [track.times_s[0] - extend_s, track.times_s[-1] + extend_s])
    frames = np.setdiff1d(np.arange(begin, end), covered)
    if not len(frames):
        return np.zeros(0, np.int64), np.zeros((0, 4), np.float32)
    now = times[frames]
    keep = np.ones(len(frames), bool)
    for earlier, later in pairwise(track.times_s):
        if later - earlier > BRIDGED_S:
            keep &= ~((now > earlier + extend_s) & (now < later - extend_s))
    # Before the first and after the last sighting the box stays where it was, but not over a cut.
    shot_of = scan.shots[np.clip(np.searchsorted(times, track.times_s - EXACT_TOLERANCE_S), 0, len(times) - 1)]
    keep &= (scan.shots[frames] >= shot_of[0]) & (scan.shots[frames] <= shot_of[-1])
    return frames[keep], line_between(track.times_s, track.boxes_xyxy, now[keep])
