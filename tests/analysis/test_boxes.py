"""Geometry of boxes: tables and properties, no boxes included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.boxes import areas, centres, clamp_boxes, iou_matrix, non_max_suppression, scale_faces
from analysis.types import Faces, Float32

NONE = np.zeros((0, 4), np.float32)
numbers = st.floats(-500, 500, width=32)
corners = st.integers(0, 12).flatmap(lambda n: arrays(np.float32, (n, 4), elements=numbers))
boxes = corners.map(
    lambda rows: np.concatenate([np.minimum(rows[:, :2], rows[:, 2:]), np.maximum(rows[:, :2], rows[:, 2:])], axis=1)
)


def box(*values: float) -> Float32:
    return np.array([values], np.float32)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (box(0, 0, 10, 10), box(0, 0, 10, 10), 1.0),
        (box(0, 0, 10, 10), box(5, 0, 15, 10), 1 / 3),
        (box(0, 0, 10, 10), box(2, 2, 4, 4), 0.04),
        (box(0, 0, 10, 10), box(10, 0, 20, 10), 0.0),
        (box(0, 0, 10, 10), box(30, 30, 40, 40), 0.0),
        (box(3, 3, 3, 3), box(3, 3, 3, 3), 0.0),
    ],
)
def test_overlap_of_two_boxes(one: Float32, other: Float32, expected: float) -> None:
    assert iou_matrix(one, other)[0, 0] == pytest.approx(expected, abs=1e-6)


def test_no_boxes_are_valid_everywhere() -> None:
    assert iou_matrix(NONE, box(0, 0, 1, 1)).shape == (0, 1)
    assert iou_matrix(box(0, 0, 1, 1), NONE).shape == (1, 0)
    assert areas(NONE).shape == (0,)
    assert centres(NONE).shape == (0, 2)
    assert clamp_boxes(NONE, 10, 10).shape == (0, 4)
    assert non_max_suppression(NONE, np.zeros(0, np.float32), 0.3) == []
    assert len(scale_faces(Faces.none(), 2, 2)) == 0


@given(boxes, boxes)
def test_overlap_lies_between_0_and_1_and_is_symmetric(some: Float32, others: Float32) -> None:
    overlap = iou_matrix(some, others)
    assert overlap.shape == (len(some), len(others))
    assert ((overlap >= 0) & (overlap <= 1.0001)).all()
    assert np.allclose(overlap, iou_matrix(others, some).T, atol=1e-6)


@given(boxes, st.integers(1, 300), st.integers(1, 300))
def test_clamped_boxes_lie_in_the_picture(some: Float32, width: int, height: int) -> None:
    clamped = clamp_boxes(some, width, height)
    assert (clamped >= 0).all()
    assert (clamped[:, [0, 2]] <= width).all()
    assert (clamped[:, [1, 3]] <= height).all()
    assert np.array_equal(clamp_boxes(clamped, width, height), clamped)


@given(boxes, st.floats(0.05, 0.95), st.randoms(use_true_random=False))
def test_suppression_keeps_the_best_and_leaves_nothing_close(some: Float32, limit: float, random: object) -> None:
    scores = np.array([random.random() for _ in some], np.float32)  # type: ignore[attr-defined]
    kept = non_max_suppression(some, scores, limit)
    overlap = iou_matrix(some, some)
    assert list(scores[kept]) == sorted(scores[kept], reverse=True)
    assert all(overlap[a, b] <= limit for a in kept for b in kept if a != b)
    dropped = set(range(len(some))) - set(kept)
    assert all(any(overlap[a, b] > limit and scores[b] >= scores[a] for b in kept) for a in dropped)


def test_faces_are_scaled_then_shifted() -> None:
    faces = Faces(box(10, 20, 30, 40), np.ones(1, np.float32), np.full((1, 5, 2), 10, np.float32))
    moved = scale_faces(faces, 2, 3, 100, 200)
    assert moved.boxes_xyxy.tolist() == [[120, 260, 160, 320]]
    assert moved.landmarks[0, 0].tolist() == [120, 230]
    assert moved.boxes_xyxy.dtype == np.float32
