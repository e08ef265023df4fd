"""Finds people whose faces look like several people, and single faces that look like somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.types import Float32

SAME_PERSON = 0.35
"""Mean similarity of two groups of faces (MobileFaceNet) below which they count as two people."""
MAX_FACES = 1000
"""Faces compared per person; of more a random sample is taken."""
MIN_PART = 3
"""Faces that make a second person; fewer are outliers."""


@dataclass(frozen=True, slots=True)
class MixedIdentity:
    """A person who may be several: `parts` are groups of face indices, largest first; `outliers` single faces."""

    person_id: str
    parts: tuple[tuple[int, ...], ...]
    """More than one if the faces look like several people, each of at least `MIN_PART` faces."""
    outliers: tuple[int, ...]
    similarity: float
    """Mean similarity between the largest part and the rest; lower is more certain."""

    @property
    def is_several_people(self) -> bool:
        """Whether the faces look like several people, and not just like one with outliers."""
        return len(self.parts) > 1


def mixed_identities(face_embeddings: Float32, person_ids: Sequence[str], *, seed: int = 0) -> list[MixedIdentity]:
    """Returns the people of face vectors `(n, d)`, of length 1, who may be several; most certain first."""
    people: dict[str, list[int]] = {}
    for index, person in enumerate(person_ids):
        people.setdefault(person, []).append(index)
    random = np.random.default_rng(seed)
    found = []
    for person, indices in people.items():
        chosen = np.sort(random.permutation(np.array(indices))[:MAX_FACES])
        mixed = _examine(person, chosen, face_embeddings[chosen])
        if mixed is not None:
            found.append(mixed)
    return sorted(found, key=lambda each: (not each.is_several_people, each.similarity))


def _examine(person: str, indices: NDArray[np.int64], vectors: Float32) -> MixedIdentity | None:
    from scipy.cluster.hierarchy import fcluster, linkage  # deferred: rarely needed

    if len(indices) < MIN_PART:
        return None
    tree = linkage(vectors.astype(np.float64), "average", metric="cosine")
    part_of = fcluster(tree, 1 - SAME_PERSON, "distance")
    parts = sorted((np.flatnonzero(part_of == part) for part in np.unique(part_of)), key=len, reverse=True)
    if len(parts) == 1:
        return None
    large = [part for part in parts if len(part) >= MIN_PART]
    outliers = np.concatenate([*(part for part in parts if len(part) < MIN_PART), np.zeros(0, np.int64)])
    if not large:
        return None
    rest = np.setdiff1d(np.arange(len(vectors)), large[0])
    return MixedIdentity(
        person_id=person,
        parts=tuple(tuple(int(indices[face]) for face in part) for part in large),
        outliers=tuple(int(indices[face]) for face in sorted(outliers.tolist())),
        similarity=float((vectors[large[0]] @ vectors[rest].T).mean()),
    )
