"""Counts the frames of a copy in which somebody who was to stay visible is hidden after all: in doubt they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from analysis.exports.box_paths import Bool, Int, line_between
from analysis.exports.choice import HideChoice
from analysis.exports.face_scan import FaceScan
from analysis.exports.hide_frame import LEAST_MARGIN
from analysis.exports.hide_plan import BoxesByFrame, HidePlan
from analysis.exports.hide_regions import with_margin
from analysis.exports.people import SeenPerson
from analysis.types import Float32

LINE_S = 0.5
"""Between sightings of the analysis no further apart a kept person is on a straight line, if no face is followed."""
POINTS = 8
"""So many by so many points of a face are looked at."""
COVERED = 0.5


class KeptFrames(NamedTuple):
    """In how many frames kept people are known to be, and in how many one of them is hidden by half or more."""

    seen: int
    covered: int


def kept_places(
    scan: FaceScan, hidden: Sequence[Bool], people: Sequence[SeenPerson], choice: HideChoice
) -> BoxesByFrame:
    """Returns where the people to keep are, as far as that is known; `hidden` as for `make_plan`."""
    parts: list[tuple[Int, Float32]] = []
    for face, frames in zip(scan.faces, hidden, strict=True):
        is_named = any(person in choice.keep for _, person in face.votes)
        own = face.sure & (is_named | (~frames & bool(len(face.vectors))))
        parts.append((face.frames[own], face.boxes_xyxy[own]))
    known = np.unique(np.concatenate([np.zeros(0, np.int64), *(frames for frames, _ in parts)]))
    for person in people:
        for track in person.tracks if person.id in choice.keep else ():
            after = np.searchsorted(track.times_s, scan.times_s)
            inside = np.flatnonzero((after > 0) & (after < len(track.times_s)))
            gaps_s = track.times_s[after[inside]] - track.times_s[after[inside] - 1]
            at = np.setdiff1d(inside[gaps_s <= LINE_S], known)
            parts.append((at, line_between(track.times_s, track.boxes_xyxy, scan.times_s[at])))
    return BoxesByFrame.of(parts if choice.keep else [])


def count_kept(plan: HidePlan, places: BoxesByFrame, times_s: Iterable[float], margin: float) -> KeptFrames:
    """Returns in how many of the frames at these times kept people are seen, and hidden."""
    seen = covered = 0
    for time_s in times_s:
        boxes = plan.boxes_at(places, time_s)
        if len(boxes):
            seen += 1
            covered += bool((_shares(plan, time_s, boxes, margin) >= COVERED).any())
    return KeptFrames(seen, covered)


def _shares(plan: HidePlan, time_s: float, boxes_xyxy: Float32, margin: float) -> Float32:
    """Returns how much of each box `(n,)` is hidden at a time."""
    steps = (np.arange(POINTS) + 0.5) / POINTS
    across, down = np.meshgrid(steps, steps)
    inside = np.stack([across.ravel(), down.ravel()], axis=1)
    points = boxes_xyxy[:, None, :2] + inside * (boxes_xyxy[:, None, 2:] - boxes_xyxy[:, None, :2])
    hidden = plan.at(time_s)
    is_hidden = _in_any(points, with_margin(hidden.boxes_xyxy, margin))
    is_spared = _in_any(points, plan.spared_at(time_s))
    is_sure = _in_any(points, with_margin(hidden.boxes_xyxy[hidden.sure], min(margin, LEAST_MARGIN)))
    shares: Float32 = (is_hidden & (~is_spared | is_sure)).mean(axis=1).astype(np.float32)
    return shares


def _in_any(points: Float32, regions_xyxy: Float32) -> Bool:
    """Returns for points `(n, k, 2)` whether they lie in one of the regions `(m, 4)`."""
    if not len(regions_xyxy):
        return np.zeros(points.shape[:2], bool)
    low, high = regions_xyxy[:, None, None, :2], regions_xyxy[:, None, None, 2:]
    inside = np.logical_and(points >= low, points <= high).all(axis=-1)
    return np.asarray(inside.any(axis=0), bool)
