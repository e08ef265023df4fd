"""The whole analysis of a video: plan segments, track faces in each, stitch tracklets, group tracks into people."""

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
from analysis.faces.face_mesh import FaceMesh, load_face_mesh
from analysis.faces.face_tracker import FaceTracker
from analysis.faces.seen_spans import seen_spans
from analysis.faces.stitch_tracklets import NO_CONSTRAINTS, group_tracks, stitch_tracklets
from analysis.faces.thresholds import thresholds_for
from analysis.memory import trim_malloc
from analysis.progress import paced
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
from analysis.video.decode import DecodeCounts, Sampling, probe, sample_frames, segment_borders_s
from analysis.video.prefetch import prefetch

FRAMES_AHEAD = 8
"""Samples decoded in advance: as many as arrive while the faces of ended tracks are embedded."""
LIGHT_PIXELS_PER_S = 22e6
"""1280 x 720 at 24 fps, which decodes in next to no time. *fast* skips parts of anything heavier: of 1080p at 30 fps so
many that the analysis takes half as long as decoding the video."""
MIN_SHARE = 0.35

KeepPicture = Callable[[int, bytes], None]
"""Called with the number of a tracklet and its best picture as JPEG."""


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """Settings of one analysis."""

    thoroughness: Thoroughness = Thoroughness.BALANCED
    segment_s: float = 60.0
    threads: int = 1
    """Threads of one network run. The decoder runs in parallel, so 1 is best with two cores."""


@dataclass(frozen=True, slots=True)
class Models:
    """Networks ready to run; loading takes 0.3 s, so workers keep them."""

    detector: FaceDetector
    embedder: Embedder
    mesh: FaceMesh

    @property
    def detector_name(self) -> str:
        return self.detector.name

    @property
    def embedder_name(self) -> str:
        return self.embedder.name


def load_models(options: AnalysisOptions, *, of_stills: bool = False) -> Models:
    """Loads verified weights on the best device, for frames or for still pictures; raises MissingWeights."""
    detector = load_detector(options.threads, many_sizes=of_stills)
    return Models(detector, load_embedder(options.threads), load_face_mesh(options.threads))


def sampling_for(info: VideoInfo, thoroughness: Thoroughness) -> Sampling:
    """Returns how finely to sample a video at this thoroughness."""
    if thoroughness is Thoroughness.FAST:
        share = LIGHT_PIXELS_PER_S / max(info.width * info.height * info.rate_fps, 1)
        return Sampling(step_s=0.5, long_side=512, share=max(min(share, 1.0), MIN_SHARE))
    if thoroughness is Thoroughness.THOROUGH:
        return Sampling(step_s=0.1, long_side=1280, references_only=False, deblock=True)
    return Sampling(step_s=0.25, long_side=640)


def rules_for(sampling: Sampling) -> TrackingRules:
    """Returns the tracking rules for a sampling: coarser samples need longer gaps."""
    return TrackingRules(max_gap_s=6.0 if sampling.share < 1 else max(1.0, 2.5 * sampling.step_s))


def scan_keyframes(
    path: Path, info: VideoInfo, options: AnalysisOptions, models: Models, on_progress: OnProgress
) -> Iterator[list[FoundFace]]:
    """Yields preliminary faces in small batches, the first within about a second; ends within 10 s."""
    yield from keyframe_scan.scan(path, info, models.detector, models.embedder, models.mesh, on_progress)


def plan_segments(info: VideoInfo, options: AnalysisOptions) -> list[SegmentSpan]:
    """Returns spans of about `segment_s` that cover the video; a single one if it cannot be read from the middle.

    The first starts at -inf and the last ends at inf, as containers' own times are unreliable there.
    """
    count = max(1, round(info.duration_s / options.segment_s)) if info.divisible else 1
    borders = [info.start_s + info.duration_s * number / count for number in range(1, count)]
    starts, ends = [-math.inf, *borders], [*borders, math.inf]
    return [SegmentSpan(number, start, end) for number, (start, end) in enumerate(zip(starts, ends, strict=True))]


def analyse_segment(
    path: Path, info: VideoInfo, span: SegmentSpan, options: AnalysisOptions, models: Models, on_progress: OnProgress
) -> SegmentResult:
    """Finds the tracklets of one segment; memory does not depend on its length. Raises UnreadableVideo."""
    sampling = sampling_for(info, options.thoroughness)
    start_s, end_s = segment_borders_s(path, (span.start_s, span.end_s))
    exact = replace(span, start_s=start_s, end_s=end_s)
    begin_s = max(exact.start_s, info.start_s)
    length_s = max(min(exact.end_s, info.start_s + info.duration_s) - begin_s, 0.001)
    counts = DecodeCounts()
    tracker = FaceTracker(info, models.detector, models.embedder, models.mesh, rules_for(sampling))
    report = paced(on_progress)
    report(Progress("detect", 0, length_s))
    with closing(prefetch(sample_frames(path, info, exact, sampling, counts), FRAMES_AHEAD)) as frames:
        for frame in frames:
            tracker.update(frame)
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


