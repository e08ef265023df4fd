"""When a face is seen: stretches of a track without a gap, from which shares, bars and times on screen are computed."""

from __future__ import annotations

import numpy as np

from analysis.types import Float64

SHORT_GAP_S = 1.0
"""A face that is missed for less (a blink of the detector, a hand) counts as seen all the time."""
SKIPPING_STEP_S = 0.5
SKIPPED_GAP_S = 6.0
"""*fast* samples this coarsely and skips parts of heavy videos, up to this long."""


def longest_gap_s(step_s: float) -> float:
    """Returns the time between two samples, taken every `step_s`, up to which a face counts as seen in between."""
    bridged_s = SKIPPED_GAP_S if step_s >= SKIPPING_STEP_S else max(SHORT_GAP_S, 2.5 * step_s)
    # Samples are whole frames, so that a gap is at most a frame longer than the steps it consists of.
    return bridged_s + step_s / 2


def seen_spans(times_s: Float64, step_s: float) -> list[tuple[float, float]]:
    """Returns start and end in seconds of each stretch of samples `times_s` (n,), rising; a sample lasts a step."""
    if not len(times_s):
        return []
    last = np.flatnonzero(np.diff(times_s) > longest_gap_s(step_s))
    starts, ends = [0, *(last + 1).tolist()], [*last.tolist(), len(times_s) - 1]
    return [(float(times_s[start]), float(times_s[end]) + step_s) for start, end in zip(starts, ends, strict=True)]
