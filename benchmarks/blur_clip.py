"""Makes a clip in which a face moves ever faster, leaves the picture and comes back, beside one that stays."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from analysis.exports.copy_file import StretchWriter
from analysis.types import WHOLE_VIDEO, Image
from analysis.video.decode import DecodeCounts, Sampling, probe, sample_frames
from benchmarks.clips import VIDEOS, ffmpeg

WIDTH, HEIGHT, RATE_FPS, SECONDS = 1280, 720, 30, 12
THROWN, STILL = "faces_single/lp_d6.mp4", "faces_single/lp_d11.mp4"
THROWN_PX, STILL_PX = 320, 260


def make_fast_clip(folder: Path) -> Path:
    """Returns a clip of two real talking heads: one swings across the picture, up to a face's width a frame.

    From the middle on it swings beyond both edges and is gone for some tenths of a second each time.
    """
    target = folder / "fast_and_back.mp4"
    if target.exists():
        return target
    raw = folder / "fast_and_back.nut"
    thrown, still = _pictures(THROWN, THROWN_PX), _pictures(STILL, STILL_PX)
    with StretchWriter(raw, WIDTH, HEIGHT, RATE_FPS, crf=18) as writer:
        for number in range(SECONDS * RATE_FPS):
            picture = _backdrop(number)
            _paste(picture, next(still), WIDTH - STILL_PX // 2 - 20, HEIGHT - STILL_PX // 2 - 10)
            x, y = place(number / RATE_FPS)
            _paste(picture, next(thrown), x, y)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
            writer.add(np.asarray(frame.to_ndarray(), np.uint8), number / RATE_FPS)
    ffmpeg("-i", str(raw), "-c", "copy", str(target))
    raw.unlink()
    return target


def place(time_s: float) -> tuple[int, int]:
    """Returns the middle of the head that is thrown: its frequency rises from 0.2 to 1.4 Hz."""
    share = time_s / SECONDS
    phase = 2 * math.pi * (0.2 * time_s + 0.6 * time_s * share)
    reach = 430 if share < 0.5 else 900
    return round(WIDTH / 2 + reach * math.sin(phase)), round(260 + 90 * math.sin(1.7 * phase))


def _pictures(name: str, side: int) -> Iterator[Image]:
    """Yields the frames of a clip, again and again, square and of this side."""
    path = VIDEOS / name
    info = probe(path)
    while True:
        for frame in sample_frames(path, info, WHOLE_VIDEO, Sampling(0, side, references_only=False), DecodeCounts()):
            yield frame.image_bgr


def _backdrop(number: int) -> Image:
    rows, columns = np.mgrid[0:HEIGHT:8, 0:WIDTH:8]
    waves = 90 + 50 * np.sin((columns + 3 * number) / 120) + 30 * np.sin(rows / 60)
    small = np.dstack([waves, 0.8 * waves, 0.6 * waves + 30]).astype(np.uint8)
    return np.asarray(cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8)


def _paste(picture: Image, part: Image, x: int, y: int) -> None:
    height, width = part.shape[:2]
    left, top = x - width // 2, y - height // 2
    a, b, c, d = max(left, 0), max(top, 0), min(left + width, WIDTH), min(top + height, HEIGHT)
    if c > a and d > b:
        picture[b:d, a:c] = part[b - top : d - top, a - left : c - left]
