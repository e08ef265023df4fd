"""Covers a whole head where the detector sees a part of it as a face, as it does in the dark and from behind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.boxes import areas
from analysis.exports.box_paths import Bool, Int
from analysis.exports.face_scan import FaceScan, FollowedFace
from analysis.exports.unsure_ways import is_likely
from analysis.types import Float32

LEAST_LARGER = 1.3
"""A face of so much more area around another is the whole of which that is a part."""
MOST_LARGER = 4.0


def whole_heads(scan: FaceScan, hidden: Sequence[Bool], unclear: frozenset[int]) -> list[tuple[Int, Float32]]:
    """Returns boxes of hidden heads in frames where only a part of them is followed, by how both lie elsewhere.

    `hidden` tells for each face in which of its frames it is hidden; `unclear` are ids that stand for nobody.
    """
    faces = [face for face, frames in zip(scan.faces, hidden, strict=True) if frames.any()]
    shown_in = [frames for frames in hidden if frames.any()]
    likely = [face for face in faces if is_likely(face, unclear)]
    found = []
    for part, frames in zip(faces, shown_in, strict=True):
        for whole in likely:
            if whole is not part and part.frames[0] <= whole.frames[-1] and whole.frames[0] <= part.frames[-1]:
                at, boxes = _carried(part, frames & part.sure, whole)
                found.append((at, boxes))
    return found


def _carried(part: FollowedFace, wanted: Bool, whole: FollowedFace) -> tuple[Int, Float32]:
    """Returns frames in which there is a part but not the whole, and where the whole is then."""
    _both, at, at_whole = np.intersect1d(part.frames[part.sure], whole.frames, return_indices=True)
    small, large = part.boxes_xyxy[part.sure][at], whole.boxes_xyxy[at_whole]
    middles = (small[:, :2] + small[:, 2:]) / 2
    ratio = areas(large) / np.maximum(areas(small), 1.0)
    holds = ((large[:, :2] <= middles) & (middles <= large[:, 2:])).all(axis=1)
    rows = np.flatnonzero(holds & (ratio >= LEAST_LARGER) & (ratio <= MOST_LARGER))
    before = wanted & (part.frames < whole.frames[0])
    after = wanted & (part.frames > whole.frames[-1])
    if not len(rows):
        return np.zeros(0, np.int64), np.zeros((0, 4), np.float32)
    # By how they lie when both are first seen, and last.
    frames = np.concatenate([part.frames[before], part.frames[after]])
    boxes = [
        _beside(part.boxes_xyxy[rows_of], small[row], large[row])
        for rows_of, row in ((before, rows[0]), (after, rows[-1]))
    ]
    return frames, np.concatenate(boxes)


def _beside(boxes_xyxy: Float32, small_xyxy: Float32, large_xyxy: Float32) -> Float32:
    """Returns what lies beside boxes `(n, 4)` as `large_xyxy` `(4,)` does beside `small_xyxy`, in their size."""
    middles = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2
    middle = (small_xyxy[:2] + small_xyxy[2:]) / 2
    sizes = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).max(axis=1) / max(
        float((small_xyxy[2:] - small_xyxy[:2]).max()), 1.0
    )
    moved: Float32 = np.tile(middles, 2) + (large_xyxy - np.tile(middle, 2)) * sizes[:, None]
    return moved.astype(np.float32)
