"""Hard cuts on thumbnails."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.types import Float32
from analysis.video.shot_cuts import CutDetector, block_changes, change, thumbnail


def scene(seed: int) -> Float32:
    return np.random.default_rng(seed).uniform(0, 255, (12, 20)).repeat(4, axis=0).repeat(4, axis=1).astype(np.float32)


def cuts_of(thumbs: list[Float32]) -> list[int]:
    detector = CutDetector()
    return [number for number, thumb in enumerate(thumbs) if detector.is_cut(thumb)]


def test_a_cut_is_found_where_it_is() -> None:
    assert cuts_of([scene(1)] * 10 + [scene(2)] * 10 + [scene(3)] * 10) == [10, 20]


def test_a_steady_pan_is_no_cut() -> None:
    waves = np.tile(127 + 120 * np.sin(np.arange(80) * 2 * np.pi / 80), (48, 1)).astype(np.float32)
    assert cuts_of([np.roll(waves, 3 * n, axis=1) for n in range(60)]) == []


def test_a_change_of_a_part_of_the_picture_is_a_cut() -> None:
    before, after = scene(1), scene(1)
    after[10:40, 25:55] = scene(2)[10:40, 25:55]
    assert cuts_of([before] * 10 + [after] * 10) == [10]


def test_over_a_gap_only_a_large_change_is_a_cut() -> None:
    detector = CutDetector()
    detector.is_cut(scene(1))
    assert not detector.is_cut(scene(1) * 0.8 + 20, after_gap=True)
    assert detector.is_cut(scene(2), after_gap=True)


@given(st.integers(1, 200), st.integers(1, 200))
def test_any_size_has_a_thumbnail_of_bounded_size(width: int, height: int) -> None:
    thumb = thumbnail(np.zeros((height * 3, width * 5), np.uint8))
    assert 1 <= thumb.shape[0] <= 2 * 48 and 1 <= thumb.shape[1] <= 2 * 80
    assert change(thumb, thumb) == 0
    assert block_changes(thumb, thumb + 255).max() == pytest.approx(1)


def test_another_size_counts_as_a_full_change() -> None:
    assert change(np.zeros((4, 4), np.float32), np.zeros((5, 4), np.float32)) == 1
