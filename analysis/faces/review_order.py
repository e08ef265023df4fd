"""Which question "same person?" teaches most: pure functions, so that the order can be measured without people."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import TypeVar

HALF_SURE = 0.46
"""Cosine at which half of the pairs that are asked about show one person; see `python -m benchmarks review`."""
STEEPNESS = 30.0
MORE_LIKELY_THAN_NOT = 0.5

Key = TypeVar("Key", bound=Hashable)
Alike = Mapping[Key, Mapping[Key, float]]
"""Similarity by one group and the other, both ways round."""


def chance_of_same(similarity: float) -> float:
    """Of two groups with this cosine between their most alike views, from 0 to 1."""
    return 1.0 / (1.0 + math.exp(-STEEPNESS * (similarity - HALF_SURE)))


def expected_gain(similarity: float, size: int, other_size: int) -> float:
    """How much better the groups are expected to be after an answer about two of them."""
    return gain_of_group(size, [(other_size, chance_of_same(similarity))])


def gain_of_group(size: int, others: Sequence[tuple[int, float]]) -> float:
    """How much better the groups are expected to be after one answer about `others` (size, chance of being the one).

    A yes unites groups: each face then has more of its own around it (the change of BCubed recall, up to a factor
    that is the same for all questions). A no changes nothing that is seen.
    """
    together, gain = float(max(size, 1)), 0.0
    for other_size, chance in others:
        joining = max(other_size, 1)
        gain += chance * 2.0 * together * joining / (together + joining)
        together += chance * joining
    return gain


def whole_group(
    alike: Alike[Key], start: Key, fits: Callable[[Collection[Key], Key], bool], most: int
) -> list[tuple[Key, float]]:
    """Who can be confirmed as `start` in one answer, with the chance of each, most likely first; `most` at most.

    Also those who are like somebody who is like `start`: the chances multiply along the way. Everybody is more likely
    than not, except where that leaves nobody: then the most alike one alone. `fits(group, key)` says whether somebody
    may stand in a group with those who are there already.
    """
    group: dict[Key, float] = {start: 1.0}
    waiting = {key: chance_of_same(similarity) for key, similarity in alike[start].items()}
    while waiting and len(group) <= most:
        key = max(waiting, key=lambda each: waiting[each])
        chance = waiting.pop(key)
        if not fits(group, key):
            continue
        if chance < MORE_LIKELY_THAN_NOT:
            return _others(group) or [(key, chance)]
        group[key] = chance
        for further, similarity in alike[key].items():
            if further not in group:
                waiting[further] = max(waiting.get(further, 0.0), chance * chance_of_same(similarity))
    return _others(group)


def _others(group: Mapping[Key, float]) -> list[tuple[Key, float]]:
    return list(group.items())[1:]
