"""The same-picture rule: two faces seen in one picture are two people.

It asks for pictures, not for spans: two tracks that take turns, or one that has a gap while the other is seen, are
never in one picture. Two boxes at one place are one face that was detected twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analysis.boxes import iou_matrix
from analysis.faces.group import Bool
from analysis.types import Float32, Float64

SAME_MOMENT_S = 0.002
"""Times of one picture differ by less, as stored; those of two pictures by more, even at 240 fps."""
ONE_FACE_IOU = 0.5
"""Boxes in one picture that overlap by more are one face."""


Seen = Sequence[tuple[Float64, Float32]]
"""Tracks: the times (k,) and boxes (k, 4) of the samples of each, k of its own."""


def seen_together(tracks: Seen) -> Bool:
    """Returns `(n, n)`: which of n tracks are in one picture as two faces; False for itself."""
    together = np.zeros((len(tracks), len(tracks)), bool)
    for _, rows, boxes in _pictures(tracks):
        together[np.ix_(rows, rows)] |= iou_matrix(boxes, boxes) < ONE_FACE_IOU
    np.fill_diagonal(together, False)
    return together


def first_together(ours: Seen, theirs: Seen) -> float | None:
    """Returns the first moment in seconds at which one of `ours` is in one picture with one of `theirs`, or None."""
    for time_s, rows, boxes in _pictures([*ours, *theirs]):
        first, second = boxes[rows < len(ours)], boxes[rows >= len(ours)]
        if (iou_matrix(first, second) < ONE_FACE_IOU).any():
            return time_s
    return None


def _pictures(tracks: Seen) -> Iterator[tuple[float, NDArray[np.intp], Float32]]:
    """Yields time, rows of the tracks and their boxes of each picture that holds several, in order of time."""
    if len(tracks) < 2:
        return
    rows = np.repeat(np.arange(len(tracks)), [len(times_s) for times_s, _ in tracks])
    times_s = np.concatenate([times_s for times_s, _ in tracks])
    boxes = np.concatenate([boxes_xyxy for _, boxes_xyxy in tracks])
    order = np.argsort(times_s, kind="stable")
    rows, times_s, boxes = rows[order], times_s[order], boxes[order]
    borders = [0, *(np.flatnonzero(np.diff(times_s) > SAME_MOMENT_S) + 1).tolist(), len(times_s)]
    for begin, end in pairwise(borders):
        if end - begin > 1:
            yield float(times_s[begin]), rows[begin:end], boxes[begin:end]
