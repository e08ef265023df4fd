"""Ranks "same person?" questions by expected gain: pure functions, so that the order can be measured without people."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from analysis.faces.search import IdentificationThresholds


@dataclass(frozen=True, slots=True)
class ChanceCurve:
    """Odds that a pair shows one person, by how similar its two pooled vectors of clear views are.

    Similarity is counted from the review threshold (0) to the accept threshold (1), whatever embedder they are of.
    """

    points: tuple[tuple[float, float], ...]
    """Similarity and the natural logarithm of the odds for the only candidate, both rising; straight lines between."""

    def log_odds(self, similarity: float, thresholds: IdentificationThresholds) -> float:
        """Returns the natural logarithm of the odds at a cosine."""
        place = (similarity - thresholds.review_from) / (thresholds.accept_from - thresholds.review_from)
        return _along(self.points, place)

    def similarity_of(self, chance: float, thresholds: IdentificationThresholds) -> float:
        """Returns the cosine at which the only candidate is the same person with this probability."""
        place = _along([(odds, place) for place, odds in self.points], math.log(chance / (1.0 - chance)))
        return thresholds.review_from + place * (thresholds.accept_from - thresholds.review_from)


ACROSS_VIDEOS = ChanceCurve(((-0.24, -0.9), (0.03, 0.7), (0.55, 2.1), (0.82, 5.1), (1.08, 7.7)))
"""Where every second person of a video is known already."""
WITHIN_VIDEO = ChanceCurve(((0.42, -1.4), (0.63, 0.0)))
"""Of what the grouping left apart: hardly anything below, and above it had joined them."""
# Both by `python -m benchmarks review --chances`.
MOST_STRANGERS = 1_000
"""Candidates that count: who is in a video is rather one of those whom one meets than anybody."""

NEARLY_SURE = 0.9
WORTH_ASKING = 0.25
"""Chance below which a question is rather a bother than a help."""
MORE_LIKELY_THAN_NOT = 0.5

GOOD_QUALITY = 0.6
"""Of the best view, 0..1, from which on a person sees at once who it is."""

Key = TypeVar("Key", bound=Hashable)
Chances = Mapping[Key, Mapping[Key, float]]
"""Probability that two groups are one person, by either group and then the other."""


def chance_of_same(
    similarity: float, thresholds: IdentificationThresholds, candidates: int = 1, curve: ChanceCurve = ACROSS_VIDEOS
) -> float:
    """Returns the probability that two groups are one person, by the cosine of their pooled vectors.

    The more `candidates` there are, the more likely a stranger is as similar.
    """
    log_odds = curve.log_odds(similarity, thresholds) - math.log(min(max(candidates, 1), MOST_STRANGERS))
    return 1.0 / (1.0 + math.exp(-min(max(log_odds, -60.0), 60.0)))


def ease(quality: float, other_quality: float) -> float:
    """Returns how easily a person sees the answer, 0..1, by the quality of the best view of either group."""
    return min(max(min(quality, other_quality) / GOOD_QUALITY, 0.0), 1.0) ** 2


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
    chances: Chances[Key], start: Key, fits: Callable[[Collection[Key], Key], bool], most: int
) -> list[tuple[Key, float]]:
    """Returns who can be confirmed as `start` in one answer, each with its probability, most likely first.

    At most `most`. Includes those similar to somebody similar to `start`: probabilities multiply along the way. Each
    is more likely than not; if nobody is, only the most likely one. `fits(group, key)` tells whether `key` may be in
    one group with those already in it.
    """
    group: dict[Key, float] = {start: 1.0}
    waiting = dict(chances[start])
    while waiting and len(group) <= most:
        key = max(waiting, key=lambda each: waiting[each])
        chance = waiting.pop(key)
        if not fits(group, key):
            continue
        if chance < MORE_LIKELY_THAN_NOT:
            return _others(group) or [(key, chance)]
        group[key] = chance
        for further, own in chances[key].items():
            if further not in group:
                waiting[further] = max(waiting.get(further, 0.0), chance * own)
    return _others(group)


def _along(points: Sequence[tuple[float, float]], x: float) -> float:
    """Returns the height at `x` of the line through the points, and of its outer parts beyond them."""
    parts = list(pairwise(points))
    (x0, y0), (x1, y1) = next((part for part in parts if x <= part[1][0]), parts[-1])
    return y0 + (x - x0) * (y1 - y0) / (x1 - x0)


def _others(group: Mapping[Key, float]) -> list[tuple[Key, float]]:
    return list(group.items())[1:]
