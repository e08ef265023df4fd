"""Runs a trained model over a video: on the best views of faces, on one frame a second, or on clip after clip.

Each is cut as the samples were on which the model was trained.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

from analysis.errors import PictureTooLarge, UnreadablePicture
from analysis.images.read import decode_picture
from analysis.recognition.spans import uncertainty_of
from analysis.recognition.types import FaceTrack, VideoWindow, WindowPrediction
from analysis.training.data.inputs import FACE_SEARCH_PX, InputSpec, Seen, see_frames, see_picture, spread
from analysis.training.predict import BATCH, LoadedModel
from analysis.types import Float64, Image, OnProgress, Progress, SegmentSpan, VideoInfo
from analysis.video.decode import DecodeCounts, Sampling, sample_frames
from analysis.video.frames_at import whole_picture

STAGE = "recognise"
FRAME_STEP_S = 1.0
FRAME_LONG_SIDE = 1280
"""Size at which frames of a dataset are stored."""
UNUSED_SIDE = 64
"""Side of the scaled picture that each frame carries; nothing here reads it."""
MAX_STEPS_PER_FRAME = 2
"""A frame stands for no longer than this, so that a damaged stretch gets no label."""
SAMPLES_PER_FRAME = 2
"""Frames of a clip are picked from so many times as many, as in training."""
MIN_SHARE_OF_CLIP = 0.5
"""A shorter rest before a cut is not like the clips in training and is skipped."""
SCORE_DIGITS = 5
WHOLE = SegmentSpan(0, float("-inf"), float("inf"))
Windows = Iterator[tuple[VideoWindow, Seen]]


def predict_faces(
    model: LoadedModel, tracks: Iterable[FaceTrack], total: int, on_progress: OnProgress
) -> Iterator[WindowPrediction]:
    """Yields a prediction for each view of each of the `total` tracks; skips views that are no pictures."""
    return _predictions(model, _faces(tracks, total, model.input_spec, on_progress))


def predict_frames(
    model: LoadedModel, path: Path, info: VideoInfo, on_progress: OnProgress, counts: DecodeCounts | None = None
) -> Iterator[WindowPrediction]:
    """Yields a prediction once a second and for the first and last frame of each shot. Raises UnreadableVideo.

    Damaged frames are skipped and counted in `counts`.
    """
    return _predictions(model, _frames(path, info, model.input_spec, on_progress, counts or DecodeCounts()))


def predict_clips(
    model: LoadedModel,
    path: Path,
    info: VideoInfo,
    clip_s: float,
    on_progress: OnProgress,
    counts: DecodeCounts | None = None,
) -> Iterator[WindowPrediction]:
    """Yields a prediction for each clip of `clip_s` seconds; a cut starts a new clip. Raises UnreadableVideo."""
    return _predictions(model, _clips(path, info, clip_s, model.input_spec, on_progress, counts or DecodeCounts()))


def _predictions(model: LoadedModel, windows: Windows) -> Iterator[WindowPrediction]:
    while batch := list(islice(windows, BATCH)):
        scores = model.scores([seen for _window, seen in batch])
        for (window, _seen), label, row in zip(batch, model.decide(scores), scores, strict=True):
            yield _prediction(model, window, label, row)


def _prediction(model: LoadedModel, window: VideoWindow, label: str, row: Float64) -> WindowPrediction:
    scores = tuple(round(float(p), SCORE_DIGITS) for p in row)
    return WindowPrediction(
        window, label, scores[model.labels.index(label)], uncertainty_of(row, model.threshold), scores
    )


def _faces(tracks: Iterable[FaceTrack], total: int, spec: InputSpec, on_progress: OnProgress) -> Windows:
    for number, track in enumerate(tracks):
        on_progress(Progress(STAGE, number, total))
        views = sorted(enumerate(track.views), key=lambda view: view[1].time_s)
        borders = [(one.time_s + other.time_s) / 2 for (_n, one), (_m, other) in pairwise(views)]
        stretches = zip([track.start_s, *borders], [*borders, track.end_s], strict=True)
        for (at, view), (start_s, end_s) in zip(views, stretches, strict=False):
            try:
                image_bgr = decode_picture(view.picture, f"view {at} of track {track.track}")
            except (UnreadablePicture, PictureTooLarge):
                continue
            window = VideoWindow(view.time_s, start_s, max(start_s, end_s), track=track.track, view=at)
            yield window, see_picture(image_bgr, spec)
    on_progress(Progress(STAGE, total, total))


def _frames(path: Path, info: VideoInfo, spec: InputSpec, on_progress: OnProgress, counts: DecodeCounts) -> Windows:
    end_s = info.start_s + info.duration_s
    longest_s = MAX_STEPS_PER_FRAME * max(FRAME_STEP_S, 1 / info.rate_fps)
    held: tuple[VideoWindow, Seen] | None = None
    shot = 0
    sampling = Sampling(FRAME_STEP_S, UNUSED_SIDE, deblock=True)
    with closing(sample_frames(path, info, WHOLE, sampling, counts)) as frames:  # type: ignore[type-var]
        for frame in frames:
            on_progress(Progress(STAGE, frame.time_s - info.start_s, info.duration_s))
            shot += frame.begins_shot
            if held is not None:
                yield _until(held, min(frame.time_s, held[0].time_s + longest_s))
            window = VideoWindow(frame.time_s, frame.time_s, frame.time_s, shot=shot)
            held = window, see_picture(whole_picture(frame, FRAME_LONG_SIDE), spec)
    if held is not None:
        yield _until(held, min(max(end_s, held[0].time_s), held[0].time_s + longest_s))


def _until(held: tuple[VideoWindow, Seen], end_s: float) -> tuple[VideoWindow, Seen]:
    return replace(held[0], end_s=end_s), held[1]


def _clips(
    path: Path, info: VideoInfo, clip_s: float, spec: InputSpec, on_progress: OnProgress, counts: DecodeCounts
) -> Windows:
    """Yields clip after clip; the frame at which one ends without a cut belongs to it and to the next."""
    count = spec.frames or 1
    side = spec.picture_side if spec.frames else FACE_SEARCH_PX
    sampling = Sampling(clip_s / (SAMPLES_PER_FRAME * count), 2 * side, references_only=False, deblock=True)
    frames_of_clip: list[tuple[float, Image]] = []
    shot = clips = 0
    with closing(sample_frames(path, info, WHOLE, sampling, counts)) as frames:  # type: ignore[type-var]
        for frame in frames:
            on_progress(Progress(STAGE, frame.time_s - info.start_s, info.duration_s))
            if frames_of_clip and (frame.begins_shot or frame.time_s >= frames_of_clip[0][0] + clip_s):
                whole = frames_of_clip if frame.begins_shot else [*frames_of_clip, (frame.time_s, frame.image_bgr)]
                if frame.time_s - frames_of_clip[0][0] >= MIN_SHARE_OF_CLIP * clip_s:
                    clips += 1
                    yield _clip(whole, frame.time_s, shot, spec)
                frames_of_clip = []
            shot += frame.begins_shot
            frames_of_clip.append((frame.time_s, frame.image_bgr))
    end_s = max(info.start_s + info.duration_s, frames_of_clip[-1][0]) if frames_of_clip else 0.0
    # A video shorter than any clip counts as one.
    if frames_of_clip and (not clips or end_s - frames_of_clip[0][0] >= MIN_SHARE_OF_CLIP * clip_s):
        yield _clip(frames_of_clip, end_s, shot, spec)


def _clip(frames: list[tuple[float, Image]], end_s: float, shot: int, spec: InputSpec) -> tuple[VideoWindow, Seen]:
    images = spread(frames, spec.frames or 1)
    seen = see_frames(images, spec) if spec.frames else see_picture(images[0], spec)
    begin_s = frames[0][0]
    return VideoWindow(begin_s, begin_s, end_s, shot=shot), seen
