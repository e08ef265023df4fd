"""Quality of a view: blur, darkness, glare, smallness and a turned head each lower it."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from analysis.faces.detect import load_detector
from analysis.faces.quality import face_qualities, pose_marks, size_marks
from analysis.types import Faces, Float32, Image
from tests.analysis.portraits import portrait

FRONTAL = np.array([[(0, 0), (40, 0), (20, 22), (4, 44), (36, 44)]], np.float32)


@pytest.fixture(scope="module")
def faces() -> Faces:
    return load_detector(1).detect_frame(portrait("hopper"))


def test_no_faces_have_no_quality() -> None:
    assert face_qualities(portrait("hopper"), Faces.none()).shape == (0,)


def test_a_good_portrait_is_good(faces: Faces) -> None:
    assert face_qualities(portrait("hopper"), faces)[0] > 0.7


@pytest.mark.parametrize(
    "spoil",
    [
        lambda picture: cv2.GaussianBlur(picture, (0, 0), 6),
        lambda picture: (picture * 0.12).astype(np.uint8),
        lambda picture: np.clip(picture * 0.2 + 210, 0, 255).astype(np.uint8),
        lambda picture: np.zeros_like(picture),
    ],
    ids=["blurred", "dark", "glaring", "black"],
)
def test_spoilt_pictures_lose_quality(faces: Faces, spoil: Callable[[Image], Image]) -> None:
    good, bad = face_qualities(portrait("hopper"), faces)[0], face_qualities(spoil(portrait("hopper")), faces)[0]
    assert 0 <= bad < 0.75 * good


def test_more_blur_is_never_better(faces: Faces) -> None:
    blurred = [np.asarray(cv2.GaussianBlur(portrait("hopper"), (0, 0), s), np.uint8) for s in (1, 2, 4, 8)]
    marks = [face_qualities(picture, faces)[0] for picture in blurred]
    assert marks == sorted(marks, reverse=True)
    assert marks[-1] < marks[0]


@pytest.mark.parametrize(("scale", "least", "most"), [(0.1, 0, 0), (0.3, 0.1, 0.5), (1.0, 1, 1), (5.0, 1, 1)])
def test_size_counts_up_to_what_embedders_see(scale: float, least: float, most: float) -> None:
    assert least <= size_marks(FRONTAL * np.float32(scale))[0] <= most


def turned(nose_x: float, nose_y: float = 22) -> Float32:
    landmarks = FRONTAL.copy()
    landmarks[0, 2] = nose_x, nose_y
    return landmarks


def test_turning_and_tilting_lower_the_pose_mark_to_either_side_alike() -> None:
    assert pose_marks(FRONTAL)[0] == pytest.approx(1)
    assert pose_marks(turned(30))[0] == pytest.approx(pose_marks(turned(10))[0])
    assert pose_marks(turned(20)) > pose_marks(turned(30)) > pose_marks(turned(45))
    assert pose_marks(turned(60))[0] == 0
    assert pose_marks(turned(20, 38))[0] < 0.7


def test_a_head_on_the_shoulder_keeps_its_mark() -> None:
    angle = np.radians(70)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    for landmarks in (FRONTAL, turned(30)):
        assert pose_marks(landmarks @ turn.T)[0] == pytest.approx(pose_marks(landmarks)[0], abs=1e-4)


def test_landmarks_on_one_point_are_no_face() -> None:
    assert size_marks(np.full((1, 5, 2), 9, np.float32))[0] == 0
    assert np.isfinite(pose_marks(np.full((1, 5, 2), 9, np.float32))).all()
