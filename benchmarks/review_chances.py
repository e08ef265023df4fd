"""How likely a pair is one person by the similarity of its pooled clear views; `analysis.faces.review_order` is by it.

Across videos: photographs of known people, each taken on another occasion; the odds of a pair are the ratio of how
often people and strangers have this similarity. Within a video: what the grouping left apart in concatenations of the
single-person clips, where odds are counted, as hardly any pair is one person.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from analysis.faces.group import mean_vector
from analysis.types import Float32
from benchmarks.matching import People, read_people
from benchmarks.review_sets import Sighting, concatenated_clips

ROUNDS = 60
TEMPLATES = 6
STEP = 0.05
BANDS = tuple(np.arange(0.2, 0.8, STEP).round(2).tolist())


def measure(clips: int) -> None:
    """Prints both tables."""
    genuine, impostor = _across(read_people())
    print(f"across occasions: {len(genuine)} pairs of one person, {len(impostor)} of two")
    print("similarity  one person  two people  log of the ratio")
    for low in BANDS:
        same, other = (float(((cosines >= low) & (cosines < low + STEP)).mean()) for cosines in (genuine, impostor))
        ratio = f"{math.log(same / other):6.2f}" if same and other else "     -"
        print(f"{low:.2f}-{low + STEP:.2f}  {same:10.5f}  {other:10.2e}  {ratio}")
    same_left, other_left = _left_apart(concatenated_clips(clips))
    print(f"left apart within {clips} videos: {len(same_left)} pairs of one person, {len(other_left)} of two")
    for low in BANDS:
        counts = [int(((cosines >= low) & (cosines < low + STEP)).sum()) for cosines in (same_left, other_left)]
        print(f"{low:.2f}-{low + STEP:.2f}  {counts[0]:10d}  {counts[1]:10d}")


def _across(people: People) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Splits the pictures of each person in two at random; returns the cosines of own halves and of others'."""
    random = np.random.default_rng(1)
    genuine, impostor = [], []
    for _ in range(ROUNDS):
        halves: tuple[list[Float32], list[Float32]] = ([], [])
        for vectors in people.vectors.values():
            order = random.permutation(len(vectors))
            border = int(random.integers(1, len(vectors)))
            for half, rows in zip(halves, (order[:border], order[border:]), strict=True):
                half.append(_pooled(vectors[rows[:TEMPLATES]]))
        table = np.stack(halves[0]) @ np.stack(halves[1]).T
        genuine.append(np.diag(table))
        impostor.append(table[~np.eye(len(table), dtype=bool)])
    return np.concatenate(genuine), np.concatenate(impostor)


def _left_apart(sightings: Sequence[Sighting]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    same: list[float] = []
    other: list[float] = []
    for one, two in combinations(sightings, 2):
        if one.video == two.video:
            (same if one.person == two.person else other).append(float(one.mean @ two.mean))
    return np.array(same, np.float32), np.array(other, np.float32)


def _pooled(vectors: Float32) -> Float32:
    return mean_vector(vectors, np.ones(len(vectors), np.float32))
