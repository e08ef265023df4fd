"""Single frames of a video at given moments, without decoding what lies far from all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from analysis.types import Float32, Image, SegmentSpan, VideoInfo
from analysis.video.decode import Sampling, Tally, sample_frames
from analysis.video.frame import Frame

PRECISION_S = 0.1
"""Every frame is scaled before it is handed out, so no more of them are looked at than this asks for."""
APART_S = 8.0
"""Moments further apart are sought one by one: decoding in between would take longer than a seek."""
WAITS_S = 2.0
"""How long after a moment a frame may still stand for it (slow and variable rates)."""
GLANCE_SIDE = 32
"""Nobody looks at the small picture that a frame brings along."""

TIMES_DIFFER_S = 0.005
"""Less than between two frames of 120 a second, more than rounding does."""


def exactly(time_s: float) -> float:
    """What to ask `frames_at` for to get the frame whose own time this is, and not one just before it, which may lie
    before a cut."""
    return time_s + PRECISION_S / 2 - TIMES_DIFFER_S


def frames_at(
    path: Path, info: VideoInfo, times_s: Sequence[float], alive: Callable[[], None] = lambda: None
) -> Iterator[tuple[int, Frame]]:
    """`(index into times_s, frame)` for each of the rising moments that has a frame within `WAITS_S`.

    `alive` is called for each frame that is looked at. Raises UnreadableVideo.
    """
    exact = Sampling(PRECISION_S, GLANCE_SIDE, references_only=False, deblock=True)
    for first, last in _stretches(times_s, info.seekable):
        span = SegmentSpan(0, times_s[first] - PRECISION_S / 2, times_s[last] + WAITS_S)
        position = first
        with closing(sample_frames(path, info, span, exact, Tally())) as frames:  # type: ignore[type-var]
            for frame in frames:
                alive()
                while position <= last and times_s[position] <= frame.time_s + PRECISION_S / 2:
                    if frame.time_s - times_s[position] <= WAITS_S:
                        yield position, frame
                    position += 1
                if position > last:
                    break


def _stretches(times_s: Sequence[float], seekable: bool) -> list[tuple[int, int]]:
    """First and last index of runs of moments that lie close together; one run where seeking is impossible."""
    if not times_s:
        return []
    ends = [n for n, (a, b) in enumerate(pairwise(times_s)) if b - a > APART_S] if seekable else []
    return list(zip([0, *(n + 1 for n in ends)], [*ends, len(times_s) - 1], strict=True))


def whole_picture(frame: Frame, info: VideoInfo, long_side: int) -> Image:
    """The frame with square pixels, no side longer than asked."""
    width, height = frame.size
    image, _corner = frame.crop_bgr(np.array([0, 0, width, height], np.float32))
    shown_width = width * info.sample_aspect_ratio
    scale = min(1.0, long_side / max(shown_width, height))
    size = max(round(shown_width * scale), 1), max(round(height * scale), 1)
    if size == (image.shape[1], image.shape[0]):
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def cut_square(frame: Frame, info: VideoInfo, box_xyxy: Float32, surroundings: float) -> Image:
    """A square around a box in displayed pixels of the source, `surroundings` times its longer side."""
    ratio = np.array(frame.size, np.float32) / (info.width, info.height)
    middle, side = (box_xyxy[:2] + box_xyxy[2:]) / 2, float(max(box_xyxy[2:] - box_xyxy[:2])) * surroundings
    square = np.concatenate([middle - side / 2, middle + side / 2]) * np.tile(ratio, 2)
    return frame.crop_bgr(square.astype(np.float32))[0]
