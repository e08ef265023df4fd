"""The face mesh: faces told from junk, signs of the angles, crops that match their faces."""

import cv2
import numpy as np
import pytest

from analysis.faces.detect import load_detector
from analysis.faces.face_mesh import (
    BATCH,
    CHIN,
    FOREHEAD,
    LEFT_CHEEK,
    RIGHT_CHEEK,
    FaceMesh,
    angles_deg,
    load_face_mesh,
)
from analysis.types import Faces, Float32, Image
from tests.analysis.portraits import portrait


@pytest.fixture(scope="module")
def face_mesh() -> FaceMesh:
    return load_face_mesh(1)


@pytest.fixture(scope="module")
def found() -> dict[str, Faces]:
    detector = load_detector(1)
    return {name: detector.detect_frame(portrait(name)) for name in ("collins", "hopper")}


def flipped(image_bgr: Image, boxes_xyxy: Float32, landmarks: Float32) -> tuple[Image, Float32, Float32]:
    """Picture, boxes and landmarks as in a mirror."""
    width = image_bgr.shape[1]
    boxes = boxes_xyxy.copy()
    boxes[:, [0, 2]] = width - boxes_xyxy[:, [2, 0]]
    points = landmarks[:, [1, 0, 2, 4, 3]].copy()
    points[..., 0] = width - 1 - points[..., 0]
    return np.ascontiguousarray(image_bgr[:, ::-1]), boxes, points


def mesh(yaw_deg: float, pitch_deg: float) -> Float32:
    """A mesh of the four points that matter, turned to the right of the picture, then up."""
    yaw, pitch = np.radians([yaw_deg, pitch_deg])
    points = np.zeros((1, 468, 3))
    points[0, [LEFT_CHEEK, RIGHT_CHEEK]] = [(-70, 0, 60), (70, 0, 60)]
    points[0, [FOREHEAD, CHIN]] = [(0, -80, 10), (0, 80, 10)]
    turn = np.array([(np.cos(yaw), 0, -np.sin(yaw)), (0, 1, 0), (np.sin(yaw), 0, np.cos(yaw))])
    tilt = np.array([(1, 0, 0), (0, np.cos(pitch), np.sin(pitch)), (0, -np.sin(pitch), np.cos(pitch))])
    turned: Float32 = (points @ turn.T @ tilt.T).astype(np.float32)
    return turned


@pytest.mark.parametrize("name", ["collins", "hopper"])
def test_a_portrait_is_a_face_that_looks_about_into_the_camera(
    face_mesh: FaceMesh, found: dict[str, Faces], name: str
) -> None:
    poses = face_mesh.rate(portrait(name), found[name].boxes_xyxy[:1], found[name].landmarks[:1])
    assert poses.presence[0] > 0.99
    assert abs(poses.yaw_deg[0]) < 30
    assert abs(poses.pitch_deg[0]) < 30


@pytest.mark.parametrize("name", ["collins", "hopper"])
def test_a_mirrored_picture_negates_the_yaw_only(face_mesh: FaceMesh, found: dict[str, Faces], name: str) -> None:
    as_it_is = (portrait(name), found[name].boxes_xyxy[:1], found[name].landmarks[:1])
    poses, mirrored = face_mesh.rate(*as_it_is), face_mesh.rate(*flipped(*as_it_is))
    assert mirrored.yaw_deg[0] == pytest.approx(-poses.yaw_deg[0], abs=4)
    assert mirrored.pitch_deg[0] == pytest.approx(poses.pitch_deg[0], abs=4)
    assert mirrored.presence[0] > 0.99
    there_and_back = face_mesh.crop(*flipped(*as_it_is))[:, :, ::-1].astype(int)
    assert np.abs(there_and_back - face_mesh.crop(*as_it_is)).mean() < 1


def test_positive_is_to_the_right_of_the_picture_and_up() -> None:
    level = angles_deg(mesh(0, 0))[1][0]
    yaw, pitch = angles_deg(mesh(25, 0))
    assert yaw[0] == pytest.approx(25, abs=0.1)
    assert pitch[0] == pytest.approx(level, abs=0.1)
    assert angles_deg(mesh(0, 15))[1][0] - level == pytest.approx(15, abs=0.1)


