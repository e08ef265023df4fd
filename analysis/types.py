"""Values that the analysis library takes and returns.

Boxes are `(x1, y1, x2, y2)` in displayed pixels of the source size: upright, with square pixels.
Times are the container's presentation times in seconds. Zero rows is a valid value everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Image = NDArray[np.uint8]

EXACT_TOLERANCE_S = 0.005
"""For moments that are a frame's own time: less than between two frames at 120 fps, more than rounding does."""


class Thoroughness(StrEnum):
    """How much time an analysis may take: `fast` samples least, `thorough` finds the smallest faces."""

    FAST = "fast"
    BALANCED = "balanced"
    THOROUGH = "thorough"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage has come. `done` may exceed `total`, which is an estimate.

    Stages: "probe", "scan", "detect", "group", "web_copy", "sprites"; of exports "follow", "encode", "cut", "join".
    """

    stage: str
    done: float
    total: float


OnProgress = Callable[[Progress], None]
"""Called at least once a second; may raise `Cancelled`, which the library passes on after cleaning up."""


BLANK_S = 0.2
"""Begins that are empty for longer count: a copy leaves them out, and browsers lose as much of an original's end."""
LONGEST_GAP_S = 30.0
"""Keyframes further apart divide nothing: what is in between is decoded for each picture that is sought."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """A container's metadata, checked against one decoded frame. Width and height are displayed pixels."""

    duration_s: float
    width: int
    height: int
    rate_fps: float
    rotation_deg: int
    """Clockwise turn that a player applies: 0, 90, 180 or 270."""
    start_s: float
    """Presentation time at which the container starts; a web copy made by ffmpeg starts at 0 instead."""
    container: str
    """FFmpeg's demuxer names, e.g. "mov,mp4,m4a,3gp,3g2,mj2"."""
    video_codec: str
    pixel_format: str
    audio_codec: str
    """Empty if there is no sound."""
    size_bytes: int
    frames_estimate: int
    """For progress only; 0 if unknown."""
    sample_aspect_ratio: float = 1.0
    """Of results from before width and height counted square pixels; today 1."""
    video_stream: int = 0
    """Index of the stream that is analysed: the container's default or best one."""
    video_streams: int = 1
    """Number of video streams; a player may choose a different one."""
    seekable: bool = True
    """False if frames carry no times (raw streams) or the clock jumps: such a file is analysed as one segment."""
    first_frame_s: float | None = None
    """When the first picture is shown; None in older results."""
    mirrored: bool = False
    """A player mirrors frames left to right, before it turns them."""
    stretched: bool = False
    """Stored pixels are not square."""
    interlaced: bool = False
    curve: str = ""
    """"pq" or "hlg" for high dynamic range."""
    keyframe_gap_s: float = 0.0
    """The longest way from the keyframe that seeking finds to the picture sought; 0 in older results."""
    indexed: bool = True
    """The file says how long it is and where its keyframes are, so that a browser can seek in it."""
    open_groups: bool = False
    """Keyframes of H.264 are not where decoding can begin anew: Chromium gets stuck when it is sent to one."""

    @property
    def divisible(self) -> bool:
        """Whether it can be read from anywhere at a cost that does not grow with what lies before."""
        return self.seekable and self.keyframe_gap_s <= LONGEST_GAP_S


@dataclass(frozen=True, slots=True)
class Faces:
    """Faces of one picture as a struct of arrays: `boxes_xyxy` (n, 4), `scores` (n,) in 0..1, `landmarks` (n, 5, 2).

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
        """Returns zero faces."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))


@dataclass(frozen=True, slots=True)
class ViewMeasures:
    """What tells a clear view of a face from an unclear one; see `analysis.faces.clarity`."""

    presence: float
    """How sure the face mesh is that it is a face, 0..1."""
    yaw_deg: float
    """Positive: turned to the right of the picture."""
    pitch_deg: float
    """Positive: looking up."""
    sharpness: float
    """0..1."""


