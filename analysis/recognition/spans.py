"""From single observations to stretches that bear a label. Pure functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from analysis.recognition.types import Observation, Span
from analysis.types import Float64

Decide = Callable[[Float64], list[str]]
"""Scores `(n, labels)` -> the label of each row, as `LoadedModel.decide`."""
CLOSE_S = 0.05
"""Stretches that lie no further apart touch: times of frames are rounded."""


def spans_of(observations: Sequence[Observation], decide: Decide, labels: Sequence[str]) -> list[Span]:
    """In order of time. No span crosses a cut, joins two tracks, or bridges a stretch that nobody looked at."""
    groups: dict[tuple[int | None, int], list[Observation]] = defaultdict(list)
    for each in observations:
        groups[each.place.track, each.place.shot].append(each)
    spans = []
    for (track, _shot), of_group in groups.items():
        of_group.sort(key=lambda each: each.place.time_s)
        said = without_flicker([each.label for each in of_group], _rows(of_group), decide)
        begin = 0
        for at in range(1, len(of_group) + 1):
            if at == len(of_group) or said[at] != said[begin] or _is_gap(of_group[at - 1], of_group[at]):
                spans.append(_span(of_group[begin:at], said[begin], labels.index(said[begin]), track))
                begin = at
    return sorted(spans, key=lambda span: (span.start_s, span.end_s, span.label))


def without_flicker(said: Sequence[str], scores: Float64, decide: Decide) -> list[str]:
    """A single one between two that agree gives way, unless it is so sure that the three together say the same.

    `scores` is `(n, labels)`, in order of time.
    """
    kept = list(said)
    for at in range(1, len(kept) - 1):
        if kept[at - 1] == kept[at + 1] != kept[at]:
            together = decide(scores[at - 1 : at + 2].mean(axis=0, keepdims=True))[0]
            if together == kept[at + 1]:
                kept[at] = together
    return kept


def doubt_of(scores: Float64, threshold: float) -> float:
    """0..1 for one row of scores: 1 at the border between two labels, 0 where nothing speaks for another.

    With two labels the border is the threshold, the least score of the second label with which it is said.
    """
    if len(scores) == 2:
        beyond = float(scores[1]) - threshold
        whole = 1 - threshold if beyond >= 0 else threshold
        return float(np.clip(1 - abs(beyond) / max(whole, 1e-9), 0, 1))
    second, best = np.sort(scores)[-2:]
    return float(np.clip(1 - (best - second), 0, 1))


def most_doubtful(observations: Sequence[Observation], count: int, least: float, apart_s: float) -> list[int]:
    """Indices of at most `count` observations whose doubt is at least `least`, the most doubtful first.

    Of one track only one, and none within `apart_s` of another that is no face: neighbours teach the same.
    """
    order = sorted(range(len(observations)), key=lambda at: (-observations[at].doubt, observations[at].place.time_s))
    taken: list[int] = []
    for at in order:
        if len(taken) >= count or observations[at].doubt < least:
            break
        if not any(_teaches_the_same(observations[at], observations[other], apart_s) for other in taken):
            taken.append(at)
    return taken


def _teaches_the_same(one: Observation, other: Observation, apart_s: float) -> bool:
    if one.place.track is not None or other.place.track is not None:
        return one.place.track == other.place.track
    return abs(one.place.time_s - other.place.time_s) < apart_s


def _rows(observations: Sequence[Observation]) -> Float64:
    return np.array([each.scores for each in observations], np.float64)


def _is_gap(before: Observation, after: Observation) -> bool:
    return after.place.start_s - before.place.end_s > CLOSE_S


def _span(observations: Sequence[Observation], label: str, number: int, track: int | None) -> Span:
    score = float(np.mean([each.scores[number] for each in observations]))
    return Span(label, observations[0].place.start_s, observations[-1].place.end_s, score, track)
