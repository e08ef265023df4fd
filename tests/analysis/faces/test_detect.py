"""Finding faces: the same as OpenCV's own YuNet, in frames and still pictures of every shape."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from analysis.boxes import iou_matrix
from analysis.faces.detect import OVERLAP_PX, TILE_PX, FaceDetector, _tiles, load_detector, merge_passes
from analysis.types import Faces, Float32, Image, Thoroughness
from analysis.weights import YUNET, verified_path
from tests.analysis.portraits import portrait


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return load_detector(threads=1)


def crowd() -> Image:
    """Both portraits in several sizes side by side, odd width and height."""
    canvas = np.full((431, 777, 3), 90, np.uint8)
    for left, top, side, name in ((0, 0, 300, "hopper"), (310, 20, 350, "collins"), (667, 300, 100, "hopper")):
        picture = portrait(name)[:512]
        canvas[top : top + side, left : left + side] = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return canvas


@pytest.mark.parametrize("size", [(777, 431), (640, 355), (96, 53)])
def test_the_same_faces_as_opencv(detector: FaceDetector, size: tuple[int, int]) -> None:
    picture = np.asarray(cv2.resize(crowd(), size, interpolation=cv2.INTER_AREA), np.uint8)
    reference = cv2.FaceDetectorYN.create(str(verified_path(YUNET)), "", size, 0.5, 0.3, 5000).detect(picture)[1]
    faces = detector.detect_frame(picture, 0.5)
    assert len(faces) == (0 if reference is None else len(reference))
    if reference is None:
        return
    assert np.allclose(faces.scores, reference[:, 14], atol=1e-4)
    assert np.allclose(faces.landmarks.reshape(-1, 10), reference[:, 4:14], atol=0.05)
    inside = reference[:, :4] + np.pad(reference[:, :2], ((0, 0), (2, 0)))
    assert np.allclose(faces.boxes_xyxy, np.clip(inside, 0, [*size, *size]), atol=0.05)


def test_a_batch_gives_what_each_frame_gives_alone(detector: FaceDetector) -> None:
    frames = [crowd(), np.zeros_like(crowd()), np.ascontiguousarray(crowd()[:, ::-1])]
    together = detector.detect_frames(frames)
    assert [len(faces) for faces in together] == [3, 0, 3]
    for frame, faces in zip(frames, together, strict=True):
        assert np.allclose(detector.detect_frame(frame).boxes_xyxy, faces.boxes_xyxy, atol=0.01)
    assert detector.detect_frames([]) == []


@pytest.mark.parametrize("thoroughness", list(Thoroughness))
def test_still_pictures_show_each_face_once(detector: FaceDetector, thoroughness: Thoroughness) -> None:
    faces = detector.detect(crowd(), thoroughness)
    assert len(faces) == 3
    assert list(faces.scores) == sorted(faces.scores, reverse=True)
    assert (iou_matrix(faces.boxes_xyxy, faces.boxes_xyxy) - np.eye(3) < 0.1).all()
    found_again = detector.detect(crowd(), thoroughness)
    assert np.array_equal(found_again.boxes_xyxy, faces.boxes_xyxy)


def test_thorough_finds_faces_that_fast_misses(detector: FaceDetector) -> None:
    wide = np.full((700, 2000, 3), 120, np.uint8)
    wide[300:360, 900:960] = cv2.resize(portrait("hopper")[:512], (60, 60), interpolation=cv2.INTER_AREA)
    assert len(detector.detect(wide, Thoroughness.FAST)) == 0
    assert len(detector.detect(wide, Thoroughness.THOROUGH)) == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (31, 33), (16, 16)])
def test_pictures_of_odd_shapes_hold_no_faces_and_break_nothing(detector: FaceDetector, shape: tuple[int, int]) -> None:
    assert len(detector.detect(np.full((*shape, 3), 128, np.uint8))) == 0
    assert len(detector.detect_frame(np.full((*shape, 3), 128, np.uint8))) == 0


def test_noise_and_plain_colours_are_no_faces(detector: FaceDetector) -> None:
    random = np.random.default_rng(5)
    for picture in (random.integers(0, 256, (360, 640, 3), dtype=np.uint8), np.full((360, 640, 3), 255, np.uint8)):
        assert len(detector.detect(picture, Thoroughness.THOROUGH)) == 0


def one_face(score: float, box: tuple[float, ...], at: float) -> Faces:
    boxes: Float32 = np.array([box], np.float32)
    return Faces(boxes, np.array([score], np.float32), np.full((1, 5, 2), at, np.float32))


def test_a_face_seen_by_one_look_only_scores_less() -> None:
    both = merge_passes([one_face(0.8, (0, 0, 100, 100), 1), one_face(0.8, (2, 0, 102, 100), 2)], [1.0, 2.5], 0.1)
    alone = merge_passes([one_face(0.8, (0, 0, 100, 100), 1), Faces.none()], [1.0, 2.5], 0.1)
    assert both.scores.tolist() == pytest.approx([0.8])
    assert alone.scores.tolist() == pytest.approx([0.6])
    assert both.boxes_xyxy[0].tolist() == pytest.approx([1, 0, 101, 100])
    assert both.landmarks[0, 0, 0] == 2  # seen 250 pixels large there, and only 100 in the other pass


def test_merging_nothing_or_only_doubtful_faces_gives_none() -> None:
    assert len(merge_passes([Faces.none(), Faces.none()], [1.0, 2.0], 0.1)) == 0
    assert len(merge_passes([one_face(0.3, (0, 0, 9, 9), 1), Faces.none()], [1.0, 2.0], 0.5)) == 0


def test_a_large_picture_has_the_same_faces_in_tiles_as_in_one_run(detector: FaceDetector) -> None:
    """Rows of faces lie across all borders of tiles."""
    canvas = np.full((2100, 3072, 3), 90, np.uint8)
    for top in range(0, 2000, 230):
        for left in range(0, 2900, 170):
            side = 90 + (left * 7 + top * 3) % 70
            picture = cv2.resize(portrait("hopper")[:512], (side, side), interpolation=cv2.INTER_AREA)
            canvas[top : top + side, left : left + side] = picture
    whole = detector.detect_frame(canvas, 0.5)
    tiled = detector._detect_at(canvas, (3072, 2100), 0.5)
    assert len(whole) > 100
    found = iou_matrix(whole.boxes_xyxy, tiled.boxes_xyxy)
    assert len(tiled) == len(whole) and found.max(axis=1).min() > 0.9
    assert np.abs(tiled.landmarks[found.argmax(axis=1)] - whole.landmarks).max() < 2


@pytest.mark.parametrize("length", [1, 32, 1279, 1280, 1281, 2047, 3072, 4096])
def test_tiles_cover_a_picture_and_each_place_is_of_one(length: int) -> None:
    tiles = _tiles(length)
    assert (tiles[0].begin, tiles[-1].end) == (0, length)
    assert all(tile.length <= TILE_PX + 32 and tile.begin % 32 == 0 for tile in tiles)
    for before, after in pairwise(tiles):
        assert before.end - after.begin >= OVERLAP_PX and before.own_to == after.own_from
