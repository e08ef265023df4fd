"""Single frames of a video at given moments, without decoding what lies far from all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from analysis.types import Float32, Image, SegmentSpan, VideoInfo
from analysis.video.decode import DecodeCounts, Sampling, sample_frames
from analysis.video.frame import Frame

PRECISION_S = 0.1
"""Frames closer together than this are skipped: every frame that is handed out is scaled first."""
SEEK_BEYOND_S = 8.0
"""Moments further apart are sought one by one: decoding in between would take longer than a seek."""
MAX_WAIT_S = 2.0
"""How long after a moment a frame may still stand for it (slow and variable rates)."""
UNUSED_SIDE = 32
"""Side of the scaled picture that each frame carries; nothing here reads it."""


def frames_at(
    path: Path,
    info: VideoInfo,
    times_s: Sequence[float],
    heartbeat: Callable[[], None] = lambda: None,
    *,
    tolerance_s: float = PRECISION_S / 2,
) -> Iterator[tuple[int, Frame]]:
    """Yields `(index into times_s, frame)` for each of the rising moments that has a frame within `MAX_WAIT_S`.

    The frame is the first one later than `tolerance_s` before the moment; with `EXACT_TOLERANCE_S` no frame just
    before the moment can be taken, which may lie before a cut. `heartbeat` is called for each decoded sample.
    Raises UnreadableVideo.
    """
    sampling = Sampling(PRECISION_S, UNUSED_SIDE, references_only=False, deblock=True)
    for first, last in _stretches(times_s, info.seekable):
        span = SegmentSpan(0, times_s[first] - tolerance_s, times_s[last] + MAX_WAIT_S)
        position = first
        with closing(sample_frames(path, info, span, sampling, DecodeCounts())) as frames:  # type: ignore[type-var]
            for frame in frames:
                heartbeat()
                while position <= last and times_s[position] <= frame.time_s + tolerance_s:
                    if frame.time_s - times_s[position] <= MAX_WAIT_S:
                        yield position, frame
                    position += 1
                if position > last:
                    break


def _stretches(times_s: Sequence[float], seekable: bool) -> list[tuple[int, int]]:
    """Returns the first and last index of each run of close moments; one run where seeking is impossible."""
    if not times_s:
        return []
    ends = [n for n, (a, b) in enumerate(pairwise(times_s)) if b - a > SEEK_BEYOND_S] if seekable else []
    return list(zip([0, *(n + 1 for n in ends)], [*ends, len(times_s) - 1], strict=True))


def whole_picture(frame: Frame, long_side: int) -> Image:
    """Returns the frame `(h, w, 3)` BGR, no side longer than `long_side`."""
    width, height = frame.size
    image, _corner = frame.crop_bgr(np.array([0, 0, width, height], np.float32))
    scale = min(1.0, long_side / max(width, height))
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    if size == (image.shape[1], image.shape[0]):
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def cut_square(frame: Frame, info: VideoInfo, box_xyxy: Float32, surroundings: float) -> Image:
    """Cuts out a square around a box in displayed pixels of the source, `surroundings` times its longer side."""
    ratio = np.array(frame.size, np.float32) / (info.width, info.height)
    middle, side = (box_xyxy[:2] + box_xyxy[2:]) / 2, float(max(box_xyxy[2:] - box_xyxy[:2])) * surroundings
    square = np.concatenate([middle - side / 2, middle + side / 2]) * np.tile(ratio, 2)
    return frame.crop_bgr(square.astype(np.float32))[0]
