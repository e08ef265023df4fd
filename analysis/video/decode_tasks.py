"""What limited processes do with videos: read the metadata, decode frames, find keyframes. Asked by `decode`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis.errors import StillPicture
from analysis.images.read import MAX_FILE_BYTES, is_still
from analysis.limited.messages import Fields, Message
from analysis.types import SegmentSpan, VideoInfo
from analysis.video import unlimited_decode, unlimited_probe
from analysis.video.frame_codec import encode_frame
from analysis.video.sampling import DecodeCounts, Sampling


def probe(fields: Fields, parts: Any) -> Iterator[Message]:
    """Says the metadata of the file at `path`. Raises StillPicture for what is a picture, whatever its name says."""
    path = Path(fields["path"])
    if path.stat().st_size <= MAX_FILE_BYTES and is_still(path):
        raise StillPicture(f"{path.name}: a picture, not a video")
    yield {"info": asdict(unlimited_probe.probe(path))}, ()


def segment_borders(fields: Fields, parts: Any) -> Iterator[Message]:
    """Says the times at which segments planned for `times_s` start."""
    path = Path(fields["path"])
    borders = [unlimited_decode.segment_border_s(path, t) if math.isfinite(t) else t for t in fields["times_s"]]
    yield {"times_s": borders}, ()


def sample_frames(fields: Fields, parts: Any) -> Iterator[Message]:
    """Says the sampled frames of a span, each with the counts so far; the last message has only counts."""
    path, info, counts = Path(fields["path"]), VideoInfo(**fields["info"]), DecodeCounts()
    span, sampling = SegmentSpan(**fields["span"]), Sampling(**fields["sampling"])
    for frame in unlimited_decode.sample_frames(path, info, span, sampling, counts, _lut(fields)):
        said, planes = encode_frame(frame)
        yield {"frame": said, "counts": asdict(counts)}, planes
    yield {"counts": asdict(counts)}, ()


def keyframes(fields: Fields, parts: Any) -> Iterator[Message]:
    """Says the keyframe at or before each moment."""
    path, info = Path(fields["path"]), VideoInfo(**fields["info"])
    for frame in unlimited_decode.keyframes_at(path, info, fields["times_s"], fields["long_side"], _lut(fields)):
        said, planes = encode_frame(frame)
        yield {"frame": said}, planes


def _lut(fields: Fields) -> Path | None:
    return Path(fields["lut"]) if fields["lut"] else None
