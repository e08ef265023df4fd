"""What the probe found out, between the library's `VideoInfo` and the columns of `Video`."""

from dataclasses import asdict
from typing import Any

from analysis.types import VideoInfo
from webapp.videos.models import Video


def columns_of(info: VideoInfo) -> dict[str, Any]:
    """Values for `Video`; text is cut to what its column holds."""
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
    """As the probe said it; the file need not be looked at again."""
    return VideoInfo(**video.probed)
