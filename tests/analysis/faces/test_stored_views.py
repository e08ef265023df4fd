"""Stored pictures of faces give nearly the vectors and measures that the video gave."""

import cv2
import numpy as np
import pytest

from analysis.faces.detect import FaceDetector, load_detector
from analysis.faces.embed import Embedder, load_mobilefacenet
from analysis.faces.face_mesh import load_face_mesh
from analysis.faces.stored_views import StoredView, StoredViewReader, landmarks_in_box, share_of_picture
from analysis.types import Faces, Float32, Image
from tests.analysis.portraits import portrait

NAMES = ("collins", "hopper")


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return load_detector(1)


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return load_mobilefacenet(1)


def face_of(name: str, detector: FaceDetector) -> tuple[Image, Faces]:
    image = portrait(name)
    return image, detector.detect_frame(image)


def stored(name: str, detector: FaceDetector) -> StoredView:
    """As the tracker cuts it out: 1.8 times the box, clipped to the picture, at most 192 px."""
    image, faces = face_of(name, detector)
    box = faces.boxes_xyxy[0]
    size = image.shape[1], image.shape[0]
    middle, side = (box[:2] + box[2:]) / 2, float(max(box[2:] - box[:2])) * 1.8
    (x1, y1), (x2, y2) = (np.clip(middle + at * side / 2, 0, size).astype(int) for at in (-1, 1))
    crop = image[y1:y2, x1:x2]
    scale = min(192 / max(crop.shape[:2]), 1.0)
    jpeg = cv2.imencode(".jpg", cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))[1]
    return StoredView(jpeg.tobytes(), share_of_picture(box, size))


def original(name: str, detector: FaceDetector, embedder: Embedder) -> Float32:
    image, faces = face_of(name, detector)
    vector: Float32 = embedder.embed(embedder.align(image, faces.landmarks[:1]))[0]
    return vector


@pytest.mark.parametrize("threads", [1, 2])
def test_vectors_of_stored_pictures_are_those_of_the_video(
    threads: int, detector: FaceDetector, embedder: Embedder
) -> None:
    reader = StoredViewReader(detector, threads)
    views = [stored(name, detector) for name in NAMES] * 12
    found = reader.embed(views, embedder)
    for vector, name in zip(found, NAMES * 12, strict=True):
        assert vector is not None
        assert float(vector @ original(name, detector, embedder)) > 0.95
    assert (reader.counts.views, reader.counts.landmarks_found) == (24, 24)


def test_a_picture_without_a_face_gives_none_or_a_guess(detector: FaceDetector, embedder: Embedder) -> None:
    grey = cv2.imencode(".jpg", np.full((96, 96, 3), 128, np.uint8))[1].tobytes()
    view = StoredView(grey, np.array([0.2, 0.2, 0.8, 0.8], np.float32))
    reader = StoredViewReader(detector)
    assert reader.embed([view, StoredView(b"", view.box_share)], embedder) == [None, None]
    guessed = reader.embed([view], embedder, guess=True)[0]
    assert guessed is not None and guessed.shape == (192,)


def test_stored_landmarks_are_used_without_detecting(detector: FaceDetector, embedder: Embedder) -> None:
    view = stored("collins", detector)
    reader = StoredViewReader(detector)
    reader.embed([StoredView(view.picture_jpeg, view.box_share, landmarks_in_box(view.box_share))], embedder)
    assert (reader.counts.landmarks_stored, reader.counts.landmarks_found) == (1, 0)


def test_a_clear_portrait_is_measured_as_one(detector: FaceDetector) -> None:
    for measures in StoredViewReader(detector).measure([stored(name, detector) for name in NAMES], load_face_mesh(1)):
        assert measures is not None
        assert measures.presence > 0.9 and abs(measures.yaw_deg) < 30 and measures.sharpness > 0.1


def test_the_box_of_a_clipped_picture_is_where_the_face_is() -> None:
    inside = share_of_picture(np.array([40, 40, 60, 60], np.float32), (100, 100))
    assert np.allclose(inside, np.array([8, 8, 28, 28]) / 36, atol=1e-5)
    at_edge = share_of_picture(np.array([0, 40, 20, 60], np.float32), (100, 100))
    assert np.allclose(at_edge[[0, 2]], np.array([0, 20]) / 28, atol=1e-5)
