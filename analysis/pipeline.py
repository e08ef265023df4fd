"""The whole analysis of a video: cut into segments, follow faces in each, join the segments, group into people."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from analysis.faces import keyframe_scan
from analysis.faces.associate import TrackingRules
from analysis.faces.detect import FaceDetector, load_detector
from analysis.faces.embed import Embedder, MobileFaceNetEmbedder, load_embedder
from analysis.faces.face_tracker import FaceTracker
from analysis.faces.group import THRESHOLDS
from analysis.faces.stitch_tracklets import NO_CONSTRAINTS, group_tracks, join_tracks
from analysis.memory import trim_malloc
from analysis.types import (
    AnalysisResult,
    Constraints,
    FoundFace,
    FoundPerson,
    FoundTrack,
    Grouping,
    OnProgress,
    Progress,
    SegmentResult,
    SegmentSpan,
    Thoroughness,
    VideoInfo,
)
from analysis.video.decode import DecodeCounts, Sampling, probe, sample_frames, segment_border_s
from analysis.video.prefetch import prefetch

FRAMES_AHEAD = 8
"""Samples decoded in advance: as many as come while the faces of ended tracks are embedded."""
LIGHT_PIXELS_PER_S = 22e6
"""1280 x 720 at 24 frames a second: so much decodes in no time; *fast* leaves out parts of anything heavier, and of
1080p at 30 so many that the whole takes half as long as decoding it."""
LEAST_SHARE = 0.35

KeepPicture = Callable[[int, bytes], None]
"""Takes a number and a JPEG."""


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """What a user may choose, and how long a segment is."""

    thoroughness: Thoroughness = Thoroughness.BALANCED
    segment_s: float = 60.0
    threads: int = 1
    """Of one network run. The decoder works beside it, so that one is best with two cores."""


@dataclass(frozen=True, slots=True)
class Models:
    """Networks ready to run; loading takes 0.3 s, so a worker keeps them."""

    detector: FaceDetector
    embedder: Embedder

    @property
    def detector_name(self) -> str:
        return self.detector.name

    @property
    def embedder_name(self) -> str:
        return self.embedder.name


def load_models(options: AnalysisOptions) -> Models:
    """Verified weights on the best device; raises MissingWeights."""
    return Models(load_detector(options.threads), load_embedder(options.threads))


def sampling_for(info: VideoInfo, thoroughness: Thoroughness) -> Sampling:
    """How finely each thoroughness looks."""
    if thoroughness is Thoroughness.FAST:
        share = LIGHT_PIXELS_PER_S / max(info.width * info.height * info.rate_fps, 1)
        return Sampling(step_s=0.5, long_side=512, share=max(min(share, 1.0), LEAST_SHARE))
    if thoroughness is Thoroughness.THOROUGH:
        return Sampling(step_s=0.1, long_side=1280, references_only=False, deblock=True)
    return Sampling(step_s=0.25, long_side=640)


def rules_for(sampling: Sampling) -> TrackingRules:
    """Coarser samples need more patience."""
    return TrackingRules(max_gap_s=6.0 if sampling.share < 1 else max(1.0, 2.5 * sampling.step_s))


def scan_keyframes(
    path: Path, info: VideoInfo, options: AnalysisOptions, models: Models, on_progress: OnProgress
) -> Iterator[list[FoundFace]]:
    """Preliminary faces in small batches, the first within a second or so; ends by itself within 10 s."""
    yield from keyframe_scan.scan(path, info, models.detector, models.embedder, on_progress)


def plan_segments(info: VideoInfo, options: AnalysisOptions) -> list[SegmentSpan]:
    """Stretches of about `segment_s` that cover the video; one for a video that cannot be read from the middle.

    The first begins and the last ends openly, as a container's own times are not to be relied on there.
    """
    count = max(1, round(info.duration_s / options.segment_s)) if info.seekable else 1
    borders = [info.start_s + info.duration_s * number / count for number in range(1, count)]
    starts, ends = [-math.inf, *borders], [*borders, math.inf]
    return [SegmentSpan(number, start, end) for number, (start, end) in enumerate(zip(starts, ends, strict=True))]


def analyse_segment(
    path: Path, info: VideoInfo, span: SegmentSpan, options: AnalysisOptions, models: Models, on_progress: OnProgress
) -> SegmentResult:
    """Tracks of one stretch; memory does not depend on its length. Raises UnreadableVideo when it cannot be opened."""
    sampling = sampling_for(info, options.thoroughness)
    exact = replace(span, start_s=_border(path, span.start_s), end_s=_border(path, span.end_s))
    begin_s = max(exact.start_s, info.start_s)
    length_s = max(min(exact.end_s, info.start_s + info.duration_s) - begin_s, 0.001)
    counts = DecodeCounts()
    tracker = FaceTracker(info, models.detector, models.embedder, rules_for(sampling))
    report = _Paced(on_progress)
    report(Progress("detect", 0, length_s))
    with closing(prefetch(sample_frames(path, info, exact, sampling, counts), FRAMES_AHEAD)) as frames:
        for frame in frames:
            tracker.look(frame)
            report(Progress("detect", frame.time_s - begin_s, length_s))
    tracks = tracker.finish()
    on_progress(Progress("detect", length_s, length_s))
    timings = {"decode": counts.seconds, "detect": tracker.watch.detect_s, "embed": tracker.watch.embed_s}
    return SegmentResult(
        span=span,
        tracks=tracks,
        frames_decoded=counts.decoded,
        frames_sampled=counts.sampled,
        frames_damaged=counts.damaged,
        timings_s=timings,
        cut_at_start=counts.cut_at_start,
        cut_at_end=counts.cut_at_end,
        sample_step_s=sampling.step_s,
    )


def _border(path: Path, time_s: float) -> float:
    return segment_border_s(path, time_s) if math.isfinite(time_s) else time_s


class _Paced:
    """Passes reports on a few times a second: a callback may write to a database."""

    EVERY_S = 0.2

    def __init__(self, on_progress: OnProgress) -> None:
        self.on_progress = on_progress
        self.next_at = -math.inf

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now >= self.next_at:
            self.next_at = now + self.EVERY_S
            self.on_progress(progress)


def join_and_group(
    segments: Sequence[SegmentResult],
    on_progress: OnProgress,
    said: Constraints = NO_CONSTRAINTS,
) -> Grouping:
    """People out of all segments' tracks, in order of the segments; what humans have `said` about them holds."""
    on_progress(Progress("group", 0, 1))
    tracks = [track for segment in segments for track in segment.tracks]
    step_s = segments[0].sample_step_s if segments else 0.2
    thresholds = THRESHOLDS[MobileFaceNetEmbedder.name]
    grouping = group_tracks(tracks, join_tracks(segments, TrackingRules(), thresholds), step_s, thresholds, said)
    on_progress(Progress("group", 1, 1))
    return grouping


