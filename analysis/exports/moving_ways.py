"""Covers what moves on from a face before it is first and after it is last seen, until it is seen as another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.exports.box_paths import Bool, Int
from analysis.exports.choice import HideChoice
from analysis.exports.face_scan import FaceScan, FollowedFace
from analysis.exports.unsure_ways import is_likely
from analysis.exports.whose_face import seen_together
from analysis.types import Float32

LEAST_SCORE = 0.7
"""Of a face's best detection: less than where nothing moved from."""


def moving_ways(
    scan: FaceScan, hidden: Sequence[Bool], choice: HideChoice, unclear: frozenset[int]
) -> list[tuple[Int, Float32]]:
    """Returns frames and boxes where a hidden face is not seen, but something moves on from it.

    `hidden` tells for each face in which of its frames it is hidden; `unclear` are ids that stand for nobody.
    """
    found = []
    for face, frames in zip(scan.faces, hidden, strict=True):
        if not len(face.moving_at) or not is_likely(face, unclear, LEAST_SCORE):
            continue
        # Another of theirs, or the one who is kept: then it was they who moved.
        others = [
            other
            for other, is_hidden in zip(scan.faces, hidden, strict=True)
            if other is not face and (is_hidden.any() or choice.keep) and not seen_together(face, other)
        ]
        first, last = face.frames[face.detected][[0, -1]]
        for is_hidden, rows in ((frames[0], face.moving_at < first), (frames[-1], face.moving_at > last)):
            if is_hidden:
                at, boxes = face.moving_at[rows], face.moving_xyxy[rows]
                # Rows lead away from the sighting, in both directions.
                count = min((_until_seen(at, boxes, other) for other in others), default=len(at))
                found.append((at[:count], boxes[:count]))
    return found


def _until_seen(at: Int, boxes_xyxy: Float32, other: FollowedFace) -> int:
    """Returns how many of these boxes come before it is sure that another face is in the middle of one."""
    _both, rows, seen = np.intersect1d(at, other.frames[other.sure], return_indices=True)
    middles = other.boxes_xyxy[other.sure][seen].reshape(-1, 2, 2).mean(axis=1)
    inside = ((boxes_xyxy[rows, :2] <= middles) & (middles <= boxes_xyxy[rows, 2:])).all(axis=1)
    return int(rows[inside].min(initial=len(at)))
