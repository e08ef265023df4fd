"""Alignment: the closed form against planted transforms, shrinking without made-up patterns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.faces.align import ARCFACE_SIZE, ARCFACE_TEMPLATE, align_faces, similarity_transforms


@given(st.floats(-3.1, 3.1), st.floats(0.2, 8), st.floats(-300, 300), st.floats(-300, 300))
def test_a_planted_transform_is_found(angle: float, scale: float, x: float, y: float) -> None:
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    landmarks = (ARCFACE_TEMPLATE @ turn.T + [x, y]).astype(np.float32)
    transform = similarity_transforms(landmarks[None], ARCFACE_TEMPLATE)[0]
    back = landmarks.astype(np.float64) @ transform[:, :2].T + transform[:, 2]
    assert np.abs(back - ARCFACE_TEMPLATE).max() < 0.01


def test_the_transform_is_the_best_of_all_similarities() -> None:
    random = np.random.default_rng(1)
    landmarks = (ARCFACE_TEMPLATE * 2 + random.normal(0, 6, (5, 2))).astype(np.float32)
    best = similarity_transforms(landmarks[None], ARCFACE_TEMPLATE)[0]

    def error(transform: np.ndarray) -> float:
        return float(((landmarks @ transform[:, :2].T + transform[:, 2] - ARCFACE_TEMPLATE) ** 2).sum())

    for _ in range(200):
        a, b = random.normal(0, 0.02, 2)
        other = (
            best + np.array([[a, -b, 0], [b, a, 0]]) + np.array([[0, 0, 1], [0, 0, 1]]) * random.normal(0, 1, (2, 1))
        )
        assert error(best) <= error(other)


def test_no_faces_and_faces_on_one_point() -> None:
    picture = np.full((40, 40, 3), 200, np.uint8)
    assert align_faces(picture, np.zeros((0, 5, 2), np.float32), ARCFACE_TEMPLATE, ARCFACE_SIZE).shape == (
        0,
        112,
        112,
        3,
    )
    transforms = similarity_transforms(np.full((1, 5, 2), 7, np.float32), ARCFACE_TEMPLATE)
    assert np.isfinite(transforms).all()


def test_wrong_landmarks_are_named() -> None:
    with pytest.raises(ValueError, match=r"landmarks: expected shape \(1, 5, 2\), got \(1, 4, 2\)"):
        similarity_transforms(np.zeros((1, 4, 2), np.float32), ARCFACE_TEMPLATE)


def test_smooth_shrinking_averages_fine_patterns_away() -> None:
    checks = ((np.indices((1200, 1200)).sum(axis=0) % 2) * 255).astype(np.uint8)
    picture = np.repeat(checks[..., None], 3, axis=2)
    landmarks = (ARCFACE_TEMPLATE * 6.3 + 150)[None].astype(np.float32)
    rough = align_faces(picture, landmarks, ARCFACE_TEMPLATE, ARCFACE_SIZE)
    smooth = align_faces(picture, landmarks, ARCFACE_TEMPLATE, ARCFACE_SIZE, smooth=True)
    assert smooth.std() < 5 < 30 < rough.std()


@pytest.mark.parametrize("scale", [2.3, 4.0, 7.9])
def test_smooth_shrinking_moves_nothing(scale: float) -> None:
    y, x = np.indices((1100, 1100))
    picture = np.stack([x / 5, y / 5, (x + y) / 10], axis=2).astype(np.uint8)
    landmarks = (ARCFACE_TEMPLATE * scale + [60, 90])[None].astype(np.float32)
    rough = align_faces(picture, landmarks, ARCFACE_TEMPLATE, ARCFACE_SIZE).astype(int)
    smooth = align_faces(picture, landmarks, ARCFACE_TEMPLATE, ARCFACE_SIZE, smooth=True).astype(int)
    assert np.abs(rough - smooth)[0, 2:-2, 2:-2].max() <= 1
    assert abs((rough - smooth).mean()) < 0.5