def analyse(
    path: Path,
    options: AnalysisOptions,
    on_progress: OnProgress,
    models: Models | None = None,
    info: VideoInfo | None = None,
    keep_picture: KeepPicture | None = None,
) -> AnalysisResult:
    """Everything about one video; raises UnreadableVideo or one of its kinds.

    `keep_picture(number, jpeg)` takes the best picture of each piece of a track as it is found, so that memory does not
    grow with the video; `pictures` of the result says which number shows which track. Without it the tracks hold them.
    `timings_s`: "decode", "detect", "embed", "group" and "total"; decoding runs beside the rest.
    """
    started = time.perf_counter()
    info = info or probe(path)
    models = models or load_models(options)
    segments: list[SegmentResult] = []
    for span in plan_segments(info, options):
        begun = sum(len(segment.tracks) for segment in segments)
        offset_s = max(span.start_s - info.start_s, 0.0)

        def report(progress: Progress, offset_s: float = offset_s) -> None:
            on_progress(Progress(progress.stage, offset_s + progress.done, info.duration_s))

        segments.append(_slimmed(analyse_segment(path, info, span, options, models, report), begun, keep_picture))
        trim_malloc()
    group_started = time.perf_counter()
    grouping = join_and_group(segments, on_progress)
    timings = {key: math.fsum(segment.timings_s[key] for segment in segments) for key in ("decode", "detect", "embed")}
    timings |= {"group": time.perf_counter() - group_started, "total": time.perf_counter() - started}
    return _result(info, segments, grouping, models, timings)


def _slimmed(segment: SegmentResult, begun: int, keep_picture: KeepPicture | None) -> SegmentResult:
    """Only the best view of a track keeps its picture, or hands it over: the others are not written anywhere."""
    tracks = []
    for number, track in enumerate(segment.tracks, start=begun):
        best, *others = track.faces
        if keep_picture is not None:
            keep_picture(number, best.picture_jpeg)
            best = replace(best, picture_jpeg=b"")
        tracks.append(replace(track, faces=(best, *(replace(face, picture_jpeg=b"") for face in others))))
    return replace(segment, tracks=tuple(tracks))


def _result(
    info: VideoInfo,
    segments: Sequence[SegmentResult],
    grouping: Grouping,
    models: Models,
    timings_s: dict[str, float],
) -> AnalysisResult:
    parts = [track for segment in segments for track in segment.tracks]
    tracks = tuple(joined_track([parts[number] for number in chain]) for chain in grouping.joined)
    pictures = tuple(max(chain, key=lambda number: parts[number].faces[0].quality) for chain in grouping.joined)
    step_s = segments[0].sample_step_s
    people = tuple(
        FoundPerson(
            id=number,
            screen_time_s=math.fsum(screen_time_s(tracks[index], step_s) for index in group),
            track_ids=tuple(index + 1 for index in group),
        )
        for number, group in enumerate(grouping.people, start=1)
    )
    return AnalysisResult(
        info=info,
        frames_decoded=sum(segment.frames_decoded for segment in segments),
        frames_sampled=sum(segment.frames_sampled for segment in segments),
        frames_damaged=sum(segment.frames_damaged for segment in segments),
        tracks=tracks,
        pictures=pictures,
        people=people,
        timings_s=timings_s,
        detector=models.detector_name,
        embedder=models.embedder_name,
    )


def joined_track(parts: Sequence[FoundTrack]) -> FoundTrack:
    """One track out of its parts in order of time."""
    if len(parts) == 1:
        return parts[0]
    faces = sorted((face for part in parts for face in part.faces), key=lambda face: -face.quality)
    return FoundTrack(
        times_s=np.concatenate([part.times_s for part in parts]),
        boxes_xyxy=np.concatenate([part.boxes_xyxy for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
        faces=tuple(faces),
        reaches_start=parts[0].reaches_start,
        reaches_end=parts[-1].reaches_end,
    )


def screen_time_s(track: FoundTrack, step_s: float) -> float:
    """From first to last sight; what is seen in one sample counts for one step."""
    return track.end_s - track.start_s + step_s
