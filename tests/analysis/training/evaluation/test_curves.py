"""Curves by hand and against another library, thresholds by counting, differences against McNemar's exact test."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from analysis.training.evaluation.curves import (
    EXACT_UP_TO,
    MOST_POINTS,
    STEPS,
    chance_of_difference,
    precision_recall_curve,
    roc_curve,
    threshold_table,
)

rows = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=60)


def arrays(rows: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([score / 20 for score, _ in rows]), np.array([positive for _, positive in rows])


@settings(max_examples=80, deadline=None)
@given(rows)
def test_each_row_of_the_table_is_what_counting_gives(rows: list[tuple[int, bool]]) -> None:
    scores, positive = arrays(rows)
    table = threshold_table(scores, positive)
    assert len(table) == STEPS + 1
    for step in (0, 1, 25, 30, 50, 99, 100):
        said = [20 * step <= score * 5 * 20 for score, _ in rows]
        pairs = list(zip(said, positive, strict=True))
        counted = [pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))]
        assert table[step].tolist() == counted


@settings(max_examples=80, deadline=None)
@given(rows)
def test_areas_agree_with_another_library(rows: list[tuple[int, bool]]) -> None:
    scores, positive = arrays(rows)
    roc, recall = roc_curve(scores, positive), precision_recall_curve(scores, positive)
    if positive.all() or not positive.any():
        assert roc.area is None
    else:
        assert roc.area == pytest.approx(roc_auc_score(positive, scores))
        assert np.trapezoid(roc.points[:, 1], roc.points[:, 0]) == pytest.approx(roc.area)
        assert recall.mean == pytest.approx(average_precision_score(positive, scores))


def test_curves_of_nothing_are_empty() -> None:
    none = np.zeros(0), np.zeros(0, bool)
    assert len(roc_curve(*none).points) == len(precision_recall_curve(*none).points) == 0
    assert threshold_table(*none).tolist() == [[0, 0, 0, 0]] * (STEPS + 1)


def test_long_curves_are_thinned_but_keep_their_ends() -> None:
    random = np.random.default_rng(0)
    points = roc_curve(random.uniform(size=5000), random.uniform(size=5000) < 0.5).points
    assert len(points) == MOST_POINTS
    assert points[0].tolist() == [0, 0]
    assert points[-1].tolist() == [1, 1]


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact, two-sided."""
    n, least = only_first + only_second, min(only_first, only_second)
    tail = sum(comb(n, k) for k in range(least + 1)) / 2**n
    return min(1.0, 2 * tail)


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (3, 3), (5, 1), (8, 0), (1, 12), (30, 12)])
def test_one_sample_a_source_is_mcnemars_test(only_first: int, only_second: int) -> None:
    first = np.array([True] * only_first + [False] * only_second + [True] * 10)
    second = np.array([False] * only_first + [True] * only_second + [True] * 10)
    expected = mcnemar(only_first, only_second) if only_first + only_second else 1.0
    exact = only_first + only_second <= EXACT_UP_TO
    found = chance_of_difference(first, second, np.arange(len(first)))
    assert found == pytest.approx(expected, abs=1e-12 if exact else 0.01)


def test_what_one_video_decides_is_chance() -> None:
    first, second = np.ones(40, bool), np.zeros(40, bool)
    assert chance_of_difference(first, second, np.arange(40)) < 0.001
    assert chance_of_difference(first, second, np.zeros(40, np.intp)) == 1.0
