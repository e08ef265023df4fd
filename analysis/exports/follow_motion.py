"""Follows whatever moves from a face on, where neither detector nor looks find it: somebody runs in, or out.

A running head is smeared, so that its looks fit nothing; but it differs from what is there when nobody is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.types import Float32, Float64, Image

Bools = NDArray[np.bool_]

SIDE_PX = 320
"""Longer side at which pictures are compared."""
BACKGROUND_FRAMES = 11
"""Of so many frames, evenly spread, the median is what is there when nobody is."""
LEAST_CHANGE = 14
"""By how much brightness must differ, of 255, averaged over 5 x 5 pixels: above the noise of old film."""
MOST_CHANGED = 0.45
"""Where more of the picture differs the camera moved, or everybody does: then this says nothing."""
REACH_SIDES, TOUCH_SIDES = 2.5, 0.5
"""How far a body goes from one frame to the next at most, in sides of its head, and how near it then still is."""
LEAST_WAY_SIDES = 1.5
"""Whoever goes less far has not gone: what moves is a turned head, or somebody beside it."""
UP_AND_DOWN_SIDES = (0.5, 0.1, 1.5)
"""How far it is above or below where it was seen: at once, more with each frame, and at most."""
MOST_SIDES = 6.0
"""What is wider, a head with both arms out is not: then it is in the middle of that."""
CORNERS, LEAST_SHIFT_PX = 200, 0.5
LEAST_SHARE = 0.15
"""Of a face's area, so much must differ."""
LOST_FRAMES = 2
"""For so many frames it may be lost: some films show frames twice, and what passes behind a post is gone for one."""


class SeenMotion:
    """What is known of numbered pictures of one video, as many faces begin and end in the same ones."""

    def __init__(self) -> None:
        self._small: dict[int, Image] = {}
        self._shifts: dict[tuple[int, int], Float64] = {}

    def forget_before(self, number: int) -> None:
        """Forgets earlier pictures."""
        self._small = {seen: small for seen, small in self._small.items() if seen >= number}
        self._shifts = {pair: shift for pair, shift in self._shifts.items() if min(pair) >= number}

    def small(self, number: int, grey: Image, scale: float) -> Image:
        """Returns the picture in the size in which it is compared."""
        if number not in self._small:
            resized = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            self._small[number] = np.asarray(resized, np.uint8)
        return self._small[number]

    def shift(self, numbers: tuple[int, int], before: Image, after: Image) -> Float64:
        """Returns by how much the camera moved from one picture to the other `(2,)`, in pixels: as most corners do."""
        if numbers not in self._shifts:
            self._shifts[numbers] = _camera_shift(before, after)
        return self._shifts[numbers]


def follow_motion(pictures: Sequence[tuple[int, Image]], box_xyxy: Float32, seen: SeenMotion) -> list[Float32]:
    """Returns boxes `(4,)` of what moves on from a face, for each picture after the first until nothing does.

    Numbered grey `pictures` (h, w) begin with the one in which the face is seen at `box_xyxy`, and go on forwards or
    backwards in time. A box holds whatever of a body is as high as the head may be.
    """
    if len(pictures) < 3:
        return []
    scale = min(SIDE_PX / max(pictures[0][1].shape), 1.0)
    small = [seen.small(number, grey, scale) for number, grey in pictures]
    shifts = np.zeros((len(small), 2))
    for at, ((before, _), (after, _)) in enumerate(pairwise(pictures), start=1):
        shifts[at] = shifts[at - 1] + seen.shift((before, after), small[at - 1], small[at])
    changed = _changed(small, shifts)
    if changed.mean() > MOST_CHANGED:
        return []
    begun = box_xyxy.astype(np.float64) * scale
    side = max(float((begun[2:] - begun[:2]).max()), 2.0)
    now, lost, found = begun, 0, list[Float32]()
    for number, (mask, shift) in enumerate(zip(changed[1:], shifts[1:], strict=True), start=1):
        at_once, more, most = UP_AND_DOWN_SIDES
        up_down = side * min(at_once + more * number, most)
        window = now + REACH_SIDES * side * np.array([-1, -1, 1, 1])
        window[1], window[3] = max(window[1], begun[1] - up_down), min(window[3], begun[3] + up_down)
        moved = _moved_within(mask, window, now, side)
        if moved is None:
            lost += 1
            if lost > LOST_FRAMES:
                break
        else:
            now, lost = moved, 0
        found.append(((now + np.tile(shift, 2)) / scale).astype(np.float32))
    found = found[: len(found) - min(lost, LOST_FRAMES)]
    ways = [np.abs(box[:2] + box[2:] - box_xyxy[:2] - box_xyxy[2:]).max() / 2 for box in found]
    return found if max(ways, default=0.0) >= LEAST_WAY_SIDES * side / scale else []


