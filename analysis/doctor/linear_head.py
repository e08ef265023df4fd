"""A regularised linear classifier on embeddings, asked only about pictures that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.types import Float32, Float64

FOLDS = 5
REGULARISATION = 0.02


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
    """`(n, classes)`: ridge regression onto `targets` `(n, classes)`, each row by the head of the other folds."""
    features = np.hstack([embeddings, np.ones((len(embeddings), 1), np.float32)])
    weighted = features if weights is None else features * weights[:, None]
    grams, rights = [], []
    for fold in range(FOLDS):
        inside = folds == fold
        grams.append((weighted[inside].T @ features[inside]).astype(np.float64))
        rights.append((weighted[inside].T @ targets[inside]).astype(np.float64))
    total, total_right = sum(grams), sum(rights)
    scores = np.zeros(targets.shape, np.float64)
    for fold in range(FOLDS):
        gram = total - grams[fold]
        gram[np.diag_indices(len(gram))] += REGULARISATION * len(embeddings) / len(gram)
        head = np.linalg.solve(gram, total_right - rights[fold])
        scores[folds == fold] = features[folds == fold] @ head
    return scores