def test_a_turned_picture_changes_no_angle(face_mesh: FaceMesh, found: dict[str, Faces]) -> None:
    image, faces = portrait("hopper"), found["hopper"]
    x, y = faces.boxes_xyxy[0].reshape(2, 2).mean(axis=0)
    transform = cv2.getRotationMatrix2D((float(x), float(y)), 40, 1.0)
    turned = np.asarray(cv2.warpAffine(image, transform, image.shape[1::-1]), np.uint8)
    landmarks = (faces.landmarks[:1] @ transform[:, :2].T + transform[:, 2]).astype(np.float32)
    poses = face_mesh.rate(image, faces.boxes_xyxy[:1], faces.landmarks[:1])
    other = face_mesh.rate(turned, faces.boxes_xyxy[:1], landmarks)
    assert other.presence[0] > 0.99
    assert other.yaw_deg[0] == pytest.approx(poses.yaw_deg[0], abs=4)
    assert other.pitch_deg[0] == pytest.approx(poses.pitch_deg[0], abs=4)


def test_what_is_no_face_has_no_presence(face_mesh: FaceMesh) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (3, 192, 192, 3)).astype(np.uint8)
    plain = np.full((2, 192, 192, 3), 120, np.uint8)
    assert face_mesh.rate_crops(np.concatenate([noise, plain])).presence.max() < 0.1


def test_a_face_that_hangs_upside_down_is_none(face_mesh: FaceMesh, found: dict[str, Faces]) -> None:
    for name, faces in found.items():
        crops = face_mesh.crop(portrait(name), faces.boxes_xyxy[:1], faces.landmarks[:1])
        assert face_mesh.rate_crops(crops[:, ::-1, ::-1]).presence[0] < 0.5


def test_ratings_do_not_depend_on_the_batch(face_mesh: FaceMesh, found: dict[str, Faces]) -> None:
    crops = [face_mesh.crop(portrait(name), faces.boxes_xyxy, faces.landmarks) for name, faces in found.items()]
    many = np.concatenate([*crops] * (BATCH + 1))
    poses, alone = face_mesh.rate_crops(many), face_mesh.rate_crops(many[-1:])
    assert len(poses) == len(many)
    assert poses.presence.dtype == poses.yaw_deg.dtype == poses.pitch_deg.dtype == np.float32
    for several, one in ((poses.presence, alone.presence), (poses.yaw_deg, alone.yaw_deg)):
        assert several[-1] == pytest.approx(one[0], abs=1e-3)


def test_no_faces_give_no_rows(face_mesh: FaceMesh) -> None:
    none = Faces.none()
    crops = face_mesh.crop(portrait("hopper"), none.boxes_xyxy, none.landmarks)
    assert crops.shape == (0, 192, 192, 3)
    assert (
        len(face_mesh.rate_crops(crops))
        == len(face_mesh.rate(portrait("hopper"), none.boxes_xyxy, none.landmarks))
        == 0
    )


@pytest.mark.filterwarnings("error")
def test_points_that_coincide_and_boxes_without_area_are_rated_all_the_same(face_mesh: FaceMesh) -> None:
    poses = face_mesh.rate(portrait("hopper"), np.full((1, 4), 9, np.float32), np.full((1, 5, 2), 9, np.float32))
    assert np.isfinite([poses.presence, poses.yaw_deg, poses.pitch_deg]).all()


def test_wrong_shapes_are_named(face_mesh: FaceMesh) -> None:
    with pytest.raises(ValueError, match=r"boxes_xyxy: expected shape \(1, 4\), got \(2, 4\)"):
        face_mesh.crop(portrait("hopper"), np.zeros((2, 4), np.float32), np.zeros((1, 5, 2), np.float32))
    with pytest.raises(ValueError, match=r"crops_bgr: expected shape \(1, 192, 192, 3\)"):
        face_mesh.rate_crops(np.zeros((1, 112, 112, 3), np.uint8))
