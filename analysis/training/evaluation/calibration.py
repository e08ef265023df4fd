"""How true the scores of a model are: the temperature that calibrates them, and how far off they remain."""

from __future__ import annotations

import numpy as np

from analysis.training.evaluation.thresholds import Labels
from analysis.training.run_document import CalibrationBin
from analysis.types import Float64

CALIBRATION_BINS = 10
TEMPERATURES = np.geomspace(0.2, 10.0, 400)


def scaled_probabilities(logits: Float64, temperature: float) -> Float64:
    """Returns scores `(n, labels)` of logits `(n, 1)` (sigmoid, second of two labels) or `(n, labels)` (softmax)."""
    scaled = logits.astype(np.float64) / temperature
    if logits.shape[1] == 1:
        scaled = np.concatenate([np.zeros_like(scaled), scaled], axis=1)
    scaled -= scaled.max(axis=1, keepdims=True)
    powers: Float64 = np.exp(scaled)
    scores: Float64 = powers / powers.sum(axis=1, keepdims=True)
    return scores


def negative_log_likelihood(scores: Float64, targets: Labels) -> float:
    return float(-np.log(np.maximum(scores[np.arange(len(targets)), targets], 1e-12)).mean())


def fit_temperature(logits: Float64, targets: Labels) -> float:
    """Returns the divisor of the logits that makes the scores least wrong (Guo et al., 2017); 1 for no samples."""
    if not len(targets):
        return 1.0
    losses = [negative_log_likelihood(scaled_probabilities(logits, t), targets) for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def expected_calibration_error(scores: Float64, targets: Labels) -> float:
    """Returns the mean distance between confidence in the first choice and accuracy, over ten bins."""
    distances = [abs(b["accuracy"] - b["confidence"]) * b["count"] for b in calibration_bins(scores, targets)]
    return float(sum(distances)) / max(len(targets), 1)


def calibration_bins(scores: Float64, targets: Labels) -> list[CalibrationBin]:
    """Returns mean confidence, accuracy and count of each bin of equal width that holds something."""
    sure = scores.max(axis=1)
    right = scores.argmax(axis=1) == targets
    number = np.minimum((sure * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    bins: list[CalibrationBin] = []
    for each in np.unique(number):
        here = number == each
        confidence, accuracy = float(sure[here].mean()), float(right[here].mean())
        bins.append({"confidence": confidence, "accuracy": accuracy, "count": int(here.sum())})
    return bins