def _camera_shift(before: Image, after: Image) -> Float64:
    corners = cv2.goodFeaturesToTrack(before, CORNERS, 0.01, 5)
    if corners is None:
        return np.zeros(2)
    moved, is_found, _error = cv2.calcOpticalFlowPyrLK(before, after, corners, None)  # type: ignore[call-overload]
    ways = (moved - corners).reshape(-1, 2)[is_found.ravel() == 1]
    return np.asarray(np.median(ways, axis=0), np.float64) if len(ways) else np.zeros(2)


def _moved_back(grey: Image, shift: Float64) -> Image:
    if np.abs(shift).max() < LEAST_SHIFT_PX:
        return grey
    matrix = np.array([[1, 0, -shift[0]], [0, 1, -shift[1]]], np.float64)
    return np.asarray(cv2.warpAffine(grey, matrix, grey.shape[::-1], borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _changed(greys: Sequence[Image], shifts: Float64) -> Bools:
    """Returns where each picture, `(n, h, w)`, differs from what is there most of the time."""
    still = [_moved_back(grey, shift) for grey, shift in zip(greys, shifts, strict=True)]
    some = np.unique(np.linspace(0, len(still) - 1, BACKGROUND_FRAMES).astype(int))
    usual = np.median([still[number] for number in some], axis=0).astype(np.uint8)
    return np.stack([cv2.blur(cv2.absdiff(grey, usual), (5, 5)) >= LEAST_CHANGE for grey in still])


def _moved_within(mask: Bools, window: Float64, before: Float64, side: float) -> Float64 | None:
    """Returns the box of what moved within a window and touches where it was before; None if that is too little."""
    height, width = mask.shape
    x1, y1 = (int(value) for value in np.clip(np.floor(window[:2]), 0, [width, height]))
    x2, y2 = (int(value) for value in np.clip(np.ceil(window[2:]), 0, [width, height]))
    part = mask[y1:y2, x1:x2].astype(np.uint8)
    if not part.any():
        return None
    count, labels, stats, _middles = cv2.connectedComponentsWithStats(part)
    near_by = before + TOUCH_SIDES * side * np.array([-1, -1, 1, 1])
    left, top, right, bottom = np.round(near_by - np.array([x1, y1, x1, y1])).astype(int)
    there = labels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    kept = [one for one in range(1, count) if (there == one).any()]
    if not kept or stats[kept, cv2.CC_STAT_AREA].sum() < LEAST_SHARE * side**2:
        return None
    lows = stats[kept][:, [cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP]]
    highs = lows + stats[kept][:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    (left, top), (right, bottom) = lows.min(axis=0), highs.max(axis=0)
    middle = float(np.nonzero(np.isin(labels, kept))[1].mean())
    left, right = max(left, middle - MOST_SIDES / 2 * side), min(right, middle + MOST_SIDES / 2 * side)
    return np.array([left + x1, top + y1, right + x1, bottom + y1], np.float64)
