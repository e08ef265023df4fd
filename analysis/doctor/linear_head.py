"""A regularised linear classifier on embeddings, asked only about pictures that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.types import Float32, Float64

FOLDS = 5
REGULARISATION = 4.0
"""Added to the diagonal for features of deviation 1 and rows of length 1: strong enough not to learn wrong labels."""


def folds_by_source(sources: Sequence[str] | None, n: int, seed: int) -> NDArray[np.int64]:
    """`(n,)` numbers below `FOLDS`: pictures of one source in one fold, the folds about equally large."""
    random = np.random.default_rng(seed)
    if sources is None or len(set(sources)) < 2 * FOLDS:
        return random.permutation(np.arange(n) % FOLDS)
    names, of_source, counts = np.unique(np.asarray(sources), return_inverse=True, return_counts=True)
    fold_of = np.zeros(len(names), np.int64)
    filled = np.zeros(FOLDS)
    order = random.permutation(len(names))
    for source in order[np.argsort(-counts[order], kind="stable")]:
        fold_of[source] = filled.argmin()
        filled[fold_of[source]] += counts[source]
    return fold_of[of_source]


def held_out_scores(
    embeddings: Float32, targets: Float32, folds: NDArray[np.int64], weights: Float32 | None = None
) -> Float64:
    """`(n, classes)`: ridge regression onto `targets` `(n, classes)`, each row by the head of the other folds.

    `weights` (n,), where given, say how much each row counts in training. Memory: three times that of the embeddings.
    """
    features = _even_features(embeddings)
    weights = np.ones(len(features), np.float32) if weights is None else weights
    grams, rights = [], []
    for fold in range(FOLDS):
        inside = features[folds == fold]
        weighted = inside * weights[folds == fold, None]
        grams.append((weighted.T @ inside).astype(np.float64))
        rights.append((weighted.T @ targets[folds == fold]).astype(np.float64))
    total, total_right = sum(grams), sum(rights)
    scores = np.zeros(targets.shape, np.float64)
    for fold in range(FOLDS):
        gram = total - grams[fold]
        gram[np.diag_indices(len(gram) - 1)] += REGULARISATION
        gram[-1, -1] += 1e-6
        scores[folds == fold] = features[folds == fold] @ np.linalg.solve(gram, total_right - rights[fold])
    return scores


def _even_features(embeddings: Float32) -> Float32:
    """`(n, d + 1)`: each feature with mean 0 and deviation 1, then rows of length 1; the last column is ones."""
    spread = embeddings.std(axis=0, dtype=np.float32)
    even = (embeddings - embeddings.mean(axis=0, dtype=np.float32)) / np.maximum(spread, 1e-3 * spread.mean() + 1e-12)
    even /= np.maximum(np.linalg.norm(even, axis=1, keepdims=True), 1e-12)
    even -= even.mean(axis=0)
    return np.hstack([even, np.ones((len(even), 1), np.float32)]).astype(np.float32)
