"""From single predictions to stretches that bear a label. Pure functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from analysis.recognition.types import LabelSpan, WindowPrediction
from analysis.types import Float64

Decide = Callable[[Float64], list[str]]
"""Scores `(n, labels)` -> the label of each row, as `LoadedModel.decide`."""
CLOSE_S = 0.05
"""Stretches that lie no further apart touch: times of frames are rounded."""


def spans_of(predictions: Sequence[WindowPrediction], decide: Decide, labels: Sequence[str]) -> list[LabelSpan]:
    """In order of time. No span crosses a cut, joins two tracks, or bridges a stretch that nobody looked at."""
    groups: dict[tuple[int | None, int], list[WindowPrediction]] = defaultdict(list)
    for each in predictions:
        groups[each.window.track, each.window.shot].append(each)
    spans = []
    for (track, _shot), of_group in groups.items():
        of_group.sort(key=lambda each: each.window.time_s)
        predicted = without_flicker([each.label for each in of_group], _rows(of_group), decide)
        begin = 0
        for at in range(1, len(of_group) + 1):
            if at == len(of_group) or predicted[at] != predicted[begin] or _is_gap(of_group[at - 1], of_group[at]):
                spans.append(_span(of_group[begin:at], predicted[begin], labels.index(predicted[begin]), track))
                begin = at
    return sorted(spans, key=lambda span: (span.start_s, span.end_s, span.label))


def without_flicker(predicted: Sequence[str], scores: Float64, decide: Decide) -> list[str]:
    """A single one between two that agree gives way, unless it is so sure that the three together say the same.

    `scores` is `(n, labels)`, in order of time.
    """
    kept = list(predicted)
    for at in range(1, len(kept) - 1):
        if kept[at - 1] == kept[at + 1] != kept[at]:
            together = decide(scores[at - 1 : at + 2].mean(axis=0, keepdims=True))[0]
            if together == kept[at + 1]:
                kept[at] = together
    return kept


def uncertainty_of(scores: Float64, threshold: float) -> float:
    """0..1 for one row of scores: 1 at the border between two labels, 0 where nothing speaks for another.

    With two labels the border is the threshold, the least score of the second label with which it is predicted.
    """
    if len(scores) == 2:
        beyond = float(scores[1]) - threshold
        whole = 1 - threshold if beyond >= 0 else threshold
        return float(np.clip(1 - abs(beyond) / max(whole, 1e-9), 0, 1))
    second, best = np.sort(scores)[-2:]
    return float(np.clip(1 - (best - second), 0, 1))


def most_uncertain(predictions: Sequence[WindowPrediction], count: int, least: float, apart_s: float) -> list[int]:
    """Indices of at most `count` predictions whose uncertainty is at least `least`, the most doubtful first.

    Of one track only one, and none within `apart_s` of another that is no face: neighbours teach the same.
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


def _rows(predictions: Sequence[WindowPrediction]) -> Float64:
    return np.array([each.scores for each in predictions], np.float64)


def _is_gap(before: WindowPrediction, after: WindowPrediction) -> bool:
    return after.window.start_s - before.window.end_s > CLOSE_S


def _span(predictions: Sequence[WindowPrediction], label: str, number: int, track: int | None) -> LabelSpan:
    score = float(np.mean([each.scores[number] for each in predictions]))
    return LabelSpan(label, predictions[0].window.start_s, predictions[-1].window.end_s, score, track)
