"""Start and end in seconds of stretches of time: joins them, and finds what they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

Span = tuple[float, float]


def merged(spans: Iterable[Span], gap_s: float = 0.0) -> list[Span]:
    """Returns spans in order of time, without overlap; those at most `gap_s` apart become one."""
    result: list[Span] = []
    for start_s, end_s in sorted(spans):
        if result and start_s - result[-1][1] <= gap_s:
            result[-1] = (result[-1][0], max(result[-1][1], end_s))
        else:
            result.append((start_s, end_s))
    return result


def overlaps(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """Returns what both lists of spans, each rising and without overlaps, have in common."""
    found, number, other = [], 0, 0
    while number < len(spans) and other < len(others):
        start_s, end_s = max(spans[number][0], others[other][0]), min(spans[number][1], others[other][1])
        if start_s < end_s:
            found.append((start_s, end_s))
        if spans[number][1] < others[other][1]:
            number += 1
        else:
            other += 1
    return found


def overlaps_of_all(spans_of_each: Iterable[Iterable[Span]]) -> list[Span]:
    """Returns the stretches that spans of every one cover, in order of time; the spans may be in any order."""
    each = [merged(spans) for spans in spans_of_each]
    return reduce(overlaps, each) if each else []
