"""Flaws: planted ones are found, and a dataset is never flagged as a whole for being what it is."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from analysis.doctor.flaws import (
    Flagged,
    find_blurred,
    find_dark,
    find_low_contrast,
    find_tiny,
    find_too_bright,
)
from analysis.doctor.measures import MeasureTable, measure_picture
from analysis.types import Image
from tests.analysis.doctor.scenes import scene

FINDERS = (find_blurred, find_dark, find_too_bright, find_tiny, find_low_contrast)


def table(images: list[Image]) -> MeasureTable:
    return MeasureTable.of(map(measure_picture, images))


def changed(image: Image, gain: float, offset: float = 0.0) -> Image:
    return np.clip(image * gain + offset, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("find", FINDERS)
def test_no_picture_has_no_flaw(find: Callable[[MeasureTable], Flagged]) -> None:
    assert len(find(table([]))) == 0


@pytest.mark.parametrize("find", FINDERS)
def test_good_pictures_of_any_size_have_no_flaw(find: Callable[[MeasureTable], Flagged]) -> None:
    sizes = [(48, 48), (160, 120), (640, 480), (1920, 1080)]
    for size in sizes:
        assert len(find(table([scene(seed, *size) for seed in range(12)]))) == 0


@pytest.mark.parametrize(("side", "blur_px"), [(48, 2.0), (160, 3.0), (640, 5.0)])
def test_blurred_pictures_are_found_worst_first(side: int, blur_px: float) -> None:
    images = [scene(seed, side, side) for seed in range(20)]
    for index, times in ((3, 1.0), (11, 2.0)):
        images[index] = np.asarray(cv2.GaussianBlur(images[index], (0, 0), times * blur_px), np.uint8)
    flagged = find_blurred(table(images))
    assert flagged.indices.tolist() == [11, 3]
    assert flagged.severities[0] >= flagged.severities[1] > 0


def test_a_set_of_soft_crops_is_not_all_blurred() -> None:
    soft = [scene(seed, 48, 48, softness_px=1.8) for seed in range(30)]
    assert len(find_blurred(table(soft))) <= 1


def test_a_black_picture_is_dark_and_not_blurred() -> None:
    images = [scene(seed) for seed in range(10)] + [np.zeros((120, 160, 3), np.uint8)]
    assert find_dark(table(images)).indices.tolist() == [10]
    assert len(find_blurred(table(images))) == 0


def test_dark_and_bright_pictures_are_found() -> None:
    images = [scene(seed) for seed in range(12)]
    images[2], images[5] = changed(images[2], 0.25), changed(images[5], 0.1)
    images[7] = changed(images[7], 0.3, 190)
    assert find_dark(table(images)).indices.tolist() == [5, 2]
    assert find_too_bright(table(images)).indices.tolist() == [7]


def test_recordings_of_the_night_are_not_all_dark() -> None:
    night = [changed(scene(seed), 0.22) for seed in range(20)]
    night[4] = changed(night[4], 0.2)
    assert find_dark(table(night)).indices.tolist() == [4]


def test_tiny_is_absolute_and_beside_the_others() -> None:
    large = [scene(seed, 640, 480) for seed in range(5)]
    assert find_tiny(table([*large, scene(9, 90, 60)])).indices.tolist() == [5]
    assert find_tiny(table([*large, scene(9, 200, 150)])).indices.tolist() == []
    crops = [scene(seed, 48, 48) for seed in range(5)]
    assert find_tiny(table([*crops, scene(9, 30, 16)])).indices.tolist() == [5]


def test_a_picture_of_fog_has_low_contrast() -> None:
    images = [scene(seed) for seed in range(8)]
    images[6] = changed(images[6], 0.1, 110)
    assert find_low_contrast(table(images)).indices.tolist() == [6]
