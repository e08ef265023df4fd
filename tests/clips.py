"""Clips made in code: steady or variable rate, turned, cut short, without frames, without pictures."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe

from analysis.types import Image

WIDTH, HEIGHT, RATE_FPS = 160, 96, 25


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run([get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True)


def flat(shade: int, width: int = WIDTH, height: int = HEIGHT) -> Image:
    """A grey picture with a lighter upper left quarter, so that turning it can be seen."""
    picture = np.full((height, width, 3), shade, np.uint8)
    picture[: height // 2, : width // 2] = min(shade + 80, 255)
    return picture


def write_clip(
    target: Path,
    pictures_bgr: Sequence[Image],
    times_s: Sequence[float] | None = None,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
) -> Path:
    """The pictures at the given times (default: 25 a second)."""
    times = [n / RATE_FPS for n in range(len(pictures_bgr))] if times_s is None else times_s
    with av.open(str(target), "w") as container:
        speed = {"preset": "ultrafast"} if codec == "libx264" else {}
        stream = container.add_stream(codec, rate=RATE_FPS, options=speed | (options or {}))
        assert isinstance(stream, av.VideoStream)
        height, width = pictures_bgr[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, "rgb24" if codec == "png" else "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for time_s, picture in zip(times, pictures_bgr, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = round(time_s * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return target


def steady_clip(target: Path, seconds: float = 2.0, shade: int = 60, options: dict[str, str] | None = None) -> Path:
    return write_clip(target, [flat(shade + n % 3) for n in range(round(seconds * RATE_FPS))], options=options)


def clip_with_cuts(target: Path, shades: Sequence[int], seconds_each: float = 1.0) -> Path:
    """One shot of each shade, hard cuts between them."""
    return write_clip(target, [flat(shade) for shade in shades for _ in range(round(seconds_each * RATE_FPS))])


def turned_clip(source: Path, target: Path, counterclockwise_deg: int) -> Path:
    """The same stored pictures with a note to the player to turn them."""
    ffmpeg("-display_rotation", str(counterclockwise_deg), "-i", source, "-c", "copy", target)
    return target


def truncated_clip(source: Path, target: Path, share: float) -> Path:
    """An index in front that promises everything, and only the first part of the rest."""
    whole = target.with_name("whole.mp4")
    ffmpeg("-i", source, "-c", "copy", "-movflags", "+faststart", whole)
    content = whole.read_bytes()
    target.write_bytes(content[: round(len(content) * share)])
    return target


def sound_only(target: Path) -> Path:
    ffmpeg("-f", "lavfi", "-i", "sine=duration=0.5", "-c:a", "aac", target)
    return target


def with_sound(source: Path, target: Path) -> Path:
    ffmpeg("-i", source, "-f", "lavfi", "-i", "sine=duration=2", "-shortest", "-c:v", "copy", "-c:a", "aac", target)
    return target


def late_start(source: Path, target: Path, by_s: float = 3.0) -> Path:
    """A transport stream whose first picture stands at `by_s` and some more."""
    ffmpeg("-i", source, "-c", "copy", "-output_ts_offset", str(by_s), "-f", "mpegts", target)
    return target


def noisy(count: int, seed: int = 0) -> list[Image]:
    """Pictures that do not compress: bytes are spread evenly over the file."""
    random = np.random.default_rng(seed)
    return [random.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8) for _ in range(count)]
