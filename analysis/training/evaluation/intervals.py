"""How uncertain a figure is: the interval that every page, card and terminal shows beside it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analysis.training.run_document import PartFigures
from analysis.types import Float64

BOOTSTRAP_ROUNDS = 1_000
INTERVAL = (2.5, 97.5)
"""Per cent: the middle 95."""


def bootstrap_over(
    groups: NDArray[np.intp], measure: Callable[[NDArray[np.intp]], Float64], seed: int, rounds: int = BOOTSTRAP_ROUNDS
) -> Float64:
    """Returns `(figures, 2)`, the middle 95 % of each figure when whole groups are drawn anew.

    `measure` takes row numbers and returns the figures `(figures,)` of these rows.
    """
    random = np.random.default_rng(seed)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    figures = [
        measure(np.concatenate([members[i] for i in random.integers(0, len(members), len(members))]))
        for _ in range(rounds)
    ]
    return np.percentile(np.array(figures), INTERVAL, axis=0).T


def accuracy_interval(figures: PartFigures) -> tuple[float, float]:
    """Returns the 95 % interval of the accuracy, lowest first.

    Drawing anew from nothing but right predictions finds no error; that none was seen in n sources still allows for
    three in n (the rule of three: Hanley and Lippman-Hand, 1983).
    """
    low, high = figures["accuracy_interval"]
    return (min(low, max(0.0, 1 - 3 / figures["sources"])) if low == 1.0 else low), high
