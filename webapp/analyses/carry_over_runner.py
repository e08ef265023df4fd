"""Matches the people of an earlier analysis of a video with those of a new one, by where and when they were seen.

Pure functions over arrays: names must survive a repeated analysis, whatever model it uses.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from analysis.boxes import iou_matrix
from analysis.faces.same_picture import first_together
from analysis.types import Float32, Float64

GRID_S = 0.25
"""People are compared at these moments."""
LONGEST_GAP_S, GAP_IN_STEPS = 1.0, 2.5
"""Between samples that are further apart than both, nobody was seen."""
SAME_PLACE_IOU = 0.4
SURE_SHARE = 0.5
"""Of the shorter presence of the two; less is chance."""
NAMED_SHARE = 0.6
"""A further group joins a known person only when so much of it was that person before."""

Key = TypeVar("Key", bound=Hashable)
Seen = Sequence[tuple[Float64, Float32]]
"""The tracks of one person: times (n,) rising and boxes (n, 4)."""


@dataclass(frozen=True, slots=True)
class Before:
    """A person of the earlier analysis."""

    seen: Seen
    is_known: bool
    """Somebody gave a name, or decided something else about this person."""


def match(
    new: Sequence[Seen],
    before: Mapping[Key, Before],
    *,
    must_be: Mapping[int, Key] | None = None,
    cannot_link: Mapping[int, Collection[Key]] | None = None,
) -> dict[int, Key]:
    """Returns the key of the earlier person for each new group that shows one.

    One to one, except that several groups may become one *known* person. Never two that are in one picture.
    `must_be` says who a group is for certain, `cannot_link` whom it never becomes.
    """
    new_at = [_on_grid(seen) for seen in new]
    before_at = {key: _on_grid(person.seen) for key, person in before.items()}
    shared = _shared_moments(new_at, before_at)
    pairs = sorted(shared.items(), key=lambda item: (-item[1], item[0][0]))
    pairs = [(pair, count) for pair, count in pairs if pair[1] not in (cannot_link or {}).get(pair[0], ())]
    matched: dict[int, Key] = dict(must_be or {})

    def fits(group: int, key: Key) -> bool:
        mates = [track for mate, whose in matched.items() if whose == key for track in new[mate]]
        return first_together(new[group], mates) is None

    taken: set[Key] = set()
    for (group, key), count in pairs:
        shorter = min(len(new_at[group]), len(before_at[key]))
        if group not in matched and key not in taken and count >= SURE_SHARE * shorter and fits(group, key):
            matched[group] = key
            taken.add(key)
    for (group, key), count in pairs:
        is_part_of_it = before[key].is_known and count >= NAMED_SHARE * len(new_at[group])
        if group not in matched and is_part_of_it and key in matched.values() and fits(group, key):
            matched[group] = key
    return matched


def same_appearances(new: Sequence[Seen], before: Mapping[Key, Seen]) -> dict[int, Key]:
    """Returns for each new appearance the earlier one with the same face at the same time; several may share one."""
    new_at = [_on_grid(seen) for seen in new]
    before_at = {key: _on_grid(seen) for key, seen in before.items()}
    best: dict[int, Key] = {}
    shared = _shared_moments(new_at, before_at).items()
    for (number, key), count in sorted(shared, key=lambda item: (-item[1], item[0][0])):
        if number not in best and count >= SURE_SHARE * min(len(new_at[number]), len(before_at[key])):
            best[number] = key
    return best


def _on_grid(seen: Seen) -> dict[int, Float32]:
    """Returns the interpolated box (4,) at each moment of the grid that is in no gap of its track.

    A short track counts at the nearest moment.
    """
    at: dict[int, Float32] = {}
    for times_s, boxes_xyxy in seen:
        if not len(times_s):
            continue
        first, last = np.ceil(times_s[0] / GRID_S), np.floor(times_s[-1] / GRID_S)
        moments = np.arange(first, last + 1) if first <= last else np.array([np.round(times_s[0] / GRID_S)])
        moments = moments[~_in_gap(moments * GRID_S, times_s)]
        sides = [np.interp(moments * GRID_S, times_s, boxes_xyxy[:, side]) for side in range(4)]
        boxes = np.stack(sides, axis=1).astype(np.float32)
        at.update(zip(moments.astype(int).tolist(), boxes, strict=True))
    return at


def _in_gap(moments_s: Float64, times_s: Float64) -> NDArray[np.bool_]:
    """Returns which moments (m,) lie between samples that are too far apart; `times_s` (n,) rise."""
    steps_s = np.diff(times_s)
    if not len(steps_s):
        return np.zeros(len(moments_s), bool)
    before = np.clip(np.searchsorted(times_s, moments_s, side="right") - 1, 0, len(steps_s) - 1)
    is_long: NDArray[np.bool_] = steps_s > max(LONGEST_GAP_S, GAP_IN_STEPS * float(np.median(steps_s)))
    return is_long[before]


def _shared_moments(
    new_at: Sequence[dict[int, Float32]], before_at: Mapping[Key, dict[int, Float32]]
) -> Counter[tuple[int, Key]]:
    """Counts how often a new group and an earlier person have their face in the same place at the same moment."""
    present: dict[int, list[int]] = defaultdict(list)
    for group, moments in enumerate(new_at):
        for moment in moments:
            present[moment].append(group)
    present_before: dict[int, list[Key]] = defaultdict(list)
    for key, moments in before_at.items():
        for moment in moments:
            present_before[moment].append(key)
    shared: Counter[tuple[int, Key]] = Counter()
    for moment in present.keys() & present_before.keys():
        groups, keys = present[moment], present_before[moment]
        overlap = iou_matrix(
            np.stack([new_at[group][moment] for group in groups]), np.stack([before_at[key][moment] for key in keys])
        )
        for row, column in np.argwhere(overlap >= SAME_PLACE_IOU):
            shared[groups[row], keys[column]] += 1
    return shared
