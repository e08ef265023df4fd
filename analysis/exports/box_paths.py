"""Boxes of one face over many frames: on lines between two of them, united, and smoothed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.types import Float32, Float64

Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

SMOOTHED_FRAMES = 2
"""A box is averaged with those of so many frames before and after it, and covers its own place too."""


def line_between(at: Int | Float64, boxes_xyxy: Float32, wanted: Int | Float64) -> Float32:
    """Returns boxes interpolated linearly from `at` (n,) to `wanted` (m,)."""
    line: Float32 = np.stack([np.interp(wanted, at, boxes_xyxy[:, k]) for k in range(4)], axis=1).astype(np.float32)
    return line


def united(boxes_xyxy: Float32, others_xyxy: Float32) -> Float32:
    """Returns for each pair of boxes `(n, 4)` the smallest box that holds both."""
    low = np.minimum(boxes_xyxy[:, :2], others_xyxy[:, :2])
    high = np.maximum(boxes_xyxy[:, 2:], others_xyxy[:, 2:])
    return np.concatenate([low, high], axis=1)


def shared(boxes_xyxy: Float32, others_xyxy: Float32) -> Float32:
    """Returns for each pair of boxes `(n, 4)` what both hold; turned inside out where that is nothing."""
    low = np.maximum(boxes_xyxy[:, :2], others_xyxy[:, :2])
    high = np.minimum(boxes_xyxy[:, 2:], others_xyxy[:, 2:])
    return np.concatenate([low, high], axis=1)


def smoothed(boxes_xyxy: Float32) -> Float32:
    """Returns the boxes of neighbouring frames `(n, 4)` smoothed; each holds the box it was and those next to it."""
    reach = SMOOTHED_FRAMES
    padded = np.pad(boxes_xyxy, ((reach, reach), (0, 0)), mode="edge")
    count = len(boxes_xyxy)
    shifted = [padded[shift : shift + count] for shift in range(2 * reach + 1)]
    mean: Float32 = np.asarray(np.mean(shifted, axis=0, dtype=np.float64), np.float32)
    for near_by in shifted[reach - 1 : reach + 2]:
        mean = united(mean, near_by)
    return mean


def runs_of(frames: Bool) -> list[tuple[int, int]]:
    """Returns start and end of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], frames, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in zip(edges[::2], edges[1::2], strict=True)]
