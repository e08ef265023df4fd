"""Values of recognition: where a model looked and what it predicted there, and stretches that bear a label."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TrainedOn(StrEnum):
    """What a model was trained on, and so what of a video it windows at."""

    FACES = "faces"
    FRAMES = "frames"
    CLIPS = "clips"


@dataclass(frozen=True, slots=True)
class VideoWindow:
    """One window of a video. It stands for the stretch from `start_s` to `end_s`, all in container time."""

    time_s: float
    """Of the picture; of a clip: where it begins."""
    start_s: float
    end_s: float
    track: int | None = None
    """Whose face, by the caller's own number."""
    shot: int = 0
    """Counted up at each cut. A face that is followed never crosses one."""
    view: int = 0
    """Which view of the track, by its window in `FaceTrack.views`."""


@dataclass(frozen=True, slots=True)
class WindowPrediction:
    """What a model says at one window."""

    window: VideoWindow
    label: str
    confidence: float
    """0..1, the score of the label."""
    uncertainty: float
    """0..1; 1 where it could as well have predicted another label."""
    scores: tuple[float, ...]
    """One for each label of the model, in its order."""


@dataclass(frozen=True, slots=True)
class LabelSpan:
    """A stretch that bears a label, within one shot or one track."""

    label: str
    start_s: float
    end_s: float
    score: float
    """0..1, the mean score of the label over what was looked at."""
    track: int | None = None


@dataclass(frozen=True, slots=True)
class FaceView:
    """One view of a face, cut out as samples of faces are: `picture` is a whole JPEG file."""

    time_s: float
    picture: bytes


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """A face that was followed from `start_s` to `end_s`, and its best views."""

    track: int
    start_s: float
    end_s: float
    views: tuple[FaceView, ...]
