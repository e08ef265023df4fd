"""Finds labels with too few pictures, too few sources, or far fewer pictures than others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

ENOUGH_PICTURES = 50
"""Per label: with fewer, a held-out fifth has fewer than ten pictures, and its score is a guess."""
MIN_PICTURES = 10
"""Per label: with fewer there is nothing to train on."""
ENOUGH_SOURCES = 3
"""Videos or uploads per label: one each for training, validation and test."""
MAX_SHARE_OF_ONE_SOURCE = 0.8
"""A label that comes almost entirely from one video teaches that video's background."""
UNBALANCED_TIMES = 3.0
"""A label with this many times fewer pictures than the largest is learned noticeably worse."""


@dataclass(frozen=True, slots=True)
class UnbalancedLabel:
    """A label that is rare compared with the most frequent one."""

    label: str
    count: int
    largest_label: str
    largest_count: int
    enough: int
    """Number of pictures from which it is not reported."""


@dataclass(frozen=True, slots=True)
class ThinLabel:
    """A label with too few pictures, too few sources, or almost all pictures from one source."""

    label: str
    pictures: int
    enough_pictures: int
    sources: int
    enough_sources: int
    largest_source: str
    share_of_largest_source: float
    """0..1."""
    is_untrainable: bool
    """Fewer than `MIN_PICTURES`."""


def unbalanced_labels(labels: Sequence[str | None]) -> list[UnbalancedLabel]:
    """Returns rare labels, rarest first; pictures without a label (None) do not count."""
    counts = Counter(label for label in labels if label is not None)
    if not counts:
        return []
    largest_label, largest = max(counts.items(), key=lambda item: (item[1], item[0]))
    enough = -int(-largest // UNBALANCED_TIMES)
    rare = sorted((count, label) for label, count in counts.items() if count < enough)
    return [UnbalancedLabel(label, count, largest_label, largest, enough) for count, label in rare]


def thin_labels(
    labels: Sequence[str | None], sources: Sequence[str] | None = None, all_labels: Sequence[str] = ()
) -> list[ThinLabel]:
    """Returns thin labels, thinnest first; without `sources` only pictures count. `all_labels` adds empty labels."""
    per_label: dict[str, Counter[str]] = {label: Counter() for label in all_labels}
    for index, label in enumerate(labels):
        if label is not None:
            per_label.setdefault(label, Counter())[sources[index] if sources is not None else ""] += 1
    thin = []
    for label, counted in per_label.items():
        pictures = counted.total()
        largest_source, most = max(counted.items(), key=lambda item: (item[1], item[0]), default=("", 0))
        share = most / pictures if pictures else 0.0
        one_sided = sources is not None and (len(counted) < ENOUGH_SOURCES or share > MAX_SHARE_OF_ONE_SOURCE)
        if pictures < ENOUGH_PICTURES or one_sided:
            thin.append(
                ThinLabel(
                    label=label,
                    pictures=pictures,
                    enough_pictures=ENOUGH_PICTURES,
                    sources=len(counted) if sources is not None else 0,
                    enough_sources=ENOUGH_SOURCES if sources is not None else 0,
                    largest_source=largest_source,
                    share_of_largest_source=share,
                    is_untrainable=pictures < MIN_PICTURES,
                )
            )
    return sorted(thin, key=lambda item: (item.pictures, item.label))
