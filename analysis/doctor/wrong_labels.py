"""Finds labels that are probably wrong: confident learning with a cross-validated linear probe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.doctor.linear_head import Vectors, folds_by_source, held_out_scores, kernel_features
from analysis.doctor.signature import SIGNATURE_BYTES, structures
from analysis.types import Float32, Float64

ROUNDS = 2
TRIED = 1000
"""Pictures on which patterns are tried before those of all are made, which takes 16 ms each on one core."""
CLEARLY_BETTER = 0.01
"""Share by which patterns must lower the negative log-likelihood of the given labels."""
LIKELY = 0.5
"""Probability of being wrong from which a label is reported."""

PatternsOf = Callable[[NDArray[np.int64]], Vectors]
"""Indices `(k,)` in, vectors `(k, d)` of the pictures out."""


@dataclass(frozen=True, slots=True)
class WrongLabels:
    """Reported pictures, most certain first: `indices` (k,), `probabilities` (k,) of being wrong, `suggestions` (k)."""

    indices: NDArray[np.int64]
    probabilities: Float32
    suggestions: tuple[str, ...]
    """The likeliest label of each."""
    all_probabilities: Float32


def likely_wrong_labels(
    embeddings: Float32,
    labels: Sequence[str],
    sources: Sequence[str] | None = None,
    *,
    signatures: NDArray[np.uint8] | None = None,
    patterns_of: PatternsOf | None = None,
    seed: int = 0,
) -> WrongLabels:
    """Returns likely wrong labels among embeddings (n, d) with a label each; one source's pictures share a fold.

    `signatures` (n, SIGNATURE_BYTES) add a finer layout. `patterns_of` returns vectors of `FacePatterns` for chosen
    rows; it is called for `TRIED` rows, and for all only if these explain the labels clearly better with patterns.

    Reports nothing for fewer than two labels or ten pictures. Raises ValueError if the lengths differ.
    """
    if len(embeddings) != len(labels) or (sources is not None and len(sources) != len(labels)):
        raise ValueError(f"labels and sources: expected {len(embeddings)} each")
    names, given = np.unique(np.asarray(labels), return_inverse=True)
    if len(names) < 2 or len(labels) < 10:
        return _report(np.zeros((len(labels), len(names))), given, names)
    folds = folds_by_source(sources, labels, seed)
    shapes = None if signatures is None else structures(signatures).reshape(len(labels), SIGNATURE_BYTES)
    features = _Features(embeddings, shapes, given, folds)
    patterns = None if patterns_of is None else _patterns_where_they_help(features, patterns_of, seed)
    probabilities = features.probabilities(patterns, ROUNDS)
    return _report(probabilities, given, names)


@dataclass(frozen=True, slots=True)
class _Features:
    """Features of n pictures: vectors and shapes, the number of the given label, and the fold."""

    embeddings: Float32
    shapes: Float32 | None
    given: NDArray[np.int64]
    folds: NDArray[np.intp]

    def subset(self, rows: NDArray[np.int64]) -> _Features:
        """Returns the features of some rows; labels that do not occur in them are dropped."""
        shapes = None if self.shapes is None else self.shapes[rows]
        _names, given = np.unique(self.given[rows], return_inverse=True)
        return _Features(self.embeddings[rows], shapes, given, self.folds[rows])

    def probabilities(self, patterns: Vectors | None, rounds: int) -> Float64:
        """Returns the probability of each label `(n, labels)` according to the other folds."""
        features = kernel_features(self.embeddings, self.shapes, patterns)
        targets = np.eye(int(self.given.max()) + 1, dtype=np.float32)[self.given]
        weights = np.ones(len(self.given), np.float32)
        for _ in range(rounds):
            probabilities = _as_probabilities(held_out_scores(features, targets, self.folds, weights), self.given)
            # Labels that are probably wrong should not teach the next round.
            weights = np.clip(2 * probabilities[np.arange(len(self.given)), self.given], 0, 1).astype(np.float32)
        return probabilities

    def negative_log_likelihood(self, patterns: Vectors | None) -> float:
        """Returns the mean negative log-likelihood of the given labels."""
        likely = self.probabilities(patterns, 1)[np.arange(len(self.given)), self.given]
        return float(-np.log(np.maximum(likely, 1e-12)).mean())


def _patterns_where_they_help(features: _Features, patterns_of: PatternsOf, seed: int) -> Vectors | None:
    """Returns the patterns of all pictures, or None if a sample shows that they are not worth making."""
    n = len(features.given)
    chosen = np.sort(np.random.default_rng(seed).permutation(n)[:TRIED])
    tried, patterns = features.subset(chosen), patterns_of(chosen)
    if tried.negative_log_likelihood(patterns) >= (1 - CLEARLY_BETTER) * tried.negative_log_likelihood(None):
        return None
    return patterns if len(chosen) == n else patterns_of(np.arange(n))


def _as_probabilities(scores: Float64, given: NDArray[np.int64]) -> Float64:
    """Returns the softmax of scores at the temperature that explains the given labels best."""
    from scipy.optimize import minimize_scalar  # deferred: rarely needed

    rows = np.arange(len(given))

    def negative_log_likelihood(log_sharpness: float) -> float:
        logits = scores * np.exp(log_sharpness)
        logits = logits - logits.max(axis=1, keepdims=True)
        return float((np.log(np.exp(logits).sum(axis=1)) - logits[rows, given]).mean())

    best = minimize_scalar(negative_log_likelihood, bounds=(-2.0, 5.0), method="bounded")
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