FRONTAL = ViewMeasures(presence=1.0, yaw_deg=0.0, pitch_deg=0.0, sharpness=1.0)


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face at one moment, good enough to show and to compare."""

    time_s: float
    box_xyxy: Float32
    landmarks: Float32
    score: float
    """Detection confidence, 0..1."""
    quality: float
    """Size, sharpness, pose and light combined, 0..1."""
    embedding: Float32
    """(d,), length 1."""
    picture_jpeg: bytes
    """Square crop with some surroundings, at most 192 px."""
    measures: ViewMeasures = FRONTAL
    picture_landmarks: Float32 | None = None
    """(5, 2), in shares of the picture's sides, so that another embedder can read it without the video."""

    def __post_init__(self) -> None:
        expect_shape("box_xyxy", self.box_xyxy, (4,))
        expect_shape("landmarks", self.landmarks, (5, 2))


@dataclass(frozen=True, slots=True)
class FoundTrack:
    """One face tracked within one shot: `times_s` (n,) rising, `boxes_xyxy` (n, 4), `scores` (n,).

    As part of a `SegmentResult` it is a tracklet: it ends with its segment and may go on in the next one.
    `faces` holds the best views, best first; it is never empty.
    """

    times_s: Float64
    boxes_xyxy: Float32
    scores: Float32
    faces: tuple[FoundFace, ...]
    reaches_start: bool = False
    """Seen in the first sample of its segment: may continue a tracklet of the segment before."""
    reaches_end: bool = False
    """Seen in the last sample of its segment: may continue in the next segment."""

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
    """A stretch of the video that is analysed at once: start included, end excluded."""

    index: int
    start_s: float
    end_s: float


WHOLE_VIDEO = SegmentSpan(0, -math.inf, math.inf)


@dataclass(frozen=True, slots=True)
class SegmentResult:
    """Tracklets of one segment of a video, with what its analysis counted and took."""

    span: SegmentSpan
    tracks: tuple[FoundTrack, ...]
    frames_decoded: int
    frames_sampled: int
    frames_damaged: int
    timings_s: dict[str, float] = field(default_factory=dict)
    """Keys "decode", "detect", "embed"."""
    cut_at_start: bool = False
    """A hard cut lies exactly at the segment's start, so no track continues across it."""
    cut_at_end: bool = False
    """The same for the segment's end, as seen by the segment that ends there."""
    sample_step_s: float = 0.2


@dataclass(frozen=True, slots=True)
class Grouping:
    """People made of tracks made of tracklets."""

    tracks: tuple[tuple[int, ...], ...]
    """For each track its tracklets in order of time, by index into all segments' tracklets; each occurs once."""
    people: tuple[tuple[int, ...], ...]
    """For each person their tracks, by index into `tracks`; longest screen time first."""
    unclear: tuple[tuple[int, ...], ...] = ()
    """Tracks that are nobody, as no view tells who it is. Each track occurs once, here or in `people`."""
    join_similarities: tuple[float | None, ...] = ()
    """For each track the similarity at which it joined others of its person; None where views did not decide."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """What humans decided about tracklets, by index into the tracklets of all segments in order."""

    must_link: tuple[tuple[int, ...], ...] = ()
    """Each set shows one person; the sets are disjoint. Stronger than `cannot_link`."""
    cannot_link: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()
    """Of each pair of sets, nobody in the first is anybody in the second."""


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A group of tracks taken for one person; ids start at 1, most screen time first, unclear ones last."""

    id: int
    screen_time_s: float
    track_ids: tuple[int, ...]
    unclear: bool = False
    """Nobody in particular: faces that do not tell who it is."""


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """Everything found in one video. The id of a track is its position in `tracks`, counted from 1."""

    info: VideoInfo
    frames_decoded: int
    frames_sampled: int
    frames_damaged: int
    tracks: tuple[FoundTrack, ...]
    pictures: tuple[int, ...]
    """For each track the number under which `keep_picture` was given its best picture."""
    people: tuple[FoundPerson, ...]
    timings_s: dict[str, float]
    detector: str
    embedder: str


def expect_shape(name: str, array: NDArray[np.generic], shape: tuple[int, ...]) -> None:
    """Raises ValueError with the array's name, the expected and the actual shape if they differ."""
    if array.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {array.shape}")
