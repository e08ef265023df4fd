"""Numbers about a model that an expert would sign: metrics, calibration, threshold, and how uncertain they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.types import Float64, expect_shape

CALIBRATION_BINS = 10
BOOTSTRAP_ROUNDS = 1_000
INTERVAL = (2.5, 97.5)
"""Per cent: the middle 95."""
TEMPERATURES = np.geomspace(0.2, 10.0, 400)
FEWEST_FOR_THRESHOLD = 20
TINY_TEST = 30
"""A figure measured on fewer than this is marked."""

Labels = NDArray[np.intp]


def scaled_probabilities(logits: Float64, temperature: float) -> Float64:
    """`(n, labels)` of logits `(n, 1)` (sigmoid, second of two labels) or `(n, labels)` (softmax)."""
    scaled = logits.astype(np.float64) / temperature
    if logits.shape[1] == 1:
        scaled = np.concatenate([np.zeros_like(scaled), scaled], axis=1)
    scaled -= scaled.max(axis=1, keepdims=True)
    powers: Float64 = np.exp(scaled)
    scores: Float64 = powers / powers.sum(axis=1, keepdims=True)
    return scores


def negative_log_likelihood(scores: Float64, truth: Labels) -> float:
    return float(-np.log(np.maximum(scores[np.arange(len(truth)), truth], 1e-12)).mean())


def fit_temperature(logits: Float64, truth: Labels) -> float:
    """The divisor of the logits that makes the scores as true as they can be (Guo et al., 2017); 1 for no samples."""
    if not len(truth):
        return 1.0
    losses = [negative_log_likelihood(scaled_probabilities(logits, t), truth) for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def fit_threshold(scores: Float64, truth: Labels) -> float:
    """For two labels: the score of the second from which it is said. Best mean recall, nearest to 0.5 of equals.

    With few samples, or when nothing is gained on them, it stays 0.5.
    """
    if scores.shape[1] != 2 or len(truth) < FEWEST_FOR_THRESHOLD:
        return 0.5
    second = np.sort(np.unique(scores[:, 1]))
    between = np.append((second[1:] + second[:-1]) / 2, 0.5)
    marks = np.array([_mean_recall(scores[:, 1] >= bar, truth) for bar in between])
    best = np.flatnonzero(marks >= marks.max() - 1e-12)
    gained = marks.max() - _mean_recall(scores[:, 1] >= 0.5, truth)
    # A gain of less than two samples is luck: the threshold of a calibrated score is 0.5.
    if gained * len(truth) < 2:
        return 0.5
    return float(between[best[np.abs(between[best] - 0.5).argmin()]])


def _mean_recall(said: NDArray[np.bool_], truth: Labels) -> float:
    return float(np.mean([(said == bool(label))[truth == label].mean() for label in np.unique(truth)]))


def decide(scores: Float64, threshold: float) -> Labels:
    """Index of the label that is said for each row."""
    if scores.shape[1] == 2:
        return (scores[:, 1] >= threshold).astype(np.intp)
    return np.asarray(scores.argmax(axis=1), np.intp)


def confusion_matrix(truth: Labels, said: Labels, labels: int) -> NDArray[np.intp]:
    """`(labels, labels)`: rows are the truth, columns what the model says."""
    table = np.zeros((labels, labels), np.intp)
    np.add.at(table, (truth, said), 1)
    return table


def per_label(table: NDArray[np.intp]) -> Float64:
    """`(labels, 3)`: precision, recall, F1; 0 where nothing was said or there is nothing to find."""
    hits = np.diag(table).astype(float)
    precision = hits / np.maximum(table.sum(axis=0), 1)
    recall = hits / np.maximum(table.sum(axis=1), 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return np.stack([precision, recall, f1], axis=1)


def area_under_roc(scores: Float64, positive: NDArray[np.bool_]) -> float | None:
    """Chance that a positive scores above a negative, ties half; None when there is only one kind."""
    from scipy.stats import rankdata

    count = int(positive.sum())
    others = len(positive) - count
    if not count or not others:
        return None
    return float((rankdata(scores)[positive].sum() - count * (count + 1) / 2) / (count * others))


def expected_calibration_error(scores: Float64, truth: Labels) -> float:
    """Mean distance between how sure the model is of its first choice and how often that is right, by ten bins."""
    return float(sum(abs(b["accuracy"] - b["confidence"]) * b["count"] for b in calibration_bins(scores, truth))) / max(
        len(truth), 1
    )


def calibration_bins(scores: Float64, truth: Labels) -> list[dict[str, Any]]:
    """For bins of equal width that hold something: mean confidence, accuracy and count."""
    sure = scores.max(axis=1)
    right = scores.argmax(axis=1) == truth
    number = np.minimum((sure * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    bins = []
    for each in np.unique(number):
        here = number == each
        confidence, accuracy = float(sure[here].mean()), float(right[here].mean())
        bins.append({"confidence": confidence, "accuracy": accuracy, "count": int(here.sum())})
    return bins


def bootstrap_over(
    groups: NDArray[np.intp], measure: Callable[[NDArray[np.intp]], Float64], seed: int, rounds: int = BOOTSTRAP_ROUNDS
) -> Float64:
    """`(figures, 2)`: the middle 95 % of each figure when whole groups are drawn anew; `measure` takes row numbers."""
    random = np.random.default_rng(seed)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    figures = [
        measure(np.concatenate([members[i] for i in random.integers(0, len(members), len(members))]))
        for _ in range(rounds)
    ]
    return np.percentile(np.array(figures), INTERVAL, axis=0).T


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model says of samples whose truth is known: `logits` (n, outputs), `truth` (n,), `groups` (n,)."""

    logits: Float64
    truth: Labels
    groups: Labels

    def __post_init__(self) -> None:
        expect_shape("truth", self.truth, (len(self.logits),))
        expect_shape("groups", self.groups, (len(self.logits),))


