"""Turns files into frames, with the container's own times: always in a process of its own, with limits.

A file may be made to exhaust or to take over who decodes it. What it can reach here is a child without network that
ends with its caller (`analysis.limited`); only frames, as plain samples, and numbers come back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from analysis.errors import ProbeLimit
from analysis.limited.limits import Limits
from analysis.limited.messages import Fields
from analysis.limited.process import ask_limited, run_limited
from analysis.types import SegmentSpan, VideoInfo
from analysis.video.frame import Frame
from analysis.video.frame_codec import decode_frame
from analysis.video.sampling import DecodeCounts as DecodeCounts
from analysis.video.sampling import Sampling as Sampling
from analysis.video.tone_map import lut_file

BASE_MEMORY_BYTES = 350_000_000
FRAMES_HELD = 24
"""A decoder holds up to 16 references, and each of its threads one more."""
MOST_MEMORY_BYTES = 1_500_000_000
PROBE_CPU_S = 20
READ_BYTES_PER_S = 20_000_000
"""What a probe reads of files that do not say how long they are, at least."""
CPU_S_PER_S = 60
"""Processor time for a second of video; the heaviest that was met takes a tenth."""
MOST_CPU_S = 24 * 3600
SILENT_S = 120
"""Long stretches between two frames, or a slow disk, are no fault."""


def probe(path: Path, limits: Limits | None = None) -> VideoInfo:
    """Returns the container's metadata, checked by decoding one frame; raises UnreadableVideo or a subclass."""
    seconds = PROBE_CPU_S + path.stat().st_size // READ_BYTES_PER_S
    asked = {"path": _absolute(path)}
    limits = limits or Limits(MOST_MEMORY_BYTES, seconds, silent_s=seconds)
    said, _ = ask_limited("probe", asked, replace(limits, reads=_files(asked)), name=path.name)
    return _info(said, path)


def segment_borders_s(path: Path, times_s: Sequence[float]) -> list[float]:
    """Returns when segments planned for these times start: at the next keyframe each, if that is near.

    The segment before asks the same question and so ends there. Infinite times stay as they are.
    """
    if not any(map(math.isfinite, times_s)):
        return list(times_s)
    asked = {"path": _absolute(path), "times_s": list(times_s)}
    limits = Limits(BASE_MEMORY_BYTES, PROBE_CPU_S, reads=_files(asked))
    said, _ = ask_limited("segment_borders", asked, limits, name=path.name)
    return [float(time_s) for time_s in said["times_s"]]


def sample_frames(
    path: Path, info: VideoInfo, span: SegmentSpan, sampling: Sampling, counts: DecodeCounts
) -> Iterator[Frame]:
    """Yields the sampled frames of the span in order of time, and puts into `counts` what was met so far.

    Damaged frames are counted and skipped. Raises UnreadableVideo or a subclass if the file cannot be opened.
    """
    asked = {
        "path": _absolute(path),
        "info": asdict(info),
        "span": asdict(span),
        "sampling": asdict(sampling),
        "lut": _lut(info),
    }
    length_s = min(span.end_s, info.start_s + info.duration_s) - max(span.start_s, info.start_s)
    limits = replace(decode_limits(info, length_s), reads=_files(asked))
    for said, planes in run_limited("sample_frames", asked, limits, name=path.name):
        for field in fields(counts):
            setattr(counts, field.name, said["counts"][field.name])
        if "frame" in said:
            yield _frame(said, planes, path)


def keyframes_at(path: Path, info: VideoInfo, times_s: Sequence[float], long_side: int) -> Iterator[Frame]:
    """Yields the keyframe at or before each time, once each, in the order asked; skips those that do not decode."""
    asked = {"path": _absolute(path), "info": asdict(info), "times_s": list(times_s), "long_side": long_side}
    asked["lut"] = _lut(info)
    limits = replace(decode_limits(info, len(times_s)), reads=_files(asked))
    for said, planes in run_limited("keyframes", asked, limits, name=path.name):
        yield _frame(said, planes, path)


def decode_limits(info: VideoInfo, length_s: float) -> Limits:
    """Returns what decoding so much of a video may use: frames of more than 8 bits take twice as much."""
    frame_bytes = info.width * info.height * (1.5 if info.pixel_format in ("yuv420p", "yuvj420p") else 4)
    memory = min(BASE_MEMORY_BYTES + FRAMES_HELD * frame_bytes, MOST_MEMORY_BYTES)
    seconds = PROBE_CPU_S + CPU_S_PER_S * max(length_s, 1)
    return Limits(int(memory), int(min(seconds, MOST_CPU_S)), silent_s=SILENT_S)


def _files(asked: Mapping[str, Any]) -> list[str]:
    """Returns the files that are read to answer the question."""
    return [asked[key] for key in ("path", "lut") if asked.get(key)]


def _lut(info: VideoInfo) -> str | None:
    return str(lut_file(info.curve)) if info.curve else None


def _absolute(path: Path) -> str:
    return str(path.resolve())


def _info(said: Fields, path: Path) -> VideoInfo:
    try:
        return VideoInfo(**said["info"])
    except (KeyError, TypeError) as error:
        raise ProbeLimit(f"{path.name}: the process that read it broke") from error


def _frame(said: Fields, planes: Sequence[bytearray], path: Path) -> Frame:
    try:
        return decode_frame(said["frame"], planes)
    except (KeyError, TypeError, ValueError) as error:
        raise ProbeLimit(f"{path.name}: the process that read it broke") from error
