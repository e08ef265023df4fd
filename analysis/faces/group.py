"""Deciding which tracks show one person: average linkage that never unites two faces seen at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.types import Float32, Float64

Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Least cosines of one embedder's vectors for one person."""

    within_recording: float
    """Mean between two groups of tracks of one video: light, camera and age are the same."""
    across_occasions: float
    """The same between videos, years apart perhaps."""
    over_border: float
    """A track that goes on in the next segment, at the same place."""
    one_track: float
    """Below this two good views of one track are two people: one faded into the other."""


THRESHOLDS = {
    # Shared clips: single tracks of one person 0.735 and more, of two people up to 0.54, groups of them less. F1 over
    # 19 clips: 0.975 at 0.42, 0.987 at 0.46, 0.997 at 0.50, 0.995 from 0.52 to 0.60, where precision is 1.
    "mobilefacenet_192": Thresholds(0.53, 0.42, 0.5, 0.2),
}

AT_ONCE = 3_000
"""More tracks than this are grouped part by part first; the matrix of 3,000 takes 36 MB."""


def overlapping(spans_s: Float64) -> Bool:
    """`(n, n)`: which tracks, given as `(n, 2)` start and end, are on screen together; never a track with itself."""
    start, end = spans_s[:, 0], spans_s[:, 1]
    together: Bool = (start[:, None] <= end[None, :]) & (start[None, :] <= end[:, None])
    np.fill_diagonal(together, False)
    return together


def mean_vector(embeddings: Float32, qualities: Float32) -> Float32:
    """One vector of length 1 for several views `(k, d)` of a face, better views counting more."""
    total = (embeddings * np.maximum(qualities, 0.05)[:, None]).sum(axis=0)
    mean: Float32 = (total / max(float(np.linalg.norm(total)), 1e-12)).astype(np.float32)
    return mean


def group_vectors(
    vectors: Float32,
    weights: Float32,
    apart: Bool,
    min_similarity: float,
    at_once: int = AT_ONCE,
    same: Sequence[Sequence[int]] = (),
) -> list[list[int]]:
    """Groups of row numbers, each row in exactly one; `apart` (n, n) pairs are never in one group.

    Average linkage: the two groups whose members are most alike on average (weighted cosine) are united as long as
    that mean is at least `min_similarity`. Rows of one `same` set are in one group from the start, whatever they show.
    """
    joined = {number for rows in same for number in rows}
    everything = [*map(list, same), *([number] for number in range(len(vectors)) if number not in joined)]
    if len(everything) <= at_once:
        return _unite(everything, vectors, weights, apart, min_similarity)
    groups: list[list[int]] = []
    for begin in range(0, len(everything), at_once):
        groups += _unite(everything[begin : begin + at_once], vectors, weights, apart, min_similarity)
    return _unite(groups, vectors, weights, apart, min_similarity)


def _unite(
    groups: Sequence[Sequence[int]], vectors: Float32, weights: Float32, apart: Bool, min_similarity: float
) -> list[list[int]]:
    """Unites groups until none are alike enough; each starts with what it has."""
    members = [list(group) for group in groups]
    if len(members) < 2:
        return members
    mass = np.array([weights[group].sum() for group in members], np.float64)
    centre = np.stack([(vectors[group] * weights[group, None]).sum(axis=0) for group in members]) / mass[:, None]
    similarity = (centre @ centre.T).astype(np.float32)
    similarity[_groups_apart(members, apart)] = -np.inf
    np.fill_diagonal(similarity, -np.inf)
    best = similarity.argmax(axis=1)
    best_value = similarity[np.arange(len(members)), best]
    while True:
        a = int(best_value.argmax())
        if best_value[a] < min_similarity:
            break
        b = int(best[a])
        share = mass[a] / (mass[a] + mass[b])
        # -inf stays -inf: what may not join one half may not join the whole.
        row = (share * similarity[a] + (1 - share) * similarity[b]).astype(np.float32)
        row[a] = row[b] = -np.inf
        similarity[a], similarity[:, a] = row, row
        similarity[b], similarity[:, b] = -np.inf, -np.inf
        members[a] += members[b]
        members[b] = []
        mass[a] += mass[b]
        _refresh(similarity, best, best_value, a, b)
    return [group for group in members if group]


def _refresh(similarity: Float32, best: NDArray[np.intp], best_value: Float32, a: int, b: int) -> None:
    """Finds each row's best partner again where row `a` changed and row `b` went away."""
    rising = similarity[:, a] > best_value
    best[rising], best_value[rising] = a, similarity[rising, a]
    stale = np.flatnonzero(((best == a) & ~rising) | (best == b))
    stale = np.union1d(stale, [a, b])
    best[stale] = similarity[stale].argmax(axis=1)
    best_value[stale] = similarity[stale, best[stale]]


def _groups_apart(members: Sequence[Sequence[int]], apart: Bool) -> Bool:
    if all(len(group) == 1 for group in members):
        order = [group[0] for group in members]
        return apart[np.ix_(order, order)]
    belongs = np.zeros((len(apart), len(members)), np.float32)
    for number, group in enumerate(members):
        belongs[list(group), number] = 1
    together: Bool = (belongs.T @ apart.astype(np.float32) @ belongs) > 0
    return together