def evaluate(
    judged: Judged, labels: tuple[str, ...], temperature: float, threshold: float, seed: int
) -> dict[str, Any]:
    """The document of one part in `run.json`; temperature and threshold are given, never chosen here."""
    scores, truth = scaled_probabilities(judged.logits, temperature), judged.truth
    said = decide(scores, threshold)
    right = said == truth
    table = confusion_matrix(truth, said, len(labels))
    figures = per_label(table)
    areas = [area_under_roc(scores[:, number], truth == number) for number in range(len(labels))]
    known = [area for area in areas if area is not None]
    present = table.sum(axis=1) > 0

    def measure(rows: NDArray[np.intp]) -> Float64:
        f1 = per_label(confusion_matrix(truth[rows], said[rows], len(labels)))[:, 2]
        return np.concatenate([[right[rows].mean(), f1[present].mean()], f1])

    intervals = bootstrap_over(judged.groups, measure, seed).tolist()
    names = ("precision", "recall", "f1")
    return {
        "count": len(truth),
        "sources": len(np.unique(judged.groups)),
        "accuracy": float(right.mean()),
        "accuracy_interval": intervals[0],
        "macro_f1": float(figures[present, 2].mean()),
        "macro_f1_interval": intervals[1],
        "per_label": {
            label: {**dict(zip(names, map(float, figures[number]), strict=True)), "f1_interval": intervals[2 + number]}
            | {"count": int(table[number].sum())}
            for number, label in enumerate(labels)
        },
        "auc": float(np.mean(known)) if known else None,
        "auc_per_label": dict(zip(labels, areas, strict=True)),
        "expected_calibration_error": expected_calibration_error(scores, truth),
        "log_loss": negative_log_likelihood(scores, truth),
        "calibration": calibration_bins(scores, truth),
        "confusion": table.tolist(),
    }
