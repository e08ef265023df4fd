"""Geometry of boxes `(x1, y1, x2, y2)` in pixels, as pure functions on arrays; zero boxes are valid everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.types import Faces, Float32


def areas(boxes_xyxy: Float32) -> Float32:
    """Returns the areas `(n,)`; an inverted box has area 0."""
    sides: Float32 = np.maximum(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 0)
    return sides[:, 0] * sides[:, 1]


def intersections(boxes_xyxy: Float32, others_xyxy: Float32) -> Float32:
    """Returns the area shared by each pair, `(n, m)`."""
    # One axis at a time: with both in one array the innermost loop would be two numbers long, four times slower.
    sides = []
    for low, high in ((0, 2), (1, 3)):
        left = np.maximum.outer(boxes_xyxy[:, low], others_xyxy[:, low])
        right = np.minimum.outer(boxes_xyxy[:, high], others_xyxy[:, high])
        sides.append(np.maximum(right - left, 0))
    shared: Float32 = sides[0] * sides[1]
    return shared


def iou_matrix(boxes_xyxy: Float32, others_xyxy: Float32) -> Float32:
    """Returns the intersection over union of each pair, `(n, m)` in 0..1; 0 if both boxes are empty."""
    shared = intersections(boxes_xyxy, others_xyxy)
    union = areas(boxes_xyxy)[:, None] + areas(others_xyxy)[None, :] - shared
    iou: Float32 = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return iou


def clamp_boxes(boxes_xyxy: Float32, width: int, height: int) -> Float32:
    """Returns the boxes `(n, 4)` clipped to a picture of this size."""
    limits = np.array([width, height, width, height], np.float32)
    clamped: Float32 = np.clip(boxes_xyxy, 0, limits).astype(np.float32)
    return clamped


def centres(boxes_xyxy: Float32) -> Float32:
    """Returns the centres `(n, 2)`."""
    middle: Float32 = ((boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2).astype(np.float32)
    return middle


def scale_faces(faces: Faces, factor_x: float, factor_y: float, shift_x: float = 0.0, shift_y: float = 0.0) -> Faces:
    """Converts faces of a scaled or cropped picture to the coordinates of the whole: multiplies, then shifts."""
    factors, shifts = np.array([factor_x, factor_y], np.float32), np.array([shift_x, shift_y], np.float32)
    return Faces(
        faces.boxes_xyxy * np.tile(factors, 2) + np.tile(shifts, 2), faces.scores, faces.landmarks * factors + shifts
    )


def only_faces(faces: Faces, chosen: NDArray[np.bool_]) -> Faces:
    """Returns the faces that are chosen `(n,)`."""
    return Faces(faces.boxes_xyxy[chosen], faces.scores[chosen], faces.landmarks[chosen])


def joined_faces(parts: Sequence[Faces]) -> Faces:
    """Returns all faces of the parts, of which there is one at least."""
    return Faces(
        np.concatenate([faces.boxes_xyxy for faces in parts]),
        np.concatenate([faces.scores for faces in parts]),
        np.concatenate([faces.landmarks for faces in parts]),
    )


def non_max_suppression(boxes_xyxy: Float32, scores: Float32, max_iou: float) -> list[int]:
    """Returns the indices, best first, of boxes that no better kept box overlaps by more than `max_iou`."""
    order = np.argsort(-scores, kind="stable")
    too_close = iou_matrix(boxes_xyxy[order], boxes_xyxy[order]) > max_iou
    suppressed = np.zeros(len(order), bool)
    kept = []
    for position, index in enumerate(order):
        if not suppressed[position]:
            kept.append(int(index))
            suppressed |= too_close[position]
    return kept
