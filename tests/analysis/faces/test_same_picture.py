"""Two faces in one picture are two people; taking turns is not being together."""

import numpy as np
import pytest

from analysis.faces.same_picture import first_together, seen_together
from analysis.types import Float32, Float64

Samples = tuple[Float64, Float32]


def samples(*times_s: float, left: float = 0) -> Samples:
    box = np.array([left, 0, left + 50, 50], np.float32)
    return np.array(times_s, np.float64), np.tile(box, (len(times_s), 1))


def test_one_shared_picture_is_enough() -> None:
    together = seen_together([samples(1, 2, 3), samples(3, 4, left=200), samples(5, 6, left=200)])
    assert together.tolist() == [[False, True, False], [True, False, False], [False, False, False]]


def test_tracks_that_take_turns_are_never_together() -> None:
    """An 8-second talking head was two people because the spans of its tracks overlapped."""
    first, second = samples(5.0, 5.24, 5.76), samples(5.52, 6.0, 6.24, left=200)
    assert not seen_together([first, second]).any()
    assert first_together([first], [second]) is None


def test_two_boxes_of_one_face_are_one_face() -> None:
    assert not seen_together([samples(1, 2), samples(1, 2, left=10)]).any()


def test_times_that_were_stored_as_single_precision_are_still_the_same_picture() -> None:
    start_s = 3600.04
    stored = np.float64(np.float32(61.24 - 0.04)) + start_s
    assert first_together([samples(start_s + 61.2)], [samples(float(stored), left=200)]) == pytest.approx(3661.24)


def test_the_first_moment_is_named() -> None:
    ours = [samples(1, 2), samples(7, 8)]
    assert first_together(ours, [samples(8, 9, left=200), samples(2, left=300)]) == 2
    assert first_together(ours, []) is None and seen_together([]).shape == (0, 0)
