"""Prepares a candidate for storing: checks it, encodes it so that every program reads it, makes its thumbnail.

Knows no database, so that several threads can prepare pictures at once.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from analysis.errors import PictureTooLarge, PictureTooSmall, UnknownPicture, UnreadablePicture, UnreadableVideo
from analysis.images.encode import THUMBNAIL_SIDE, thumbnail_of
from analysis.images.limited_read import PicturePreparation
from analysis.images.read import SUFFIXES
from analysis.types import Image, SegmentSpan, VideoInfo
from analysis.video.cut_clip import cut_clip
from analysis.video.decode import DecodeCounts, Sampling, probe, sample_frames
from analysis.video.web_copy import PlaybackPlan, playback_plan
from analysis.weights import sha256_of
from webapp.datasets.importing.candidate_types import Candidate
from webapp.datasets.media_types import CLIP_SUFFIXES
from webapp.datasets.models import Outcome
from webapp.videos.media_info import playable_type

LEAST_SIDE = 8
"""Nothing can be learnt from fewer pixels."""
MOST_CLIP_S = 120.0
MOST_CLIP_BYTES = 300_000_000


@dataclass(frozen=True, slots=True)
class PreparedSample:
    """A sample's file and what is known of it. A path lies in the scratch folder and may be moved away."""

    data: bytes | bytearray | Path
    media_type: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    thumbnail: bytes
    duration_s: float = 0.0
    picture_size: tuple[int, int] | None = None
    """Of the picture that it was, or was cut out of."""


class _Not(Exception):
    """It becomes no clip."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def prepare_picture(found: Candidate, least_side: int, preparing: PicturePreparation) -> PreparedSample | Outcome:
    """Prepares a picture. A plain one keeps its bytes; any other is encoded once, as it is meant to be seen."""
    assert isinstance(found.content, bytes | bytearray)
    try:
        picture = preparing.prepare(found.content, found.name, max(least_side, LEAST_SIDE), found.box_xywh)
    except PictureTooSmall:
        return Outcome.TOO_SMALL
    except PictureTooLarge:
        return Outcome.TOO_LARGE
    except UnknownPicture:
        is_meant = PurePosixPath(found.name).suffix.lower() in SUFFIXES
        return Outcome.UNREADABLE if is_meant else Outcome.NOT_A_SAMPLE
    except UnreadablePicture:
        return Outcome.UNREADABLE
    data = found.content if picture.data is None else picture.data
    digest = hashlib.sha256(data).hexdigest()
    return PreparedSample(
        data,
        picture.media_type,
        digest,
        len(data),
        picture.width,
        picture.height,
        picture.thumbnail,
        picture_size=picture.picture_size,
    )


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
    info = probe(path)
    heartbeat()
    if info.duration_s > MOST_CLIP_S:
        raise _Not(Outcome.TOO_LARGE)
    if min(info.width, info.height) < LEAST_SIDE:
        raise _Not(Outcome.TOO_SMALL)
    if playback_plan(info) is not PlaybackPlan.ORIGINAL:
        tidy = scratch / f"{path.stem}.tidy.mp4"
        cut_clip(path, tidy, info, info.start_s, info.duration_s, lambda _progress: heartbeat())
        path, info = tidy, probe(tidy)
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
