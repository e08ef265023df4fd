"""From scores to labels: the threshold of two labels is fitted and used here and nowhere else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.types import Float64

FEWEST_FOR_THRESHOLD = 20

Labels = NDArray[np.intp]
"""Numbers of labels, one for each sample."""


def decide(scores: Float64, threshold: float) -> Labels:
    """Returns the number of the label that is predicted for each row `(n, labels)` of scores.

    Of two labels the second where its score reaches the threshold, else the one with the highest score.
    """
    if scores.shape[1] == 2:
        return (scores[:, 1] >= threshold).astype(np.intp)
    return np.asarray(scores.argmax(axis=1), np.intp)


def fit_threshold(scores: Float64, targets: Labels) -> float:
    """Returns the least score of the second of two labels with which it is predicted: that of the best mean recall,
    of equals the one nearest to 0.5. With few samples, more labels, or when nothing is gained, it stays 0.5.
    """
    if scores.shape[1] != 2 or len(targets) < FEWEST_FOR_THRESHOLD:
        return 0.5
    second = np.sort(np.unique(scores[:, 1]))
    between = np.append((second[1:] + second[:-1]) / 2, 0.5)
    marks = np.array([_mean_recall(scores[:, 1] >= bar, targets) for bar in between])
    best = np.flatnonzero(marks >= marks.max() - 1e-12)
    gained = marks.max() - _mean_recall(scores[:, 1] >= 0.5, targets)
    # A gain of less than two samples is luck: the threshold of a calibrated score is 0.5.
    if gained * len(targets) < 2:
        return 0.5
    return float(between[best[np.abs(between[best] - 0.5).argmin()]])


def _mean_recall(predicted: NDArray[np.bool_], targets: Labels) -> float:
    return float(np.mean([(predicted == bool(label))[targets == label].mean() for label in np.unique(targets)]))
