"""Which question "same person?" teaches most: pure functions, so that the order can be measured without people."""

from __future__ import annotations

import math

HALF_SURE = 0.46
"""Cosine at which half of the pairs that are asked about show one person; see `python -m benchmarks review`."""
STEEPNESS = 30.0


def chance_of_same(likeness: float) -> float:
    """Of two groups with this cosine between their most alike views, from 0 to 1."""
    return 1.0 / (1.0 + math.exp(-STEEPNESS * (likeness - HALF_SURE)))


def expected_gain(likeness: float, size: int, other_size: int) -> float:
    """How much better the groups are expected to be after the answer.

    A yes unites two groups: each face then has more of its own around it (the change of BCubed recall, up to a factor
    that is the same for all pairs). A no changes nothing that is seen.
    """
    together = max(size, 1) + max(other_size, 1)
    return chance_of_same(likeness) * 2.0 * max(size, 1) * max(other_size, 1) / together
