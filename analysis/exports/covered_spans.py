"""Says from when to when each chosen person is covered in a copy, and how many hidden areas may be no faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.boxes import iou_matrix
from analysis.exports.box_paths import Bool, Int
from analysis.exports.choice import HideChoice
from analysis.exports.covered_person import CoveredPerson
from analysis.exports.face_scan import FaceScan, FollowedFace
from analysis.exports.hide_plan import make_plan
from analysis.exports.hold_places import HeldPlace, held_frames
from analysis.exports.people import SeenPerson
from analysis.time_spans import Span, merged
from analysis.types import Float32

SAME_AREA_IOU = 0.3
"""Two faces in places that overlap so much lie in one area."""


def covered_people(
    scan: FaceScan,
    hidden: Sequence[Bool],
    people: Sequence[SeenPerson],
    choice: HideChoice,
    extend_s: float,
    held: Sequence[HeldPlace],
) -> tuple[CoveredPerson, ...]:
    """Returns when those to hide by name are covered, in times of the source; arguments as for `make_plan`.

    Where several are, what is hidden counts for whom the analysis saw there.
    """
    found = []
    for number in sorted(choice.hide):
        own, places = list(hidden), list(held)
        if len(choice.hide) > 1:
            own = [
                frames & (number in {person for _, person in face.votes})
                for face, frames in zip(scan.faces, hidden, strict=True)
            ]
            places = [place for place in held if number in place.owners]
        plan = make_plan(scan, own, people, HideChoice(frozenset({number})), extend_s, places)
        at_places = np.concatenate([np.zeros(0, np.int64), *(held_frames(scan, place) for place in places)])
        covered = np.union1d(plan.sure.frames, plan.unsure.frames)
        only_held = np.setdiff1d(at_places, _seen(scan.faces, own))
        found.append(CoveredPerson(number, tuple(_spans(scan, covered)), tuple(_spans(scan, only_held))))
    return tuple(found)


def count_unconfirmed(scan: FaceScan, hidden: Sequence[Bool], unclear: frozenset[int]) -> int:
    """Returns in how many areas something is hidden of which no view shows a face clearly, nor the analysis saw whom.

    `hidden` tells for each face in which of its frames it is hidden; `unclear` are ids that stand for nobody.
    """
    places: list[Float32] = []
    for face, frames in zip(scan.faces, hidden, strict=True):
        is_confirmed = len(face.vectors) or any(person not in unclear for _, person in face.votes)
        if frames.any() and not is_confirmed:
            place = np.median(face.boxes_xyxy[face.detected], axis=0).astype(np.float32)
            if not places or iou_matrix(place[None], np.stack(places)).max() < SAME_AREA_IOU:
                places.append(place)
    return len(places)


def _seen(faces: Sequence[FollowedFace], hidden: Sequence[Bool]) -> Int:
    """Returns the frames in which a hidden face is seen, or surely followed."""
    parts = [face.frames[frames & face.sure] for face, frames in zip(faces, hidden, strict=True)]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _spans(scan: FaceScan, frames: Int) -> list[Span]:
    """Returns the spans in which these frames, rising, are shown."""
    if not len(frames):
        return []
    times, usual_s = scan.times_s, float(np.median(np.diff(scan.times_s))) if len(scan.times_s) > 1 else 0.0
    after = np.minimum(frames + 1, len(times) - 1)
    # Where nothing was scanned after a frame, another shot begins.
    is_next = (after > frames) & (
        (scan.shots[after] == scan.shots[frames]) | (times[after] - times[frames] < 2 * usual_s)
    )
    ends = np.where(is_next, times[after], times[frames] + usual_s)
    return merged(zip(times[frames].tolist(), ends.tolist(), strict=True), usual_s / 2)
