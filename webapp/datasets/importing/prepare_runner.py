"""Prepares a candidate for storing: checks it, encodes it so that every program reads it, makes its thumbnail.

Knows no database, so that several threads can prepare pictures at once.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from analysis.errors import PictureTooLarge, UnreadablePicture, UnreadableVideo
from analysis.images.read import MAX_FILE_BYTES, SUFFIXES, ImageHeader, decode_picture, read_header
from analysis.types import Image, SegmentSpan, VideoInfo
from analysis.video.cut_clip import cut_clip
from analysis.video.decode import DecodeCounts, Sampling, sample_frames
from analysis.video.probe import probe_in_subprocess
from analysis.video.web_copy import PlaybackPlan, playback_plan
from analysis.weights import sha256_of
from webapp.datasets.importing.candidate_types import Box, Candidate
from webapp.datasets.models import Outcome
from webapp.videos.media_info import playable_type

THUMBNAIL_SIDE = 192
THUMBNAIL_QUALITY = 82
JPEG_QUALITY = 95
LEAST_SIDE = 8
"""Nothing can be learnt from fewer pixels."""
MOST_CLIP_S = 120.0
MOST_CLIP_BYTES = 300_000_000
CLIP_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".wmv", ".ts", ".gif"})


@dataclass(frozen=True, slots=True)
class PreparedSample:
    """A sample's file and what is known of it. A path lies in the scratch folder and may be moved away."""

    data: bytes | Path
    media_type: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    thumbnail: bytes
    duration_s: float = 0.0


class _Not(Exception):
    """It becomes no sample."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def prepare_picture(found: Candidate, least_side: int) -> PreparedSample | Outcome:
    """Prepares a picture. A plain one keeps its bytes; any other is encoded once, as it is meant to be seen."""
    try:
        assert isinstance(found.content, bytes)
        return _picture(found, found.content, max(least_side, LEAST_SIDE))
    except _Not as no:
        return no.outcome
    except PictureTooLarge:
        return Outcome.TOO_LARGE
    except UnreadablePicture:
        return Outcome.UNREADABLE


def _picture(found: Candidate, content: bytes, least_side: int) -> PreparedSample:
    if len(content) > MAX_FILE_BYTES:
        raise _Not(Outcome.TOO_LARGE)
    header = _header(found, content)
    size = header.width, header.height
    if min(size) < least_side:
        raise _Not(Outcome.TOO_SMALL)
    box = None if _is_whole(found.box_xywh, size) else found.box_xywh
    if header.is_plain and box is None:
        small = decode_picture(content, found.name, THUMBNAIL_SIDE)
        return _prepared(content, header.media_type, size, small)
    image = decode_picture(content, found.name)
    if box is not None:
        image = _cut_out(image, box, least_side)
    data, media_type = _encoded(image, header)
    return _prepared(data, media_type, (image.shape[1], image.shape[0]), image)


def _header(found: Candidate, content: bytes) -> ImageHeader:
    try:
        return read_header(content, found.name)
    except UnreadablePicture as error:
        is_meant = PurePosixPath(found.name).suffix.lower() in SUFFIXES
        raise _Not(Outcome.UNREADABLE if is_meant else Outcome.NOT_A_SAMPLE) from error


def _is_whole(box_xywh: Box | None, size: tuple[int, int]) -> bool:
    """Tells whether the box, to the pixel, is around everything."""
    if box_xywh is None:
        return True
    x, y, width, height = box_xywh
    return round(x) <= 0 and round(y) <= 0 and round(x + width) >= size[0] and round(y + height) >= size[1]


def _cut_out(image: Image, box_xywh: Box, least_side: int) -> Image:
    x, y, width, height = box_xywh
    x1, x2 = (int(np.clip(round(v), 0, image.shape[1])) for v in (x, x + width))
    y1, y2 = (int(np.clip(round(v), 0, image.shape[0])) for v in (y, y + height))
    if min(x2 - x1, y2 - y1) < least_side:
        raise _Not(Outcome.TOO_SMALL)
    return image[y1:y2, x1:x2]


def _encoded(image: Image, header: ImageHeader) -> tuple[bytes, str]:
    """Encodes a photograph as JPEG, anything else without loss. The same picture gives the same bytes."""
    if header.is_photograph:
        return encode_jpeg(image, JPEG_QUALITY), "image/jpeg"
    return bytes(cv2.imencode(".png", image)[1]), "image/png"


def encode_jpeg(image: Image, quality: int) -> bytes:
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def _prepared(data: bytes, media_type: str, size: tuple[int, int], image: Image) -> PreparedSample:
    digest = hashlib.sha256(data).hexdigest()
    return PreparedSample(data, media_type, digest, len(data), *size, thumbnail_of(image))


def thumbnail_of(image: Image) -> bytes:
    height, width = image.shape[:2]
    scale = THUMBNAIL_SIDE / max(width, height)
    if scale < 1:
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return encode_jpeg(image, THUMBNAIL_QUALITY)


def prepare_clip(found: Candidate, scratch: Path, heartbeat: Callable[[], None]) -> PreparedSample | Outcome:
    """Prepares a clip. One that browsers play keeps its bytes; any other becomes a small MP4."""
    try:
        return _clip(found, scratch, heartbeat)
    except _Not as no:
        return no.outcome
    except PictureTooLarge:
        return Outcome.TOO_LARGE
    except UnreadableVideo:
        return _no_clip(found)


def _no_clip(found: Candidate) -> Outcome:
    is_meant = PurePosixPath(found.name).suffix.lower() in CLIP_SUFFIXES
    return Outcome.UNREADABLE if is_meant else Outcome.NOT_A_SAMPLE


def _clip(found: Candidate, scratch: Path, heartbeat: Callable[[], None]) -> PreparedSample:
    path = found.content
    assert isinstance(path, Path)
    if path.stat().st_size > MOST_CLIP_BYTES:
        raise _Not(Outcome.TOO_LARGE)
    info = probe_in_subprocess(path)
    heartbeat()
    if info.duration_s > MOST_CLIP_S:
        raise _Not(Outcome.TOO_LARGE)
    if min(info.width, info.height) < LEAST_SIDE:
        raise _Not(Outcome.TOO_SMALL)
    if playback_plan(info) is not PlaybackPlan.ORIGINAL:
        tidy = scratch / f"{path.stem}.tidy.mp4"
        cut_clip(path, tidy, info, info.start_s, info.duration_s, lambda _progress: heartbeat())
        path, info = tidy, probe_in_subprocess(tidy)
    small = _middle(path, info)
    return PreparedSample(
        path,
        playable_type(info.container),
        sha256_of(path),
        path.stat().st_size,
        info.width,
        info.height,
        thumbnail_of(small),
        info.duration_s,
    )


def _middle(path: Path, info: VideoInfo) -> Image:
    """Returns the clip's first frame at or after its middle, else its last one."""
    image: Image | None = None
    middle_s = info.start_s + info.duration_s / 2
    whole, sampling = SegmentSpan(0, -np.inf, np.inf), Sampling(0.2, THUMBNAIL_SIDE)
    for frame in sample_frames(path, info, whole, sampling, DecodeCounts()):
        image = frame.image_bgr
        if frame.time_s >= middle_s:
            break
    if image is None:
        raise UnreadableVideo(f"{path.name}: no picture")
    return image


def discard(found: Candidate, prepared: PreparedSample | Outcome) -> None:
    """Deletes what is left of a candidate in the scratch folder once it is stored or refused."""
    for content in (found.content, prepared.data if isinstance(prepared, PreparedSample) else None):
        if isinstance(content, Path):
            content.unlink(missing_ok=True)
