"""Labels that the pictures themselves speak against: confident learning with a cross-validated head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from analysis.doctor.linear_head import folds_by_source, held_out_scores, kernel_features
from analysis.doctor.signature import SIGNATURE_BYTES, structures
from analysis.types import Float32, Float64

ROUNDS = 2
LIKELY = 0.5
"""Probability of being wrong from which a label is reported."""


@dataclass(frozen=True, slots=True)
class WrongLabels:
    """Reported pictures, most certain first: `indices` (k,), `probabilities` (k,), `suggestions` (k); and
    `all_probabilities` (n,) of every picture that was looked at, for other orders and thresholds."""

    indices: NDArray[np.int64]
    probabilities: Float32
    suggestions: tuple[str, ...]
    """The label that the picture looks like."""
    all_probabilities: Float32


def likely_wrong_labels(
    embeddings: Float32,
    labels: Sequence[str],
    sources: Sequence[str] | None = None,
    *,
    signatures: NDArray[np.uint8] | None = None,
    seed: int = 0,
) -> WrongLabels:
    """For embeddings `(n, d)` with one label each; pictures of one source never judge each other.

    `signatures` `(n, SIGNATURE_BYTES)`, where given, are looked at too: they show what is where more finely.

    Fewer than two labels, or fewer pictures than folds, give nothing. Raises ValueError when the lengths differ.
    """
    if len(embeddings) != len(labels) or (sources is not None and len(sources) != len(labels)):
        raise ValueError(f"labels and sources: expected {len(embeddings)} each")
    names, given = np.unique(np.asarray(labels), return_inverse=True)
    if len(names) < 2 or len(labels) < 10:
        return _report(np.zeros((len(labels), len(names))), given, names)
    targets = np.eye(len(names), dtype=np.float32)[given]
    folds = folds_by_source(sources, len(labels), seed)
    shapes = None if signatures is None else structures(signatures).reshape(len(labels), SIGNATURE_BYTES)
    features = kernel_features(embeddings, shapes)
    weights = np.ones(len(labels), np.float32)
    for _ in range(ROUNDS):
        probabilities = _as_probabilities(held_out_scores(features, targets, folds, weights), given)
        # What is probably wrong should not teach the next round.
        weights = np.clip(2 * probabilities[np.arange(len(given)), given], 0, 1).astype(np.float32)
    return _report(probabilities, given, names)


def _as_probabilities(scores: Float64, given: NDArray[np.int64]) -> Float64:
    """Softmax at the temperature that explains the given labels best."""
    rows = np.arange(len(given))

    def surprise(log_sharpness: float) -> float:
        logits = scores * np.exp(log_sharpness)
        logits = logits - logits.max(axis=1, keepdims=True)
        return float((np.log(np.exp(logits).sum(axis=1)) - logits[rows, given]).mean())

    best = minimize_scalar(surprise, bounds=(-2.0, 5.0), method="bounded")
    logits = scores * np.exp(best.x)
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Float64 = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def _report(probabilities: Float64, given: NDArray[np.int64], names: NDArray[np.str_]) -> WrongLabels:
    wrong = np.zeros(len(given), np.float32)
    if probabilities.any():
        wrong = (1 - probabilities[np.arange(len(given)), given]).astype(np.float32)
    indices = np.flatnonzero(wrong > LIKELY)
    indices = indices[np.argsort(-wrong[indices], kind="stable")]
    likely = probabilities[indices].argmax(axis=1) if len(indices) else np.zeros(0, np.int64)
    return WrongLabels(indices, wrong[indices], tuple(str(names[number]) for number in likely), wrong)
