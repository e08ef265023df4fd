"""Open-set identification: exact search in a gallery of known people, thresholds and their measured error rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.types import Float32

Int = NDArray[np.int64]

SAMPLED_ROWS = 4_000
"""From so many rows the directions in use are found."""
LOST_ENERGY, MOST_LOST = 1e-5, 1e-3
"""Of the squared length, on average and of any one vector."""


@dataclass(frozen=True, slots=True)
class IdentificationThresholds:
    """Least cosines between a new group's mean vector and the most alike reference view of a person."""

    accept_from: float
    review_from: float


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """Shares of strangers and of known people whose best match has at least this similarity, 0..1."""

    similarity: float
    false_match_rate: float
    true_match_rate: float


IDENTIFICATION_THRESHOLDS = {
    # With 1,000 known people about 1 of 100 strangers joins one of them by mistake; of known ones 92 of 100 join by
    # themselves, and nearly all others are asked about.
    "mobilefacenet_192": IdentificationThresholds(0.61, 0.42),
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
"""`python -m benchmarks matching`: photographs of 340 people, each on another occasion, 23 million pairs of strangers.
In videos known people are missed more often, as their views are poorer."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Reference vectors of known people: those of one person lie together."""

    vectors: Float32
    """(n, d), length 1."""
    starts: Int
    """(people,), rising: the first row of each person; the first is 0 and nobody is without a row."""
    basis: Float32 | None = None
    """(full d, d) where the vectors are compact: what turns a full vector into a compact one."""

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
    """The same similarities (to 0.001) from shorter vectors, where the vectors leave most directions unused.

    The 192 numbers of MobileFaceNet come out of 64: everything lies in that many dimensions, so that a search reads a
    third. A gallery that is not so is returned as it is.
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
    if kept > vectors.shape[1] // 2 or float(np.einsum("ij,ij->i", short, short).min()) < 1 - MOST_LOST:
        return gallery
    return Gallery(short, gallery.starts, basis)


def similarities(gallery: Gallery, queries: Float32) -> Float32:
    """`(people, queries)`: cosine of each query `(q, d)` with the most alike reference of each person."""
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
    """Rows of `vectors` `(n, d)` most like `query` `(d,)`, best first, with their cosines."""
    similarity = vectors @ query
    count = min(count, len(similarity))
    if not count:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    rows = np.argpartition(-similarity, count - 1)[:count]
    rows = rows[np.argsort(-similarity[rows], kind="stable")]
    return rows.astype(np.int64), similarity[rows].astype(np.float32)
