"""Finds near-duplicates: copies after resizing, recompression, slight cropping or a change of light."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from analysis.doctor.alignment import aligned_similarity, tangent_similarity
from analysis.doctor.signature import sketches, structures
from analysis.types import Float32, Progress, expect_shape

ROWS, COLUMNS = 512, 2048
"""Block that each thread compares at once: 4 MB of similarities, which stay in the cache."""
MIN_SKETCH_SIMILARITY = 0.65
"""Candidates have at least this: copies that lost 4 % on each side stay above 0.8, with 8 % mostly above 0.65."""
MIN_EMBEDDING_SIMILARITY = 0.9
"""The same for embeddings; aligned faces of different people reach 0.9, too, hence only candidates."""
CANDIDATES = 3
"""Most similar pictures of each that are verified; groups are transitive, so few are enough."""
MIN_SIMILARITY = 0.95
"""After alignment. Copies have 0.97 and more, 0.95 if 8 % were cut off; different pictures up to 0.94."""
MIN_TANGENT_SIMILARITY = 0.77
"""Pairs below this are not aligned, which takes eight times as long: 1,857 cropped copies of six sets all had more,
half of 11,000 pairs of different portraits (mostly of one person in one sitting) had less."""
PROJECTED_LENGTH = 96
"""Random directions on which embeddings are compared: dot products stay within 0.05, in a tenth of the time."""
VERIFIED_AT_ONCE = 1024
MAX_THREADS = 8
"""They run NumPy, which releases the GIL."""

Part = TypeVar("Part")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Near-duplicates of each other; at least two, by rising index."""

    indices: tuple[int, ...]
    similarity: float
    """Similarity of the least similar pair found, 0..1."""
    across_sources: bool
    """They come from more than one source (video or upload)."""


