"""Ranks "same person?" questions by expected gain: pure functions, so that the order can be measured without people."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import TypeVar

HALF_SURE = 0.46
"""Cosine at which half of the pairs in question show one person; see `python -m benchmarks review`."""
STEEPNESS = 30.0
MORE_LIKELY_THAN_NOT = 0.5

Key = TypeVar("Key", bound=Hashable)
Similarities = Mapping[Key, Mapping[Key, float]]
"""Similarity of two groups, by either group and then the other."""


def chance_of_same(similarity: float) -> float:
    """Returns the probability that two groups are one person, by the cosine of their most similar views."""
    return 1.0 / (1.0 + math.exp(-STEEPNESS * (similarity - HALF_SURE)))


def expected_gain(similarity: float, size: int, other_size: int) -> float:
    """Returns how much better the grouping is expected to be after an answer about two groups of these sizes."""
    return gain_of_group(size, [(other_size, chance_of_same(similarity))])


def gain_of_group(size: int, others: Sequence[tuple[int, float]]) -> float:
    """Returns how much better the grouping is expected to be after one answer about `others` (size, probability).

    A yes merges groups and raises BCubed recall; the gain is that rise, up to a factor common to all questions. A no
    changes nothing visible.
    """
    together, gain = float(max(size, 1)), 0.0
    for other_size, chance in others:
        joining = max(other_size, 1)
        gain += chance * 2.0 * together * joining / (together + joining)
        together += chance * joining
    return gain


def whole_group(
    similarities: Similarities[Key], start: Key, fits: Callable[[Collection[Key], Key], bool], most: int
) -> list[tuple[Key, float]]:
    """Returns who can be confirmed as `start` in one answer, each with its probability, most likely first.

    At most `most`. Includes those similar to somebody similar to `start`: probabilities multiply along the way. Each
    is more likely than not; if nobody is, only the most similar one. `fits(group, key)` tells whether `key` may be in
    one group with those already in it.
    """
    group: dict[Key, float] = {start: 1.0}
    waiting = {key: chance_of_same(similarity) for key, similarity in similarities[start].items()}
    while waiting and len(group) <= most:
        key = max(waiting, key=lambda each: waiting[each])
        chance = waiting.pop(key)
        if not fits(group, key):
            continue
        if chance < MORE_LIKELY_THAN_NOT:
            return _others(group) or [(key, chance)]
        group[key] = chance
        for further, similarity in similarities[key].items():
            if further not in group:
                waiting[further] = max(waiting.get(further, 0.0), chance * chance_of_same(similarity))
    return _others(group)


def _others(group: Mapping[Key, float]) -> list[tuple[Key, float]]:
    return list(group.items())[1:]
