"""Suggests labels for unlabelled pictures from their nearest labelled neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.types import Float32

DIMENSIONS = 64
BLOCK = 4096
SHARPNESSES = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Suggestions for n pictures: `numbers` (n,), indices into `labels`, and `certainties` (n,), 0..1."""

    labels: tuple[str, ...]
    numbers: NDArray[np.int64]
    certainties: Float32

    def label_of(self, index: int) -> str:
        """Returns the label suggested for picture `index`."""
        return self.labels[int(self.numbers[index])]


def suggest_labels(embeddings_labelled: Float32, labels: Sequence[str], embeddings_unlabelled: Float32) -> Suggestions:
    """Suggests labels for n pictures by the embeddings (m, d) of m labelled ones.

    Every labelled picture votes with `exp(sharpness * similarity)`; the sharpness is the one at which labelled pictures
    predict each other best, so that a certainty of 0.8 is right about that often. Raises ValueError for m = 0.
    """
    if not len(labels) or len(labels) != len(embeddings_labelled):
        raise ValueError(f"labels: expected {len(embeddings_labelled)} and at least one, got {len(labels)}")
    names, given = np.unique(np.asarray(labels), return_inverse=True)
    middle, axes = _main_axes(embeddings_labelled)
    known = _projected(embeddings_labelled, middle, axes)
    votes_of = np.eye(len(names), dtype=np.float32)[given]
    sharpness = _best_sharpness(known, votes_of, given)
    numbers = np.zeros(len(embeddings_unlabelled), np.int64)
    certainties = np.zeros(len(embeddings_unlabelled), np.float32)
    for start in range(0, len(embeddings_unlabelled), BLOCK):
        part = slice(start, start + BLOCK)
        shares = _shares(_projected(embeddings_unlabelled[part], middle, axes), known, votes_of, sharpness)
        numbers[part], certainties[part] = shares.argmax(axis=1), shares.max(axis=1)
    return Suggestions(tuple(str(name) for name in names), numbers, certainties)


def _main_axes(embeddings: Float32) -> tuple[Float32, Float32]:
    middle: Float32 = embeddings.mean(axis=0, dtype=np.float32)
    _, _, axes = np.linalg.svd(embeddings - middle, full_matrices=False)
    return middle, axes[:DIMENSIONS].T.astype(np.float32)


def _projected(embeddings: Float32, middle: Float32, axes: Float32) -> Float32:
    short = (embeddings - middle) @ axes
    unit: Float32 = short / np.maximum(np.linalg.norm(short, axis=1, keepdims=True), 1e-9)
    return unit


def _shares(asked: Float32, known: Float32, votes_of: Float32, sharpness: float) -> Float32:
    similarity = asked @ known.T
    similarity -= 1
    similarity *= np.float32(sharpness)
    votes = np.exp(similarity, out=similarity) @ votes_of + np.float32(1e-12)
    shares: Float32 = votes / votes.sum(axis=1, keepdims=True)
    return shares


def _best_sharpness(known: Float32, votes_of: Float32, given: NDArray[np.int64]) -> float:
    """Returns the best sharpness on at most `BLOCK` labelled pictures, each predicted without its own vote."""
    chosen = np.random.default_rng(0).permutation(len(known))[:BLOCK]
    similarity = (known[chosen] @ known[chosen].T).astype(np.float64)
    np.fill_diagonal(similarity, -np.inf)
    losses = []
    for sharpness in SHARPNESSES:
        votes = np.exp(sharpness * (similarity - 1)) @ votes_of[chosen] + 1e-6
        share = votes[np.arange(len(chosen)), given[chosen]] / votes.sum(axis=1)
        losses.append(float(-np.log(share).mean()))
    return SHARPNESSES[int(np.argmin(losses))]
