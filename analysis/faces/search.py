"""Open-set identification: exact search in a gallery of known people, thresholds and their measured error rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.types import Float32

Int = NDArray[np.int64]

SAMPLED_ROWS = 4_000
"""Rows from which the basis is computed."""
LOST_ENERGY, MAX_LOST = 1e-5, 1e-3
"""Share of the squared length that compact vectors may lose: on average, and each."""


@dataclass(frozen=True, slots=True)
class IdentificationThresholds:
    """Minimum cosines between a new group's mean vector and a person's most similar template."""

    accept_from: float
    """The group is this person without a question."""
    review_from: float
    """Humans are asked whether it is."""


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Shares of strangers and of known people whose best match has at least this similarity, 0..1."""

    similarity: float
    false_match_rate: float
    true_match_rate: float


IDENTIFICATION_THRESHOLDS = {
    # With 1,000 known people about 1 of 100 strangers is accepted by mistake; 92 of 100 appearances of known people
    # are accepted, and nearly all others are put up for review.
    "mobilefacenet_192": IdentificationThresholds(0.61, 0.42)
}
MEASURED_ERROR_RATES = (
    ErrorRates(0.30, 3.3e-2, 1.0),
    ErrorRates(0.35, 1.4e-2, 0.999),
    ErrorRates(0.40, 5.3e-3, 0.993),
    ErrorRates(0.45, 1.8e-3, 0.979),
    ErrorRates(0.50, 4.4e-4, 0.968),
    ErrorRates(0.55, 8.8e-5, 0.961),
    ErrorRates(0.60, 1.35e-5, 0.936),
    ErrorRates(0.65, 0.0, 0.877),
    ErrorRates(0.70, 0.0, 0.804),
    ErrorRates(0.75, 0.0, 0.683),
    ErrorRates(0.80, 0.0, 0.482),
)
"""By `python -m benchmarks matching`: photographs of 340 people, each taken on another occasion, 23 million pairs
of strangers. In videos the true match rate is lower, as views are poorer."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Templates (reference vectors) of known people; those of one person are consecutive rows."""

    vectors: Float32
    """(n, d), length 1."""
    starts: Int
    """(people,), rising from 0: the first row of each person; everyone has at least one."""
    basis: Float32 | None = None
    """(full d, d), if the vectors are compact: projects a full vector onto a compact one."""

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or self.starts.ndim != 1:
            raise ValueError(f"expected (n, d) and (people,), got {self.vectors.shape} and {self.starts.shape}")
        if len(self.starts) and (
            self.starts[0] != 0 or (np.diff(self.starts) < 1).any() or self.starts[-1] >= len(self.vectors)
        ):
            raise ValueError("expected starts that rise from 0 within the rows")

    def __len__(self) -> int:
        return len(self.starts)


def compact(gallery: Gallery) -> Gallery:
    """Returns a gallery with the same similarities (to 0.001) from shorter vectors, if they span few dimensions.

    The 192 numbers of MobileFaceNet lie in 64 dimensions, so a search reads a third. Returns other galleries unchanged.
    """
    vectors = gallery.vectors
    if len(vectors) < 2 * vectors.shape[1] or gallery.basis is not None:
        return gallery
    sample = vectors[:: max(len(vectors) // SAMPLED_ROWS, 1)]
    _, strengths, directions = np.linalg.svd(sample, full_matrices=False)
    lost = 1 - np.cumsum(strengths**2) / np.sum(strengths**2)
    kept = int(np.argmax(lost < LOST_ENERGY)) + 1
    basis = np.ascontiguousarray(directions[:kept].T, np.float32)
    short: Float32 = (vectors @ basis).astype(np.float32)
    if kept > vectors.shape[1] // 2 or float(np.einsum("ij,ij->i", short, short).min()) < 1 - MAX_LOST:
        return gallery
    return Gallery(short, gallery.starts, basis)


def similarities(gallery: Gallery, queries: Float32) -> Float32:
    """Returns `(people, q)`: the cosine of each query `(q, d)` with each person's most similar template."""
    if not len(gallery):
        return np.zeros((0, len(queries)), np.float32)
    if gallery.basis is not None:
        queries = queries @ gallery.basis
    if len(gallery) == len(gallery.vectors):
        one_each: Float32 = (gallery.vectors @ queries.T).astype(np.float32)
        return one_each
    every: Float32 = (gallery.vectors @ queries.T).astype(np.float32)
    best: Float32 = np.maximum.reduceat(every, gallery.starts, axis=0)
    return best


def nearest(vectors: Float32, query: Float32, count: int) -> tuple[Int, Float32]:
    """Returns the `count` rows of `vectors` (n, d) most similar to `query` (d,), best first, and their cosines."""
    similarity = vectors @ query
    count = min(count, len(similarity))
    if not count:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    rows = np.argpartition(-similarity, count - 1)[:count]
    rows = rows[np.argsort(-similarity[rows], kind="stable")]
    return rows.astype(np.int64), similarity[rows].astype(np.float32)
