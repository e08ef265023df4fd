"""What is known of a video's file: the library's `VideoInfo` as columns and back, and what a browser can play."""

import math
from dataclasses import asdict
from typing import Any

from analysis.types import VideoInfo
from webapp.videos.models import Playback, Video


def columns_of(info: VideoInfo) -> dict[str, Any]:
    """Returns values for the columns of `Video`; text is cut to what its column holds."""
    return {
        "probed": asdict(info),
        "duration_s": info.duration_s,
        "width": info.width,
        "height": info.height,
        "rate_fps": info.rate_fps,
        "rotation_deg": info.rotation_deg,
        "container": info.container[:100],
        "video_codec": info.video_codec[:40],
        "audio_codec": info.audio_codec[:40],
    }


def info_of(video: Video) -> VideoInfo:
    """Returns the stored result of the probe, so that the file need not be opened again."""
    return VideoInfo(**video.probed)


def end_s(video: Video) -> float:
    """Returns the time in seconds at which the video ends, in the container's time; infinity where that is unknown."""
    return float(video.probed.get("start_s", 0.0)) + video.duration_s if video.duration_s else math.inf


PLAYABLE = (Playback.ORIGINAL, Playback.COPY)
"""What a browser can play: the original, or a copy that is ready."""


def is_playable(video: Video) -> bool:
    return video.playback in PLAYABLE


def playable_type(container: str) -> str:
    """Returns the media type for a demuxer's name; only containers that browsers play are expected."""
    return "video/webm" if "webm" in container or "matroska" in container else "video/mp4"
