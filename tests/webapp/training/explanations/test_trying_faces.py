"""A model of faces is tried on real pictures: the real detector finds the face that it then classifies."""

from typing import Any

import cv2
import numpy as np
import pytest

from analysis.faces.detect import load_detector
from analysis.images.read import decode_picture
from analysis.training.evaluation.explanation_images import FACE_SURROUNDINGS, largest_face
from analysis.types import Image
from tests.analysis.images.test_read import jpeg_with_orientation
from tests.analysis.portraits import portrait
from tests.conftest import signed_in
from tests.present import present
from tests.webapp.training.explanations.test_views import page, upload, worked
from webapp import storage
from webapp.accounts.models import User
from webapp.datasets.models import DatasetKind
from webapp.jobs.models import Status
from webapp.training.models import Explanation, TrainingRun

pytestmark = pytest.mark.django_db(transaction=True)

GREY = 90


@pytest.fixture
def faces_run(trained: TrainingRun) -> TrainingRun:
    """The small model of stripes, taken for one of faces: what it is shown is the question here, not what it says."""
    TrainingRun.objects.filter(pk=trained.pk).update(kind=DatasetKind.FACES)
    trained.refresh_from_db()
    return trained


def on_ground(*placed: tuple[Image, float, tuple[int, int]], size: tuple[int, int] = (1000, 1400)) -> Image:
    """Pictures, each scaled by a factor and laid on a grey ground with its left upper corner at (x, y)."""
    ground = np.full((*size, 3), GREY, np.uint8)
    for image, scale, (x, y) in placed:
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        ground[y : y + small.shape[0], x : x + small.shape[1]] = small
    return ground


def upright_jpeg(image_bgr: Image) -> bytes:
    return jpeg_with_orientation(image_bgr, 1)


def tried(user: User, run: TrainingRun, content: bytes) -> tuple[Explanation, Image]:
    """Returns the finished explanation and the picture that the page shows under its heat map."""
    upload(signed_in(user), run, content, "mine.jpg")
    explanation = Explanation.objects.latest("created_at")
    assert worked(explanation).status == Status.DONE
    explanation.refresh_from_db()
    shown = storage.read_bytes(f"{run.files_prefix}/looks/{explanation.pk}/picture.jpg")
    return explanation, decode_picture(shown, "picture.jpg")


def faces_in(image: Image) -> Any:
    return load_detector(threads=1).detect(image)


def test_a_small_face_is_cut_out_with_its_surroundings(faces_run: TrainingRun, bob: User) -> None:
    whole = on_ground((portrait("hopper"), 0.5, (900, 300)))
    [box] = faces_in(whole).boxes_xyxy
    explanation, shown = tried(bob, faces_run, upright_jpeg(whole))
    side = FACE_SURROUNDINGS * max(box[2:] - box[:2])
    assert shown.shape[0] == shown.shape[1] == pytest.approx(side, abs=3)
    [found] = faces_in(shown).boxes_xyxy
    assert found.mean() == pytest.approx(side / 2, rel=0.15), "in the middle of what is shown"
    assert explanation.result["said"] in faces_run.result["labels"]
    assert "mine.jpg" in page(signed_in(bob), faces_run, explanation)


def test_of_two_faces_the_larger_one(faces_run: TrainingRun, bob: User) -> None:
    both = on_ground((portrait("collins"), 0.9, (20, 20)), (portrait("hopper"), 0.9, (800, 300)))
    alone = present(largest_face(on_ground((portrait("hopper"), 0.9, (800, 300))), load_detector(threads=1)))
    _look, shown = tried(bob, faces_run, upright_jpeg(both))
    assert shown.shape == pytest.approx(alone.shape, abs=3)
    size = (64, 64)
    apart = np.abs(cv2.resize(shown, size).astype(float) - cv2.resize(alone, size)).mean()
    assert apart < 8, "the larger face is hopper's"


def test_a_picture_that_lies_on_its_side_is_turned_first(faces_run: TrainingRun, bob: User) -> None:
    upright = on_ground((portrait("hopper"), 0.5, (900, 300)))
    lying = cv2.rotate(upright, cv2.ROTATE_90_COUNTERCLOCKWISE)
    _look, straight = tried(bob, faces_run, upright_jpeg(upright))
    _look, turned = tried(bob, faces_run, jpeg_with_orientation(np.asarray(lying, np.uint8), 6))
    assert turned.shape == pytest.approx(straight.shape, abs=3)
    size = (64, 64)
    assert np.abs(cv2.resize(turned, size).astype(float) - cv2.resize(straight, size)).mean() < 8


def test_without_a_face_it_says_so_and_takes_the_whole_picture(faces_run: TrainingRun, bob: User) -> None:
    empty = on_ground(size=(400, 600))
    explanation, shown = tried(bob, faces_run, upright_jpeg(empty))
    assert shown.shape[:2] == (400, 600)
    assert "No face was found" in page(signed_in(bob), faces_run, explanation)
    with_face, _shown = tried(bob, faces_run, upright_jpeg(on_ground((portrait("hopper"), 0.5, (900, 300)))))
    assert "No face was found" not in page(signed_in(bob), faces_run, with_face)
