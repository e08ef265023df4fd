"""Figures of a model that an expert would sign: accuracy, F1, area under the ROC curve, calibration, intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.training.evaluation import calibration
from analysis.training.evaluation.intervals import bootstrap_over
from analysis.training.evaluation.thresholds import Labels, decide
from analysis.training.run_document import LabelFigures, PartFigures
from analysis.types import Float64, expect_shape


@dataclass(frozen=True, slots=True)
class HeldOutPredictions:
    """Logits `(n, outputs)` for samples that were not learned from, with `targets` `(n,)` and `groups` `(n,)`."""

    logits: Float64
    targets: Labels
    groups: Labels
    """Samples of one source have the same number."""

    def __post_init__(self) -> None:
        expect_shape("targets", self.targets, (len(self.logits),))
        expect_shape("groups", self.groups, (len(self.logits),))


def evaluate(
    predictions: HeldOutPredictions, labels: tuple[str, ...], temperature: float, threshold: float, seed: int
) -> PartFigures:
    """Returns the figures of one part for `run.json`; temperature and threshold are given, never fitted here."""
    scores, targets = calibration.scaled_probabilities(predictions.logits, temperature), predictions.targets
    predicted = decide(scores, threshold)
    right = predicted == targets
    table = confusion_matrix(targets, predicted, len(labels))
    figures = per_label(table)
    areas = [area_under_roc(scores[:, number], targets == number) for number in range(len(labels))]
    known = [area for area in areas if area is not None]
    present = table.sum(axis=1) > 0

    def measure(rows: NDArray[np.intp]) -> Float64:
        f1 = per_label(confusion_matrix(targets[rows], predicted[rows], len(labels)))[:, 2]
        return np.concatenate([[right[rows].mean(), f1[present].mean()], f1])

    intervals = bootstrap_over(predictions.groups, measure, seed).tolist()
    return {
        "count": len(targets),
        "sources": len(np.unique(predictions.groups)),
        "accuracy": float(right.mean()),
        "accuracy_interval": intervals[0],
        "macro_f1": float(figures[present, 2].mean()),
        "macro_f1_interval": intervals[1],
        "per_label": {
            label: _label_figures(figures[number], intervals[2 + number], int(table[number].sum()))
            for number, label in enumerate(labels)
        },
        "auc": float(np.mean(known)) if known else None,
        "auc_per_label": dict(zip(labels, areas, strict=True)),
        "expected_calibration_error": calibration.expected_calibration_error(scores, targets),
        "log_loss": calibration.negative_log_likelihood(scores, targets),
        "calibration": calibration.calibration_bins(scores, targets),
        "confusion": table.tolist(),
    }


def _label_figures(figures: Float64, f1_interval: list[float], count: int) -> LabelFigures:
    precision, recall, f1 = map(float, figures)
    return {"precision": precision, "recall": recall, "f1": f1, "f1_interval": f1_interval, "count": count}


def confusion_matrix(targets: Labels, predicted: Labels, labels: int) -> NDArray[np.intp]:
    """Returns counts `(labels, labels)`: rows are the targets, columns the predictions."""
    table = np.zeros((labels, labels), np.intp)
    np.add.at(table, (targets, predicted), 1)
    return table


def per_label(table: NDArray[np.intp]) -> Float64:
    """Returns `(labels, 3)`: precision, recall, F1; 0 where nothing was predicted or there is nothing to find."""
    hits = np.diag(table).astype(float)
    precision = hits / np.maximum(table.sum(axis=0), 1)
    recall = hits / np.maximum(table.sum(axis=1), 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return np.stack([precision, recall, f1], axis=1)


def area_under_roc(scores: Float64, positive: NDArray[np.bool_]) -> float | None:
    """Returns the chance that a positive scores above a negative, ties half; None when there is only one kind."""
    from scipy.stats import rankdata  # deferred: rarely needed

    count = int(positive.sum())
    others = len(positive) - count
    if not count or not others:
        return None
    return float((rankdata(scores)[positive].sum() - count * (count + 1) / 2) / (count * others))