def near_duplicates(
    signatures: NDArray[np.uint8],
    *,
    embeddings: Float32 | None = None,
    sources: Sequence[str] | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> list[DuplicateGroup]:
    """Returns groups of near-duplicates among signatures `(n, SIGNATURE_BYTES)`, largest group first.

    `embeddings` (n, d) of length 1 (by `PictureEmbedder`) also find candidates that were cropped so much that their
    signatures differ. `sources` (n) only sets the flag of the groups. Takes 1 kB of memory per
    picture and 50 MB.
    """
    n = len(signatures)
    short = np.concatenate([sketches(structures(signatures[at : at + COLUMNS])) for at in range(0, max(n, 1), COLUMNS)])
    rounds = [(short, MIN_SKETCH_SIMILARITY)]
    if embeddings is not None:
        expect_shape("embeddings", embeddings, (n, embeddings.shape[1]))
        rounds.append((_projected(embeddings), MIN_EMBEDDING_SIMILARITY))
    found = [
        _candidates(vectors, least, on_progress, len(rounds), number) for number, (vectors, least) in enumerate(rounds)
    ]
    pairs = np.unique(np.concatenate(found), axis=0)
    similarity = _verified(signatures, pairs)
    same = similarity >= MIN_SIMILARITY
    return _groups(pairs[same], similarity[same], n, sources)


def _projected(embeddings: Float32) -> Float32:
    """Projects embeddings on a few fixed random directions: `(n, PROJECTED_LENGTH)` of length 1."""
    length = embeddings.shape[1]
    directions = np.random.default_rng(0).normal(size=(length, min(PROJECTED_LENGTH, length))).astype(np.float32)
    directions = np.linalg.qr(directions)[0]
    short = embeddings.astype(np.float32, copy=False) @ directions
    unit: Float32 = (short / np.maximum(np.linalg.norm(short, axis=1, keepdims=True), 1e-6)).astype(np.float32)
    return unit


def _candidates(
    vectors: Float32, least: float, on_progress: Callable[[Progress], None], rounds: int, number: int
) -> NDArray[np.int64]:
    """Returns pairs `(k, 2)`, smaller index first: for each picture its `CANDIDATES` most similar later ones."""
    n = len(vectors)
    found = [np.zeros((0, 2), np.int64)]
    starts = range(0, n, ROWS)
    for row, pairs in zip(starts, _in_threads(lambda row: _most_similar(vectors, row, least), starts), strict=True):
        found.append(pairs)
        on_progress(Progress("duplicates", min(row + ROWS, n) + number * n, rounds * n))
    return np.concatenate(found)


def _in_threads(work: Callable[[Part], Result], parts: Iterable[Part]) -> Iterator[Result]:
    """Yields the result of `work` for each part, in order, on all cores; pending parts are dropped on early exit."""
    pool = ThreadPoolExecutor(min(len(os.sched_getaffinity(0)), MAX_THREADS))
    # BLAS threads within each of ours would spin while they wait: up to three times the CPU time.
    with threadpool_limits(1, "blas"):
        try:
            yield from pool.map(work, parts)
        finally:
            pool.shutdown(cancel_futures=True)


def _most_similar(vectors: Float32, row: int, least: float) -> NDArray[np.int64]:
    """Returns pairs `(k, 2)`: `ROWS` pictures from `row` on, each with its `CANDIDATES` most similar later ones."""
    block = vectors[row : row + ROWS]
    values = np.full((len(block), CANDIDATES), least, np.float32)
    columns = np.full((len(block), CANDIDATES), -1, np.int64)
    room = np.empty(len(block) * min(len(vectors), COLUMNS), np.float32)
    for column in range(row, len(vectors), COLUMNS):
        others = vectors[column : column + COLUMNS]
        # In the same memory each time: mapping new pages for each block would take as long as the product.
        similarity = room[: len(block) * len(others)].reshape(len(block), len(others))
        np.matmul(block, others.T, out=similarity)
        if column == row:
            similarity[np.tril_indices(len(block), 0, len(others))] = -1
        _keep_most_similar(similarity, column, values, columns)
    rows, places = np.nonzero(columns >= 0)
    return np.stack([rows + row, columns[rows, places]], axis=1)


def _keep_most_similar(similarity: Float32, first_column: int, values: Float32, columns: NDArray[np.int64]) -> None:
    """Updates each row's `CANDIDATES` best `values` and their `columns` with a block of similarities.

    However many pairs are similar (of aligned faces a quarter), a row is read at most `CANDIDATES` times.
    """
    rows = np.arange(len(similarity))
    for _ in range(CANDIDATES):
        places = similarity.argmax(axis=1)
        most = similarity[np.arange(len(similarity)), places]
        weakest = values[rows].argmin(axis=1)
        better = np.flatnonzero(most > values[rows, weakest])
        if not len(better):
            return
        rows, places, weakest = rows[better], places[better], weakest[better]
        values[rows, weakest], columns[rows, weakest] = most[better], places + first_column
        similarity = similarity[better]
        similarity[np.arange(len(better)), places] = -1


def _verified(signatures: NDArray[np.uint8], pairs: NDArray[np.int64]) -> Float32:
    """Returns the similarity `(k,)` of each pair, as it is or after alignment."""

    def similarity_of(start: int) -> Float32:
        chosen = pairs[start : start + VERIFIED_AT_ONCE]
        first, second = structures(signatures[chosen[:, 0]]), structures(signatures[chosen[:, 1]])
        similarity: Float32 = (first * second).sum(axis=(1, 2))
        unsure = np.flatnonzero(similarity < MIN_SIMILARITY)
        unsure = unsure[tangent_similarity(first[unsure], second[unsure]) >= MIN_TANGENT_SIMILARITY]
        similarity[unsure] = np.maximum(similarity[unsure], aligned_similarity(first[unsure], second[unsure]))
        return similarity

    blocks = _in_threads(similarity_of, range(0, len(pairs), VERIFIED_AT_ONCE))
    return np.concatenate([np.zeros(0, np.float32), *blocks])


def _groups(
    pairs: NDArray[np.int64], similarity: Float32, n: int, sources: Sequence[str] | None
) -> list[DuplicateGroup]:
    from scipy.sparse import coo_array  # deferred: rarely needed
    from scipy.sparse.csgraph import connected_components  # deferred: rarely needed

    graph = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    _, component = connected_components(graph, directed=False)
    least = np.ones(n, np.float32)
    np.minimum.at(least, component[pairs[:, 0]], similarity)
    members: dict[int, list[int]] = {}
    for index in np.unique(pairs):
        members.setdefault(int(component[index]), []).append(int(index))
    groups = [
        DuplicateGroup(tuple(indices), float(least[number]), _differ(sources, indices))
        for number, indices in members.items()
    ]
    return sorted(groups, key=lambda group: (-len(group.indices), group.indices))


def _differ(names: Sequence[str] | None, indices: Sequence[int]) -> bool:
    return names is not None and len({names[index] for index in indices}) > 1
