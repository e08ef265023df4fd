"""Values of recognition: windows of a video, what a model predicts in each, and labelled spans."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TrainedOn(StrEnum):
    """What a model was trained on, and so what of a video it is run on."""

    FACES = "faces"
    FRAMES = "frames"
    CLIPS = "clips"


@dataclass(frozen=True, slots=True)
class VideoWindow:
    """What a model sees at once of a video; stands for `start_s` to `end_s`. All times are container times."""

    time_s: float
    """Time of the frame, or start of the clip."""
    start_s: float
    end_s: float
    track: int | None = None
    """Whose face it is, by the caller's own number."""
    shot: int = 0
    """Number of cuts before it; tracks of faces never cross one."""
    view: int = 0
    """Index into `FaceTrack.views`."""


@dataclass(frozen=True, slots=True)
class WindowPrediction:
    """What a model predicts for one window."""

    window: VideoWindow
    label: str
    confidence: float
    """Score of the label, 0..1."""
    uncertainty: float
    """0..1; 1 if another label is as likely."""
    scores: tuple[float, ...]
    """One for each label of the model, in its order."""


@dataclass(frozen=True, slots=True)
class LabelSpan:
    """A stretch of one label within one shot or one track."""

    label: str
    start_s: float
    end_s: float
    score: float
    """Mean score of the label over its windows, 0..1."""
    track: int | None = None


@dataclass(frozen=True, slots=True)
class FaceView:
    """One view of a face, cropped as samples of faces are: `picture` is a whole JPEG file."""

    time_s: float
    picture: bytes


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """A face tracked from `start_s` to `end_s`, and its best views."""

    track: int
    start_s: float
    end_s: float
    views: tuple[FaceView, ...]
