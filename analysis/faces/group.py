"""Clusters tracks into people: average linkage that never merges two faces seen at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.types import Float32

Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Minimum cosines, for one embedder, at which two vectors count as one person."""

    within_recording: float
    """Mean between two groups of tracks of one video, where light, camera and age are the same."""
    across_occasions: float
    """The same between videos, perhaps years apart."""
    over_border: float
    """Between tracklets of neighbouring segments, at the same place."""
    one_track: float
    """Two good views of one track below this are two people: one faded into the other."""


THRESHOLDS = {
    # Shared clips: single tracks of one person 0.735 and more, of two people up to 0.54, groups of them less. F1 over
    # 19 clips: 0.975 at 0.42, 0.987 at 0.46, 0.997 at 0.50, 0.995 from 0.52 to 0.60, where precision is 1.
    "mobilefacenet_192": Thresholds(0.53, 0.42, 0.5, 0.2)
}

BATCH = 3_000
"""More tracks than this are first grouped in batches; the matrix for 3,000 takes 36 MB."""


def mean_vector(embeddings: Float32, qualities: Float32) -> Float32:
    """Returns the quality-weighted mean `(d,)`, of length 1, of several views `(k, d)` of a face."""
    total = (embeddings * np.maximum(qualities, 0.05)[:, None]).sum(axis=0)
    mean: Float32 = (total / max(float(np.linalg.norm(total)), 1e-12)).astype(np.float32)
    return mean


def group_vectors(
    vectors: Float32,
    weights: Float32,
    cannot_link: Bool,
    min_similarity: float,
    batch: int = BATCH,
    must_link: Sequence[Sequence[int]] = (),
    join_similarities: Float32 | None = None,
) -> list[list[int]]:
    """Clusters rows of `vectors` (n, d) into lists of row numbers; each row is in exactly one.

    Average linkage: merges the two groups with the highest mean similarity (cosine, weighted by `weights` (n,)) as long
    as it is at least `min_similarity`. Pairs of `cannot_link` (n, n) are never in one group; rows of one `must_link`
    set are in one group from the start, whatever they show. `join_similarities` (n,) is filled with the similarity at
    which each row, in the smaller of two groups, joined the rest: at least `min_similarity`, NaN where it joined none.
    """
    join_similarities = np.empty(len(vectors), np.float32) if join_similarities is None else join_similarities
    join_similarities[:] = np.nan
    linked = {number for rows in must_link for number in rows}
    singles = [*map(list, must_link), *([number] for number in range(len(vectors)) if number not in linked)]
    if len(singles) <= batch:
        return _merge_groups(singles, vectors, weights, cannot_link, min_similarity, join_similarities)
    groups: list[list[int]] = []
    for begin in range(0, len(singles), batch):
        part = singles[begin : begin + batch]
        groups += _merge_groups(part, vectors, weights, cannot_link, min_similarity, join_similarities)
    return _merge_groups(groups, vectors, weights, cannot_link, min_similarity, join_similarities)


def _merge_groups(
    groups: Sequence[Sequence[int]],
    vectors: Float32,
    weights: Float32,
    cannot_link: Bool,
    min_similarity: float,
    join_similarities: Float32,
) -> list[list[int]]:
    """Merges groups until no two are similar enough."""
    members = [list(group) for group in groups]
    if len(members) < 2:
        return members
    mass = np.array([weights[group].sum() for group in members], np.float64)
    centre = np.stack([(vectors[group] * weights[group, None]).sum(axis=0) for group in members]) / mass[:, None]
    similarity = (centre @ centre.T).astype(np.float32)
    similarity[_groups_cannot_link(members, cannot_link)] = -np.inf
    np.fill_diagonal(similarity, -np.inf)
    best = similarity.argmax(axis=1)
    best_value = similarity[np.arange(len(members)), best]
    while True:
        a = int(best_value.argmax())
        if best_value[a] < min_similarity:
            break
        b = int(best[a])
        share = mass[a] / (mass[a] + mass[b])
        # -inf stays -inf: what cannot link to one half cannot link to the whole.
        row = (share * similarity[a] + (1 - share) * similarity[b]).astype(np.float32)
        row[a] = row[b] = -np.inf
        similarity[a], similarity[:, a] = row, row
        similarity[b], similarity[:, b] = -np.inf, -np.inf
        _note_join(join_similarities, members[a], members[b], float(best_value[a]))
        members[a] += members[b]
        members[b] = []
        mass[a] += mass[b]
        _refresh(similarity, best, best_value, a, b)
    return [group for group in members if group]


def _note_join(join_similarities: Float32, group: Sequence[int], other: Sequence[int], similarity: float) -> None:
    """Notes what let the smaller group in; of several times the least, as without it the row would not be here."""
    for joining, rest in ((group, other), (other, group)):
        if len(joining) <= len(rest):
            join_similarities[list(joining)] = np.fmin(join_similarities[list(joining)], similarity)


def _refresh(similarity: Float32, best: NDArray[np.intp], best_value: Float32, a: int, b: int) -> None:
    """Updates each row's best partner after row `a` changed and row `b` was removed."""
    rising = similarity[:, a] > best_value
    best[rising], best_value[rising] = a, similarity[rising, a]
    stale = np.flatnonzero(((best == a) & ~rising) | (best == b))
    stale = np.union1d(stale, [a, b])
    best[stale] = similarity[stale].argmax(axis=1)
    best_value[stale] = similarity[stale, best[stale]]


def _groups_cannot_link(members: Sequence[Sequence[int]], cannot_link: Bool) -> Bool:
    if all(len(group) == 1 for group in members):
        order = [group[0] for group in members]
        return cannot_link[np.ix_(order, order)]
    belongs = np.zeros((len(cannot_link), len(members)), np.float32)
    for number, group in enumerate(members):
        belongs[list(group), number] = 1
    between: Bool = (belongs.T @ cannot_link.astype(np.float32) @ belongs) > 0
    return between
