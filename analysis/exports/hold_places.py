"""Holds the place of somebody who is there but unseen: turned away before the first sighting, or after the last.

Who sits or stands fills a place that changes little at once, whichever way the head is turned. From a sighting on,
backwards or forwards in time, such a place is followed until it surely is another, or a cut comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from analysis.exports.box_paths import Bool, Int, line_between
from analysis.exports.face_scan import FaceScan
from analysis.exports.follow_motion import LEAST_CHANGE
from analysis.exports.hide_regions import with_margin
from analysis.exports.unsure_ways import Stay, lone_ends, stays_of
from analysis.time_spans import Span
from analysis.types import EXACT_TOLERANCE_S, Float32, Float64, Image

LOOKED_AT_S = 0.2
"""So often a place is looked at: turning by a quarter then leaves it like itself by a correlation of 0.46 or more."""
READ_S = 20.0
"""So much of the video is read at once, and so many small pictures are in memory."""
REACH_SIDES = 1.0, 0.8, 1.7
"""How much of somebody is compared, in sides of the face from its middle: to each side, above, and below."""
COLUMNS, ROWS = 32, 40
"""Size in which that is compared."""
SEARCHED = 1.5
"""It is looked for in so much more of the picture each time."""
LIKE_BEFORE = 0.3
"""Correlation below which a place is not like before: somebody passes in front of it, or nobody is there any more."""
LOST_S = 1.0
"""Unlike for longer it is surely another: whoever passes is gone by then."""
RENEWED_S, RENEWED_BELOW = 0.4, 0.8
"""What it is compared with is taken anew after so long, once it is less like that: so slow ways add up."""
MOST_WAY_SIDES = 2.0
"""Whoever is so far from where they were seen has gone."""
STANDS_SIDES, STANDS_S = 1.0, 1.0
"""Whoever moves no further within so long from where they are seen last, or first, may stay there."""
HELD_MARGIN = 0.25
"""So much around the face, in its sides, it may be while its head is turned."""


@dataclass(frozen=True, slots=True)
class PlaceEnd:
    """The last sighting of a face for now, or with `forwards` False the first, at `box_xyxy` (4,) in displayed pixels.

    `until_s` is the time beyond which the same people are seen again, None if they are not.
    """

    time_s: float
    box_xyxy: Float32
    forwards: bool
    owners: frozenset[int] = frozenset()
    until_s: float | None = None


@dataclass(frozen=True, slots=True)
class HeldPlace:
    """Where somebody is taken to be: `times_s` (n,) rising, `boxes_xyxy` (n, 4) in displayed pixels; n is 2 or more."""

    owners: frozenset[int]
    times_s: Float64
    boxes_xyxy: Float32

    @property
    def span_s(self) -> Span:
        """Returns from when to when it is held, with what lies between the last look and the next."""
        return float(self.times_s[0]) - LOOKED_AT_S, float(self.times_s[-1]) + LOOKED_AT_S


class SmallPicture(NamedTuple):
    """A picture `(h, w)` of a video, grey and small."""

    time_s: float
    grey: Image
    begins_shot: bool


Pictures = Callable[[float, float], Sequence[SmallPicture]]
"""Returns the pictures from one time to another, about `LOOKED_AT_S` apart, with the first and last of every shot."""


def place_ends(scan: FaceScan, hidden: Sequence[Bool], unclear: frozenset[int]) -> list[PlaceEnd]:
    """Returns where hidden people who may stay in their places are seen last or first, unless followed to a cut.

    `hidden` tells for each face in which of its frames it is hidden; `unclear` are ids that stand for nobody.
    """
    stays = stays_of(scan.faces, hidden, unclear)
    found = []
    for forwards, lone in zip((True, False), lone_ends(scan, stays), strict=True):
        for stay in lone:
            frame = stay.end if forwards else stay.start
            first, end = np.searchsorted(scan.shots, scan.shots[frame] + np.array([0, 1]))
            followed = scan.faces[stay.face].frames
            is_left = followed[-1] < end - 1 if forwards else followed[0] > first
            if is_left and _stands(scan, stay, frame):
                until_s = _seen_again_s(scan, stay, stays, forwards)
                time_s = float(scan.times_s[frame])
                found.append(PlaceEnd(time_s, stay.box_at(frame), forwards, stay.owners, until_s))
    return found


def _stands(scan: FaceScan, stay: Stay, frame: int) -> bool:
    times = scan.times_s[stay.start : stay.end + 1]
    boxes = stay.boxes_xyxy[np.abs(times - scan.times_s[frame]) <= STANDS_S]
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    side = (boxes[:, 2:] - boxes[:, :2]).max()
    return bool(np.ptp(middles, axis=0).max() <= STANDS_SIDES * side)


def _seen_again_s(scan: FaceScan, stay: Stay, stays: Sequence[Stay], forwards: bool) -> float | None:
    """Returns when the same people are seen next, or were before; None if they are not."""
    own = [other for other in stays if other.owners & stay.owners]
    if forwards:
        return min((float(scan.times_s[other.start]) for other in own if other.start > stay.end), default=None)
    return max((float(scan.times_s[other.end]) for other in own if other.end < stay.start), default=None)


class _Held:
    """A place while it is followed."""

    def __init__(self, end: PlaceEnd) -> None:
        self.end, self.at_s, self.is_over = end, end.time_s, False
        self.times_s, self.boxes = [end.time_s], [end.box_xyxy]
        self._like: Image | None = None
        self._like_s = self._alike_s = end.time_s
        self._middle = self._begun = (end.box_xyxy[:2] + end.box_xyxy[2:]) / 2
        self._side = max(float((end.box_xyxy[2:] - end.box_xyxy[:2]).max()), 2.0)

    def follow(self, pictures: Sequence[SmallPicture], width: int) -> None:
        """Goes on through pictures in order of time; `width` is that of the video in displayed pixels."""
        times = np.array([picture.time_s for picture in pictures])
        here = int(np.abs(times - self.at_s).argmin())
        step = 1 if self.end.forwards else -1
        if self._like is None:
            self._like = self._window(pictures[here].grey, width, 1.0)
        for number in range(here + step, len(pictures) if self.end.forwards else -1, step):
            is_cut = pictures[max(number, number - step)].begins_shot
            if is_cut or self._is_seen_again(times[number]) or not self._step(pictures[number], width):
                self.is_over = True
                return

    def result(self) -> HeldPlace:
        """Returns where the place was held, up to when it was last like before."""
        lasted_s = abs(self._alike_s - self.end.time_s)
        count = sum(abs(time_s - self.end.time_s) <= lasted_s for time_s in self.times_s)
        order = np.argsort(self.times_s[:count])
        boxes = np.stack(self.boxes[:count]).astype(np.float32)
        return HeldPlace(self.end.owners, np.array(self.times_s)[order], boxes[order])

    def _is_seen_again(self, time_s: float) -> bool:
        until_s = self.end.until_s
        return until_s is not None and (time_s >= until_s if self.end.forwards else time_s <= until_s)

    def _step(self, picture: SmallPicture, width: int) -> bool:
        """Looks at the next picture; returns whether the place may still be the same."""
        likeness, shift = self._compared(picture.grey, width)
        if likeness >= LIKE_BEFORE:
            self._middle = self._middle + shift
            self._alike_s = picture.time_s
            is_old = abs(picture.time_s - self._like_s) >= RENEWED_S - EXACT_TOLERANCE_S
            if is_old and likeness < RENEWED_BELOW:
                self._like, self._like_s = self._window(picture.grey, width, 1.0), picture.time_s
        way = self._middle - self._begun
        if np.abs(way).max() > MOST_WAY_SIDES * self._side or abs(picture.time_s - self._alike_s) > LOST_S:
            return False
        self.at_s = picture.time_s
        self.times_s.append(self.at_s)
        self.boxes.append((self.end.box_xyxy + np.tile(way, 2)).astype(np.float32))
        return True

    def _compared(self, grey: Image, width: int) -> tuple[float, Float32]:
        """Returns by which correlation the place is like before, and how far it moved, `(2,)` in displayed pixels."""
        assert self._like is not None
        around = self._window(grey, width, SEARCHED)
        found = np.nan_to_num(cv2.matchTemplate(around, self._like, cv2.TM_CCOEFF_NORMED), posinf=0.0, neginf=0.0)
        rows, columns = (found.shape[0] - 1) // 2, (found.shape[1] - 1) // 2
        _least, best, _where, (x, y) = cv2.minMaxLoc(found)
        here = around[rows : rows + ROWS, columns : columns + COLUMNS]
        if best < LIKE_BEFORE and cv2.absdiff(here, self._like).mean() < LEAST_CHANGE / 2:
            # In the dark, where noise alone differs.
            return LIKE_BEFORE, np.zeros(2, np.float32)
        return best, np.array([x - columns, y - rows], np.float32) * (2 * REACH_SIDES[0] * self._side / COLUMNS)

    def _window(self, grey: Image, width: int, larger: float) -> Image:
        """Returns what is around the place, so much larger; beyond the picture its edge is repeated."""
        aside, above, below = REACH_SIDES
        scale = COLUMNS / (2 * aside * self._side) * width / grey.shape[1]
        middle = (self._middle + np.array([0, (below - above) / 2 * self._side])) * grey.shape[1] / width
        size = round(COLUMNS * larger), round(ROWS * larger)
        shift = np.array(size) / 2 - middle * scale
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float64)
        moved = cv2.warpAffine(grey, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, np.uint8)


def hold_places(ends: Sequence[PlaceEnd], pictures: Pictures, width: int) -> list[HeldPlace]:
    """Returns where people are held beyond their sightings; `width` is that of the video in displayed pixels."""
    held = []
    for forwards in (True, False):
        places = [_Held(end) for end in ends if end.forwards is forwards]
        while waiting := [place for place in places if not place.is_over]:
            first_s = (min if forwards else max)(place.at_s for place in waiting)
            span = (first_s - LOST_S, first_s + READ_S) if forwards else (first_s - READ_S, first_s + LOST_S)
            shown = pictures(*span)
            for place in waiting:
                if shown and span[0] <= place.at_s <= span[1]:
                    before_s = place.at_s
                    place.follow(shown, width)
                    place.is_over |= place.at_s == before_s
                place.is_over |= not shown
        held += [place.result() for place in places]
    return [place for place in held if len(place.times_s) > 1]


def held_ways(scan: FaceScan, held: Sequence[HeldPlace]) -> list[tuple[Int, Float32]]:
    """Returns frames of the scan in which places are held, and boxes in which the faces may be."""
    found = []
    for place in held:
        frames = held_frames(scan, place)
        boxes = line_between(place.times_s, place.boxes_xyxy, scan.times_s[frames])
        found.append((frames, with_margin(boxes, HELD_MARGIN)))
    return found


def held_frames(scan: FaceScan, place: HeldPlace) -> Int:
    """Returns the frames of the scan in which a place is held: also those next to it that nobody looked at."""
    times, shots = scan.times_s, scan.shots
    around = np.array(place.span_s)
    (begin, end), (first, after) = (
        np.searchsorted(times, edges)
        for edges in (around, place.times_s[[0, -1]] + np.array([-1, 1]) * EXACT_TOLERANCE_S)
    )
    frames = np.arange(begin, end)
    if first == after:
        return frames[:0]
    in_shots: Int = frames[(shots[frames] >= shots[first]) & (shots[frames] <= shots[after - 1])]
    return in_shots
