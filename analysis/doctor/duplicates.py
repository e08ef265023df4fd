"""Pictures that are there twice: copies after resizing, recompression, slight cropping or a change of light."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from analysis.doctor.signature import unit_signatures
from analysis.types import Float32, Progress

BLOCK = 2048
LEAST_LIKENESS = 0.97


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Pictures that show the same; at least two, by rising index."""

    indices: tuple[int, ...]
    likeness: float
    """Of the least alike pair that was found, 0..1."""
    across_sources: bool
    """Not all of one source (video or upload)."""
    across_splits: bool
    """Not all in one part of train / validation / test: what was learnt is asked again in the test."""


def near_duplicates(
    signatures: NDArray[np.uint8],
    *,
    embeddings: Float32 | None = None,
    sources: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> list[DuplicateGroup]:
    """Groups of `(n, SIGNATURE_BYTES)` signatures that show the same picture, largest group first.

    `embeddings` `(n, d)` of length 1 (of `PictureEmbedder`), where there are any, find more strongly cropped copies.
    `sources` and `splits` (n each) only set the flags of the groups. Memory: about 100 MB beside the
    arguments for any n.
    """
    first, second, likeness = _pairs(unit_signatures(signatures), on_progress)
    return _groups(first, second, likeness, len(signatures), sources, splits)


def _pairs(
    vectors: Float32, on_progress: Callable[[Progress], None]
) -> tuple[NDArray[np.int64], NDArray[np.int64], Float32]:
    n = len(vectors)
    firsts, seconds, values = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    for row in range(0, n, BLOCK):
        for column in range(row, n, BLOCK):
            likeness = vectors[row : row + BLOCK] @ vectors[column : column + BLOCK].T
            left, right = np.nonzero(likeness >= LEAST_LIKENESS)
            keep = left + row < right + column
            firsts.append(left[keep] + row)
            seconds.append(right[keep] + column)
            values.append(likeness[left[keep], right[keep]])
        on_progress(Progress("duplicates", min(row + BLOCK, n), n))
    return np.concatenate(firsts), np.concatenate(seconds), np.concatenate(values)


def _groups(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    likeness: Float32,
    n: int,
    sources: Sequence[str] | None,
    splits: Sequence[str] | None,
) -> list[DuplicateGroup]:
    graph = coo_array((np.ones(len(first), np.int8), (first, second)), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    least = np.ones(n, np.float32)
    np.minimum.at(least, component[first], likeness)
    members: dict[int, list[int]] = {}
    for index in np.unique(np.concatenate([first, second])):
        members.setdefault(int(component[index]), []).append(int(index))
    groups = [
        DuplicateGroup(tuple(indices), float(least[number]), _differ(sources, indices), _differ(splits, indices))
        for number, indices in members.items()
    ]
    return sorted(groups, key=lambda group: (-len(group.indices), group.indices))


def _differ(names: Sequence[str] | None, indices: Sequence[int]) -> bool:
    return names is not None and len({names[index] for index in indices}) > 1
