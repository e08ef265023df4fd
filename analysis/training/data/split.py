"""Parts of a split, and folds, that share no source: groups are dealt out whole, labels in proportion."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

SWAPS_PER_GROUP = 20
MOST_SWAPS = 4_000
"""Random moves tried after the first deal; each costs some microseconds."""
ABSENT, NOTHING = 0.01, 1e-9
"""A part without any of a label is worse by this much, so that a rare label in small groups comes into each part, while
no group with more than a tenth of a label moves for it."""

Key = TypeVar("Key", bound=Hashable)
Name = TypeVar("Name", bound=Hashable)


def connected(*keys_of_samples: Sequence[Hashable]) -> list[int]:
    """The group of each sample, so that samples which share any key are in one: same video, or same person.

    Each argument holds one key per sample; an empty string or None connects nothing. Groups are numbered from 0 in the
    order in which they appear. Raises ValueError when the arguments differ in length.
    """
    if len({len(keys) for keys in keys_of_samples}) > 1:
        raise ValueError(f"expected equally many keys, got {[len(keys) for keys in keys_of_samples]}")
    count = len(keys_of_samples[0]) if keys_of_samples else 0
    parents = list(range(count))

    def root(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    for keys in keys_of_samples:
        first: dict[Hashable, int] = {}
        for number, key in enumerate(keys):
            if key not in ("", None):
                parents[root(number)] = root(first.setdefault(key, number))
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(number), len(numbers)) for number in range(count)]


def split_groups(
    groups: Sequence[int], labels: Sequence[Key], shares: Mapping[Name, float], seed: int
) -> dict[int, Name]:
    """The part of each group: every group in exactly one, each label in each part as near to its share as groups allow.

    `groups` and `labels` hold one entry per sample, `shares` the wished share of each part (positive, any sum). The
    same input gives the same answer. A part stays empty only when there are fewer groups than parts.
    Raises ValueError for no parts, or entries that differ in number.
    """
    if not shares or min(shares.values()) <= 0:
        raise ValueError(f"expected positive shares, got {dict(shares)}")
    if len(groups) != len(labels):
        raise ValueError(f"expected a label for each of {len(groups)} samples, got {len(labels)}")
    names = sorted(set(groups))
    if not names:
        return {}
    counts = _counts(groups, labels, names)
    wished = np.array(list(shares.values())) / sum(shares.values())
    dealer = np.random.default_rng(seed)
    dealt = _deal(counts, wished, dealer)
    _improve(dealt, counts, wished, dealer)
    parts = list(shares)
    return {name: parts[part] for name, part in zip(names, dealt.tolist(), strict=True)}


def fold_groups(groups: Sequence[int], labels: Sequence[Key], folds: int, seed: int) -> NDArray[np.intp]:
    """Returns the fold of each sample `(n,)`, 0..`folds` - 1, for cross-validation: parts of equal shares, as above."""
    fold_of = split_groups(groups, labels, dict.fromkeys(range(folds), 1.0), seed)
    return np.array([fold_of[group] for group in groups], np.intp)


def _counts(groups: Sequence[int], labels: Sequence[Key], names: Sequence[int]) -> NDArray[np.float64]:
    """`(groups, labels + 1)`: each group's share of each label, and in the last column of everything."""
    row = {name: number for number, name in enumerate(names)}
    column = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    counts = np.zeros((len(names), len(column) + 1))
    np.add.at(counts, ([row[group] for group in groups], [column[label] for label in labels]), 1.0)
    counts[:, -1] = counts.sum(axis=1)
    shares: NDArray[np.float64] = counts / counts.sum(axis=0)
    return shares


def _deal(counts: NDArray[np.float64], wished: NDArray[np.float64], dealer: np.random.Generator) -> NDArray[np.intp]:
    """Large groups first, each to the part that lacks most of what it holds; no part is left without a group."""
    order = dealer.permutation(len(counts))
    order = order[np.argsort(-counts[order].max(axis=1), kind="stable")]
    have = np.zeros((len(wished), counts.shape[1]))
    dealt = np.zeros(len(counts), np.intp)
    for left, group in zip(range(len(order), 0, -1), order, strict=True):
        lack = ((wished[:, None] - have) * counts[group]).sum(axis=1) / wished**0.5
        empty = have[:, -1] == 0
        if empty.sum() >= left:
            lack[~empty] = -np.inf
        part = int(np.argmax(lack))
        dealt[group] = part
        have[part] += counts[group]
    return dealt


def _improve(
    dealt: NDArray[np.intp], counts: NDArray[np.float64], wished: NDArray[np.float64], dealer: np.random.Generator
) -> None:
    """Random moves and swaps, in place, as long as they bring the parts nearer to their shares."""
    parts = len(wished)
    have = np.zeros((parts, counts.shape[1]))
    np.add.at(have, dealt, counts)
    sizes = np.bincount(dealt, minlength=parts)
    for _ in range(min(SWAPS_PER_GROUP * len(counts), MOST_SWAPS)):
        first, second = dealer.integers(len(counts), size=2)
        here, there = dealt[first], int(dealer.integers(parts))
        swaps = dealer.random() < 0.5
        if swaps:
            there = int(dealt[second])
        if here == there or (not swaps and sizes[here] == 1):
            continue
        shift = counts[first] - (counts[second] if swaps else 0)
        now = np.stack([have[here], have[there]])
        then = np.stack([have[here] - shift, have[there] + shift])
        if _misfit(then, wished[[here, there]]) < _misfit(now, wished[[here, there]]) - 1e-12:
            have[here] -= shift
            have[there] += shift
            dealt[first] = there
            if swaps:
                dealt[second] = here
            else:
                sizes[here] -= 1
                sizes[there] += 1


def _misfit(have: NDArray[np.float64], wished: NDArray[np.float64]) -> float:
    """Returns how far parts are from their shares; nothing of a label weighs more than its share says."""
    return float(((have - wished[:, None]) ** 2).sum() + ABSENT * (have < NOTHING).sum())
