"""Values that the analysis library takes and returns.

Boxes are `(x1, y1, x2, y2)` in displayed pixels of the source size (rotation applied, sample aspect ratio not applied).
Times are the container's presentation times in seconds. Zero rows is a valid value everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Image = NDArray[np.uint8]


class Thoroughness(StrEnum):
    """How much time to spend: `fast` samples least, `thorough` finds the smallest faces."""

    FAST = "fast"
    BALANCED = "balanced"
    THOROUGH = "thorough"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is. `done` may exceed `total`, which is an estimate.

    Stages: "probe", "scan", "detect", "group", "web_copy", "sprites".
    """

    stage: str
    done: float
    total: float


OnProgress = Callable[[Progress], None]
"""Called often (at least once a second); may raise `Cancelled`, which the library lets through after cleaning up."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What the container says of itself. Width and height are displayed pixels (rotation applied)."""

    duration_s: float
    width: int
    height: int
    rate_fps: float
    rotation_deg: int
    """0, 90, 180 or 270, clockwise turn that a player applies."""
    start_s: float
    """Presentation time of the container's start; a web copy made by ffmpeg begins at 0 instead."""
    container: str
    """FFmpeg's demuxer names, e.g. "mov,mp4,m4a,3gp,3g2,mj2"."""
    video_codec: str
    pixel_format: str
    audio_codec: str
    """Empty where there is no sound."""
    size_bytes: int
    frames_estimate: int
    """For progress only; 0 where unknown."""
    sample_aspect_ratio: float = 1.0
    video_stream: int = 0
    """The container's number of the stream that is analysed: its default or best one."""
    video_streams: int = 1
    """How many moving pictures the container holds; a player may choose another than we do."""
    seekable: bool = True
    """False where the frames carry no times (raw streams): such a file is analysed in one piece."""


@dataclass(frozen=True, slots=True)
class Faces:
    """Faces of one picture, as a struct of arrays: `boxes_xyxy` (n, 4), `scores` (n,), `landmarks` (n, 5, 2).

    Landmark order: image-left eye, image-right eye, nose, image-left and image-right corner of the mouth.
    """

    boxes_xyxy: Float32
    scores: Float32
    landmarks: Float32

    def __post_init__(self) -> None:
        n = len(self.scores)
        expect_shape("boxes_xyxy", self.boxes_xyxy, (n, 4))
        expect_shape("scores", self.scores, (n,))
        expect_shape("landmarks", self.landmarks, (n, 5, 2))

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def none(cls) -> Faces:
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))


@dataclass(frozen=True, slots=True)
class FoundFace:
    """One view of a face at one moment, good enough to show and to compare."""

    time_s: float
    box_xyxy: Float32
    landmarks: Float32
    score: float
    """Detector's certainty, 0..1."""
    quality: float
    """0..1: size, sharpness, pose and light together."""
    embedding: Float32
    """(d,), length 1."""
    picture_jpeg: bytes
    """Square crop with some surroundings, about 192 px."""

    def __post_init__(self) -> None:
        expect_shape("box_xyxy", self.box_xyxy, (4,))
        expect_shape("landmarks", self.landmarks, (5, 2))


@dataclass(frozen=True, slots=True)
class FoundTrack:
    """One face followed without interruption by a cut: `times_s` (n,) rising, `boxes_xyxy` (n, 4), `scores` (n,).

    `faces` holds the best views, best first; never empty for a track that is kept.
    """

    times_s: Float64
    boxes_xyxy: Float32
    scores: Float32
    faces: tuple[FoundFace, ...]
    reaches_start: bool = False
    """Seen at the first sample of its segment: may go on from the segment before."""
    reaches_end: bool = False
    """Seen at the last sample of its segment: may go on in the next segment."""

    def __post_init__(self) -> None:
        n = len(self.times_s)
        expect_shape("boxes_xyxy", self.boxes_xyxy, (n, 4))
        expect_shape("scores", self.scores, (n,))

    @property
    def start_s(self) -> float:
        return float(self.times_s[0])

    @property
    def end_s(self) -> float:
        return float(self.times_s[-1])


@dataclass(frozen=True, slots=True)
class SegmentSpan:
    """A stretch of the video that is analysed as one piece: start included, end excluded."""

    index: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class SegmentResult:
    """What was found in one stretch of a video."""

    span: SegmentSpan
    tracks: tuple[FoundTrack, ...]
    frames_decoded: int
    frames_sampled: int
    frames_damaged: int
    timings_s: dict[str, float] = field(default_factory=dict)
    """Keys "decode", "detect", "embed"."""
    cut_at_start: bool = False
    """A hard cut lies exactly at this segment's start, so nothing is joined across it."""
    cut_at_end: bool = False
    """The same for its end, where the segment that ends saw it."""
    sample_step_s: float = 0.2


@dataclass(frozen=True, slots=True)
class Grouping:
    """People made of tracks, by index into the concatenated tracks of all segments in order."""

    joined: tuple[tuple[int, ...], ...]
    """Chains of tracks that are one track cut at segment borders; each input index occurs exactly once."""
    people: tuple[tuple[int, ...], ...]
    """Indices into `joined`; each occurs exactly once; longest screen time first."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """What humans have said about tracks, by index into the concatenated tracks of all segments in order."""

    same: tuple[tuple[int, ...], ...] = ()
    """Tracks of one set show one person; no track stands in two sets."""
    apart: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()
    """No track of the first set shows the person of any of the second. What is said to be the same counts more."""


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A group of tracks held to be one person; ids are 1-based, most screen time first."""

    id: int
    screen_time_s: float
    track_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """Everything found in one video. Track ids are their 1-based positions in `tracks`."""

    info: VideoInfo
    frames_decoded: int
    frames_sampled: int
    frames_damaged: int
    tracks: tuple[FoundTrack, ...]
    pictures: tuple[int, ...]
    """For each track the number under which its best picture was handed over."""
    people: tuple[FoundPerson, ...]
    timings_s: dict[str, float]
    detector: str
    embedder: str


def expect_shape(name: str, array: NDArray[np.generic], shape: tuple[int, ...]) -> None:
    """Raises ValueError naming the array, what was expected and what came."""
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