def stitch_and_group(
    segments: Sequence[SegmentResult],
    on_progress: OnProgress,
    constraints: Constraints = NO_CONSTRAINTS,
    embedder: str = MobileFaceNetEmbedder.name,
) -> Grouping:
    """Stitches the tracklets of all segments, given in order, and groups the tracks into people.

    Their vectors are by the embedder of this name; raises UnknownEmbedder.
    """
    on_progress(Progress("group", 0, 1))
    tracklets = [tracklet for segment in segments for tracklet in segment.tracks]
    step_s = segments[0].sample_step_s if segments else 0.2
    thresholds = thresholds_for(embedder).grouping
    tracks = stitch_tracklets(segments, TrackingRules(), thresholds)
    grouping = group_tracks(tracklets, tracks, step_s, thresholds, constraints)
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
    """Analyses one video; raises UnreadableVideo or a subclass.

    `keep_picture(number, jpeg)` is given the best picture of each tracklet as it is found, so that memory does not grow
    with the video; the result's `pictures` tells which number shows which track. Without it the tracks hold pictures.
    `timings_s` has "decode", "detect", "embed", "group" and "total"; decoding runs in parallel.
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

        segment = analyse_segment(path, info, span, options, models, report)
        segments.append(_without_pictures(segment, begun, keep_picture))
        trim_malloc()
    group_started = time.perf_counter()
    grouping = stitch_and_group(segments, on_progress, embedder=models.embedder_name)
    timings = {key: math.fsum(segment.timings_s[key] for segment in segments) for key in ("decode", "detect", "embed")}
    timings |= {"group": time.perf_counter() - group_started, "total": time.perf_counter() - started}
    return _result(info, segments, grouping, models, timings)


def _without_pictures(segment: SegmentResult, begun: int, keep_picture: KeepPicture | None) -> SegmentResult:
    """Hands over or keeps the best picture of each tracklet and drops the others, which nobody stores."""
    tracks = []
    for number, track in enumerate(segment.tracks, start=begun):
        best, *others = track.faces
        if keep_picture is not None:
            keep_picture(number, best.picture_jpeg)
            best = replace(best, picture_jpeg=b"")
        tracks.append(replace(track, faces=(best, *(replace(face, picture_jpeg=b"") for face in others))))
    return replace(segment, tracks=tuple(tracks))


def _result(
    info: VideoInfo, segments: Sequence[SegmentResult], grouping: Grouping, models: Models, timings_s: dict[str, float]
) -> AnalysisResult:
    tracklets = [tracklet for segment in segments for tracklet in segment.tracks]
    tracks = tuple(stitched_track([tracklets[number] for number in track]) for track in grouping.tracks)
    pictures = tuple(max(track, key=lambda number: tracklets[number].faces[0].quality) for track in grouping.tracks)
    step_s = segments[0].sample_step_s
    people = tuple(
        FoundPerson(
            id=number,
            screen_time_s=math.fsum(screen_time_s(tracks[index], step_s) for index in group),
            track_ids=tuple(index + 1 for index in group),
            unclear=number > len(grouping.people),
        )
        for number, group in enumerate([*grouping.people, *grouping.unclear], start=1)
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


def stitched_track(tracklets: Sequence[FoundTrack]) -> FoundTrack:
    """Concatenates the tracklets of one track, given in order of time."""
    if len(tracklets) == 1:
        return tracklets[0]
    faces = sorted((face for tracklet in tracklets for face in tracklet.faces), key=lambda face: -face.quality)
    return FoundTrack(
        times_s=np.concatenate([tracklet.times_s for tracklet in tracklets]),
        boxes_xyxy=np.concatenate([tracklet.boxes_xyxy for tracklet in tracklets]),
        scores=np.concatenate([tracklet.scores for tracklet in tracklets]),
        faces=tuple(faces),
        reaches_start=tracklets[0].reaches_start,
        reaches_end=tracklets[-1].reaches_end,
    )


def screen_time_s(track: FoundTrack, step_s: float) -> float:
    """Returns how long the face is seen; longer gaps do not count, and a single sample counts as one step."""
    return math.fsum(end_s - start_s for start_s, end_s in seen_spans(track.times_s, step_s))
