"""Figures of merit of the benchmarks, on cases that can be worked out by hand."""

import numpy as np
import pytest

from benchmarks.__main__ import titles
from benchmarks.scoring import ScoredPicture, accuracy_in_folds, average_precision, true_accept_rate

FACE, FAR, TINY = (0, 0, 10, 10), (50, 50, 60, 60), (80, 80, 84, 84)


def picture(
    found: list[tuple[float, tuple[int, ...]]], truth: list[tuple[int, ...]], ignored: list[bool]
) -> ScoredPicture:
    return ScoredPicture(
        np.array([box for _, box in found], np.float32).reshape(-1, 4),
        np.array([score for score, _ in found], np.float32),
        np.array(truth, np.float32).reshape(-1, 4),
        np.array(ignored, bool),
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], 0.0),
        ([(0.9, FACE), (0.8, FAR)], 1.0),
        ([(0.9, FACE)], 0.5),
        ([(0.9, FACE), (0.85, FACE), (0.8, FAR)], 0.5 + 0.5 * 2 / 3),
        ([(0.9, FACE), (0.8, FAR), (0.7, FACE)], 1.0),
        ([(0.95, TINY), (0.9, FACE), (0.8, FAR)], 1.0),
    ],
)
def test_average_precision(found: list[tuple[float, tuple[int, ...]]], expected: float) -> None:
    assert average_precision([picture(found, [FACE, FAR, TINY], [False, False, True])]) == pytest.approx(expected)


def test_accuracy_judges_each_fold_with_the_threshold_of_the_others() -> None:
    similarity = np.array([0.9, 0.1, 0.8, 0.2], np.float32)
    folds = np.array([1, 1, 2, 2])
    assert accuracy_in_folds(similarity, np.array([True, False, True, False]), folds) == 1
    assert accuracy_in_folds(similarity, np.array([True, False, False, True]), folds) < 0.5


def test_true_accepts_at_a_rate_of_false_ones() -> None:
    impostors = np.linspace(0, 1, 1001, dtype=np.float32)
    genuine = np.array([0.985, 0.995, 0.9], np.float32)
    assert true_accept_rate(genuine, impostors, 0.01) == pytest.approx(1 / 3)
    assert true_accept_rate(genuine, impostors, 0.2) == 1


def test_every_benchmark_says_in_a_line_what_it_measures() -> None:
    assert {"detection", "verification"} <= titles().keys()
    assert all(title.endswith(".") and len(title) < 130 for title in titles().values())
