"""Smooths single predictions and joins them to labelled spans, and ranks them by uncertainty. Pure functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from analysis.recognition.types import LabelSpan, WindowPrediction
from analysis.types import Float64

Decide = Callable[[Float64], list[str]]
"""Scores `(n, labels)` -> the label of each row, as `LoadedModel.decide`."""
CLOSE_S = 0.05
"""Windows no further apart than this touch: times of frames are rounded."""


def spans_of(predictions: Sequence[WindowPrediction], decide: Decide, labels: Sequence[str]) -> list[LabelSpan]:
    """Returns labelled spans, sorted by start. No span crosses a cut, joins two tracks, or bridges a gap."""
    groups: dict[tuple[int | None, int], list[WindowPrediction]] = defaultdict(list)
    for each in predictions:
        groups[each.window.track, each.window.shot].append(each)
    spans = []
    for (track, _shot), of_group in groups.items():
        of_group.sort(key=lambda each: each.window.time_s)
        scores = np.array([each.scores for each in of_group], np.float64)
        predicted = without_flicker([each.label for each in of_group], scores, decide)
        begin = 0
        for at in range(1, len(of_group) + 1):
            if at == len(of_group) or predicted[at] != predicted[begin] or _is_gap(of_group[at - 1], of_group[at]):
                spans.append(_span(of_group[begin:at], predicted[begin], labels.index(predicted[begin]), track))
                begin = at
    return sorted(spans, key=lambda span: (span.start_s, span.end_s, span.label))


def without_flicker(predicted: Sequence[str], scores: Float64, decide: Decide) -> list[str]:
    """Returns the labels without flicker: a label between two equal ones becomes theirs if their mean score says so.

    `scores` (n, labels), in order of time.
    """
    kept = list(predicted)
    for at in range(1, len(kept) - 1):
        if kept[at - 1] == kept[at + 1] != kept[at]:
            together = decide(scores[at - 1 : at + 2].mean(axis=0, keepdims=True))[0]
            if together == kept[at + 1]:
                kept[at] = together
    return kept


def uncertainty_of(scores: Float64, threshold: float) -> float:
    """Returns the uncertainty, 0..1, of one row of scores: 1 on the border between two labels, 0 if there is no doubt.

    With two labels the border is `threshold`, the lowest score at which the second label is predicted.
    """
    if len(scores) == 2:
        beyond = float(scores[1]) - threshold
        whole = 1 - threshold if beyond >= 0 else threshold
        return float(np.clip(1 - abs(beyond) / max(whole, 1e-9), 0, 1))
    second, best = np.sort(scores)[-2:]
    return float(np.clip(1 - (best - second), 0, 1))


def most_uncertain(predictions: Sequence[WindowPrediction], count: int, least: float, apart_s: float) -> list[int]:
    """Returns the indices of at most `count` predictions with uncertainty of at least `least`, most uncertain first.

    At most one of each track and, without tracks, none within `apart_s` of another: neighbours teach the same.
    """
    order = sorted(
        range(len(predictions)), key=lambda at: (-predictions[at].uncertainty, predictions[at].window.time_s)
    )
    taken: list[int] = []
    for at in order:
        if len(taken) >= count or predictions[at].uncertainty < least:
            break
        if not any(_teaches_the_same(predictions[at], predictions[other], apart_s) for other in taken):
            taken.append(at)
    return taken


def _teaches_the_same(one: WindowPrediction, other: WindowPrediction, apart_s: float) -> bool:
    if one.window.track is not None or other.window.track is not None:
        return one.window.track == other.window.track
    return abs(one.window.time_s - other.window.time_s) < apart_s


def _is_gap(before: WindowPrediction, after: WindowPrediction) -> bool:
    return after.window.start_s - before.window.end_s > CLOSE_S


def _span(predictions: Sequence[WindowPrediction], label: str, number: int, track: int | None) -> LabelSpan:
    score = float(np.mean([each.scores[number] for each in predictions]))
    return LabelSpan(label, predictions[0].window.start_s, predictions[-1].window.end_s, score, track)
