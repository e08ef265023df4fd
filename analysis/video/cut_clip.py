"""Cuts short clips out of videos for training: small, silent, the same on every machine."""

from __future__ import annotations

from pathlib import Path

from analysis.errors import UnreadableVideo
from analysis.types import OnProgress, Progress, VideoInfo
from analysis.video.as_shown import shown_size
from analysis.video.ffmpeg import run_ffmpeg
from analysis.video.web_copy import input_arguments, shown_filters

SMALL_SIDE = 360
"""Networks see clips at 112 to 224 pixels."""
SPARE_S = 1.0
"""Containers without an index are sought by times of decoding, which are a few frames earlier."""
QUALITY_CRF = 20


def cut_clip(
    source: Path, target: Path, info: VideoInfo, start_s: float, length_s: float, on_progress: OnProgress
) -> None:
    """Writes `length_s` seconds from container time `start_s` as an MP4 (H.264, no sound); raises UnreadableVideo."""
    sides = shown_size(info)
    scale = min(1.0, SMALL_SIDE / min(sides))
    width, height = (max(2, round(side * scale / 2) * 2) for side in sides)
    # FFmpeg counts from the container's start.
    begin_s = max(start_s - info.start_s, 0)
    sought_s = _sought_s(info, begin_s)
    command = [
        *("-ss", f"{sought_s:.6f}", *input_arguments(source, encodes=True), "-ss", f"{begin_s - sought_s:.6f}"),
        *("-t", f"{length_s:.6f}"),
        *("-map", f"0:{info.video_stream}", "-an", "-sn", "-map_metadata", "-1", "-fflags", "+bitexact"),
        *("-vf", shown_filters(info, (width, height))),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", str(QUALITY_CRF), "-flags:v", "+bitexact"),
        *("-movflags", "+faststart", "-f", "mp4", str(target)),
    ]
    problem = run_ffmpeg(command, lambda done_s: on_progress(Progress("clips", done_s, length_s)))
    if problem is not None:
        target.unlink(missing_ok=True)
        raise UnreadableVideo(f"{source.name}: no clip could be cut ({problem})")


def _sought_s(info: VideoInfo, begin_s: float) -> float:
    """Returns where to send ffmpeg: it finds the keyframe before only in an index, and else needs one on the way."""
    if not info.seekable:
        return 0.0
    return begin_s if info.indexed else max(begin_s - info.keyframe_gap_s - SPARE_S, 0.0)
