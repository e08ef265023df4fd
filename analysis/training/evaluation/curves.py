"""Curves and tables of one label against the rest, and whether two models differ by more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from analysis.training.evaluation.evaluate import area_under_roc
from analysis.types import Float64, expect_shape

STEPS = 100
"""A threshold is moved in so many steps from 0 to 1."""
MOST_POINTS = 200
"""Of a drawn curve: more of them fall onto one pixel."""
EXACT_UP_TO = 14
"""Sources for which all flips are counted (16,384); above that they are drawn."""
FLIPS_AT_ONCE, ROUNDS_OF_FLIPS = 1_000, 20

Positive = NDArray[np.bool_]
Counts = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Roc:
    """`points` `(n, 2)`: false and true positive rate; `area` None where one kind is missing."""

    points: Float64
    area: float | None


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """`points` `(n, 2)`: recall, precision; `mean`: average precision, or None."""

    points: Float64
    mean: float | None


def threshold_table(scores: Float64, positive: Positive) -> Counts:
    """Returns `(STEPS + 1, 4)`: true and false positives, false and true negatives at 0, 0.01 ... 1."""
    expect_shape("positive", positive, (len(scores),))
    # A score of exactly 0.3 counts as reached at 0.3, however the computer writes it.
    number = np.clip(np.floor(scores * STEPS + 1e-9), 0, STEPS).astype(int)
    reached = [np.bincount(number[mask], minlength=STEPS + 1) for mask in (positive, ~positive)]
    yes, alarm = (counts[::-1].cumsum()[::-1] for counts in reached)
    return np.stack([yes, alarm, positive.sum() - yes, (~positive).sum() - alarm], axis=1).astype(np.intp)


def roc_curve(scores: Float64, positive: Positive) -> Roc:
    found, alarms = _running(scores, positive)
    if not positive.any() or positive.all():
        return Roc(np.zeros((0, 2)), None)
    points = np.stack([alarms / (~positive).sum(), found / positive.sum()], axis=1)
    return Roc(_thinned(np.vstack([[0.0, 0.0], points])), area_under_roc(scores, positive))


def precision_recall_curve(scores: Float64, positive: Positive) -> PrecisionRecall:
    found, alarms = _running(scores, positive)
    if not positive.any():
        return PrecisionRecall(np.zeros((0, 2)), None)
    precision, recall = found / np.maximum(found + alarms, 1), found / positive.sum()
    mean = float((np.diff(recall, prepend=0.0) * precision).sum())
    return PrecisionRecall(_thinned(np.stack([recall, precision], axis=1)), mean)


def _running(scores: Float64, positive: Positive) -> tuple[Float64, Float64]:
    """Returns positives and negatives among the highest scores, at each different score from the highest on."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True) if len(scores) else np.zeros(0, bool)
    found = positive[order].cumsum()[last]
    return found.astype(float), (np.flatnonzero(last) + 1 - found).astype(float)


def _thinned(points: Float64) -> Float64:
    """Returns the first, the last and evenly chosen ones between."""
    if len(points) <= MOST_POINTS:
        return points
    thinned: Float64 = points[np.linspace(0, len(points) - 1, MOST_POINTS).round().astype(int)]
    return thinned


def chance_of_difference(first: Positive, second: Positive, groups: NDArray[np.intp], seed: int = 0) -> float:
    """Returns how often two equally good models would differ at least as much on the same samples.

    `first` and `second` `(n,)`: what each got right. Whole sources change sides (a sign-flip test), since pictures of
    one video are right or wrong together; with one sample in each source this is McNemar's exact test.
    """
    expect_shape("second", second, (len(first),))
    expect_shape("groups", groups, (len(first),))
    difference = first.astype(int) - second.astype(int)
    sums = np.array([difference[groups == group].sum() for group in np.unique(groups)])
    sums = sums[sums != 0]
    if not len(sums):
        return 1.0
    observed = abs(int(sums.sum()))
    if len(sums) <= EXACT_UP_TO:
        signs = np.array(list(product((-1, 1), repeat=len(sums))))
        return float((np.abs(signs @ sums) >= observed).mean())
    random, as_large = np.random.default_rng(seed), 0
    for _ in range(ROUNDS_OF_FLIPS):
        signs = random.choice((-1, 1), size=(FLIPS_AT_ONCE, len(sums)))
        as_large += int((np.abs(signs @ sums) >= observed).sum())
    # The observed one counts as drawn: a chance is never nought.
    return (as_large + 1) / (FLIPS_AT_ONCE * ROUNDS_OF_FLIPS + 1)
