"""The painted faces of the sample dataset: the same each time, with the flaws that were put into them."""

import numpy as np
import pytest

from analysis.doctor.duplicates import near_duplicates
from analysis.doctor.flaws import find_blurred, find_dark
from analysis.doctor.measures import MeasureTable, measure_picture
from analysis.samples import drawings as sample_drawings
from analysis.samples.drawings import DRAWINGS, EACH, Drawing


@pytest.fixture(scope="module")
def drawings() -> list[Drawing]:
    return list(sample_drawings.sample_drawings())


@pytest.fixture(scope="module")
def measured(drawings: list[Drawing]) -> MeasureTable:
    return MeasureTable.of(measure_picture(drawing.image_bgr) for drawing in drawings)


def test_they_are_the_same_each_time(drawings: list[Drawing]) -> None:
    assert len(drawings) == DRAWINGS == len({drawing.name for drawing in drawings})
    for first, again in zip(drawings, sample_drawings.sample_drawings(), strict=True):
        assert first.name == again.name and np.array_equal(first.image_bgr, again.image_bgr)


def test_half_of_them_smile(drawings: list[Drawing]) -> None:
    painted = drawings[: 2 * EACH]
    wrong = sum(number < 2 * EACH for number in sample_drawings.WRONGLY_LABELLED)
    assert abs(sum(drawing.is_smiling for drawing in painted) - EACH) <= wrong


def test_the_doctor_finds_what_was_blurred_and_darkened(measured: MeasureTable) -> None:
    assert set(sample_drawings.BLURRED) <= set(find_blurred(measured).indices.tolist())
    assert set(sample_drawings.DARK) <= set(find_dark(measured).indices.tolist())


def test_the_doctor_finds_what_is_there_twice_and_nothing_else(measured: MeasureTable) -> None:
    groups = near_duplicates(measured.signatures)
    copies = [(number, 2 * EACH + place) for place, number in enumerate(sample_drawings.TWICE)]
    assert sorted(group.indices for group in groups) == copies
