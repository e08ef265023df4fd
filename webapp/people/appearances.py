"""Turns time spans into appearances, bars and screen time. Pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.time_spans import Span, merged

JOIN_WITHIN_S = 1.0
"""A shorter gap (a turned head, a cut to somebody else) does not end an appearance."""
FINEST_BAR = 1 / 4000
"""Share of the whole below which a gap in a time bar is too small to see, also where one looks closely."""
THINNEST_BAR_PERCENT = 0.03
"""A bar is never thinner; the page draws a line around each, so that a short appearance can be seen and clicked."""
SEEN_FOR_S = 1.0
"""How long somebody is taken to be there at a moment at which they were seen, while the analysis runs."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A coloured stretch of a time bar, in player time and in percent of the whole."""

    start_s: float
    end_s: float
    left_percent: float
    width_percent: float


def appearances_of(seen: Iterable[Span]) -> list[Span]:
    """Returns when somebody appears in a video, of the spans in which tracks show them; in order, none before 0.

    What every page, list and figure counts: their number is that of appearances, their sum the time on screen.
    """
    return merged(((max(start_s, 0.0), max(end_s, 0.0)) for start_s, end_s in seen), JOIN_WITHIN_S)


def total_s(spans: Iterable[Span]) -> float:
    """Returns the seconds that at least one of the spans covers."""
    return sum(end_s - start_s for start_s, end_s in merged(spans))


def bars(spans: Iterable[Span], duration_s: float) -> list[Bar]:
    """Returns the bars to draw; none where the duration is unknown (0)."""
    if duration_s <= 0:
        return []
    shown = []
    for start_s, end_s in merged(spans, duration_s * FINEST_BAR):
        width = max((end_s - start_s) / duration_s * 100, THINNEST_BAR_PERCENT)
        left = min(max(start_s / duration_s * 100, 0.0), 100 - THINNEST_BAR_PERCENT)
        shown.append(Bar(start_s, end_s, round(left, 3), round(min(width, 100 - left), 3)))
    return shown


def bars_of_moments(moments_s: Iterable[float], duration_s: float) -> list[Bar]:
    """Returns the bars of somebody who was seen at some moments only, in order: those close to one another are one."""
    spans = [(max(0.0, time_s - SEEN_FOR_S / 2), min(time_s + SEEN_FOR_S / 2, duration_s)) for time_s in moments_s]
    return bars(merged((span for span in spans if span[0] < span[1]), SEEN_FOR_S), duration_s)
