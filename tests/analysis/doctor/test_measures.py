"""Measures of one picture: comparable over sizes, and meaning what they say."""

import cv2
import numpy as np
import pytest

from analysis.doctor import sharpness
from analysis.doctor.measures import MEASURED_SIDE_PX, MEASURES_VERSION, MeasureTable, measure_picture
from analysis.doctor.signature import SIGNATURE_BYTES
from tests.analysis.doctor.scenes import scene


def blur_of(image: np.ndarray) -> float:
    return measure_picture(np.asarray(image, np.uint8)).blur


@pytest.mark.parametrize("deviation", [1.5, 2.5, 4.0])
def test_blur_is_about_the_deviation_of_the_gaussian_that_made_it(deviation: float) -> None:
    blurs = [blur_of(cv2.GaussianBlur(scene(seed, 320, 240), (0, 0), deviation)) for seed in range(5)]
    assert np.median(blurs) == pytest.approx(np.hypot(deviation, 0.7), rel=0.3)


def test_a_picture_shaken_in_any_direction_is_blurred() -> None:
    sharp = scene(3, 320, 240)
    for kernel in (np.ones((1, 11)), np.ones((11, 1)), np.eye(11), np.eye(11)[::-1]):
        assert blur_of(cv2.filter2D(sharp, -1, kernel / kernel.sum())) > 1.7 * blur_of(sharp)


@pytest.mark.parametrize("angle", [11.25, 30.0, 61.0, 100.0])
def test_a_long_movement_off_the_main_directions_is_seen(angle: float) -> None:
    """Edges along the movement stay sharp, and show in a direction only a little off it."""
    y, x = np.mgrid[-12:13, -12:13]
    turned = np.deg2rad(angle)
    kernel = np.clip(1 - np.abs(x * np.sin(turned) - y * np.cos(turned)), 0, 1) * (np.hypot(x, y) <= 12)
    sharp = scene(3, 320, 240)
    assert blur_of(cv2.filter2D(sharp, -1, kernel / kernel.sum())) > 2.5 * blur_of(sharp)


def test_noise_is_not_taken_for_sharpness() -> None:
    soft = cv2.GaussianBlur(scene(6, 320, 240), (0, 0), 3.0).astype(np.float32)
    noisy = np.clip(soft + np.random.default_rng(0).normal(0, 4, soft.shape), 0, 255)
    assert blur_of(noisy) > 0.8 * blur_of(soft)


GIVEN = {
    1: (
        (1.1048, 0.4483, 0.6549, 0.0745, 0.1504, 114.3),
        (1.9754, 0.4295, 0.698, 0.2353, 0.132, 109.5),
    ),
}
"""What each version of the measures gives of two pictures, with the mean of the signature."""


def test_other_measures_have_another_version() -> None:
    """Where this fails on purpose: raise `MEASURES_VERSION`, so that rows already stored are measured again."""
    for image, given in zip(
        (scene(1, 320, 240), scene(2, 640, 300, softness_px=2.0)), GIVEN[MEASURES_VERSION], strict=True
    ):
        made = measure_picture(image)
        values = (made.blur, made.brightness, made.highlights, made.shadows, made.contrast)
        signature = float(np.frombuffer(made.signature, np.uint8).mean())
        assert (*values, signature) == pytest.approx(given, rel=2e-3, abs=2e-3)


def test_what_stands_before_a_soft_background_is_sharp() -> None:
    sharp = scene(4, 320, 240)
    portrait = cv2.GaussianBlur(sharp, (0, 0), 6)
    portrait[80:160, 100:220] = sharp[80:160, 100:220]
    assert blur_of(portrait) < 1.3 * blur_of(sharp)


def test_it_does_not_matter_how_much_is_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    images = [scene(seed, 323, 241, softness_px=seed + 0.7) for seed in range(3)]
    together = [blur_of(image) for image in images]
    monkeypatch.setattr(sharpness, "STRIP_PIXELS", 1000)
    assert [blur_of(image) for image in images] == pytest.approx(together, rel=1e-4)


def test_large_pictures_are_measured_at_a_fixed_size() -> None:
    large = scene(5, 4 * MEASURED_SIDE_PX, 3 * MEASURED_SIDE_PX, softness_px=4.0)
    measures = measure_picture(large)
    assert (measures.width, measures.height) == (2048, 1536)
    assert measures.blur < 1.6


def test_light_and_contrast() -> None:
    image = np.full((50, 80, 3), 51, np.uint8)
    image[:, :40] = 153
    measures = measure_picture(image)
    assert measures.brightness == pytest.approx(0.4, abs=0.01)
    assert measures.shadows == pytest.approx(0.2, abs=0.01)
    assert measures.highlights == pytest.approx(0.6, abs=0.01)
    assert measures.contrast == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 900, 3), (3000, 2, 3), (7, 7, 3)])
def test_odd_shapes_are_measured(shape: tuple[int, int, int]) -> None:
    measures = measure_picture(np.full(shape, 90, np.uint8))
    assert (measures.height, measures.width) == shape[:2]
    assert measures.blur == 0
    assert len(measures.signature) == SIGNATURE_BYTES


@pytest.mark.parametrize("shape", [(5, 5), (5, 5, 4), (0, 5, 3)])
def test_what_is_no_picture_is_refused_with_its_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected shape \(h, w, 3\)"):
        measure_picture(np.zeros(shape, np.uint8))


def test_a_table_of_none_and_of_two() -> None:
    assert len(MeasureTable.of([])) == 0
    table = MeasureTable.of([measure_picture(scene(1)), measure_picture(scene(2, 64, 48))])
    assert table.widths.tolist() == [160, 64]
    assert table.signatures.shape == (2, SIGNATURE_BYTES)
