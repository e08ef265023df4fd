"""Rebuilds the values of `analysis` from the rows that segments stored."""

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

import numpy as np

from analysis.types import FRONTAL, Float32, FoundFace, FoundTrack, SegmentResult, SegmentSpan, VideoInfo
from webapp.people import clarity_queries, sample_codec
from webapp.people.models import Face, Track
from webapp.videos.models import Analysis, Segment


def span_of(segment: Segment) -> SegmentSpan:
    """Returns the span of a stored segment."""
    return SegmentSpan(segment.index, segment.start_s, segment.end_s)


def length_s(span: SegmentSpan, info: VideoInfo) -> float:
    """Returns how many seconds of the video the span covers, as far as is known; never 0."""
    start_s, end_s = max(span.start_s, info.start_s), min(span.end_s, info.start_s + info.duration_s)
    return max(end_s - start_s, 0.001)


def segments_of(
    analysis: Analysis, vectors: Mapping[UUID, Float32] | None = None
) -> tuple[list[SegmentResult], list[Track]]:
    """Returns all segments in order, and their tracks in the order of the results.

    `vectors` (d,), by face, take the place of the stored ones.
    """
    faces = _faces_of(analysis, vectors or {})
    by_segment: dict[int, list[Track]] = defaultdict(list)
    for track in Track.objects.filter(analysis=analysis).order_by("pk"):
        by_segment[track.segment_id].append(track)
    segments = list(Segment.objects.filter(analysis=analysis).order_by("index"))
    results = [_result(segment, by_segment[segment.pk], faces) for segment in segments]
    return results, [track for segment in segments for track in by_segment[segment.pk]]


def timings_of(analysis: Analysis) -> dict[str, float]:
    """Returns the seconds that each step took, over all segments."""
    total: dict[str, float] = defaultdict(float)
    for timings_s in Segment.objects.filter(analysis=analysis).values_list("timings_s", flat=True):
        for step, seconds in timings_s.items():
            total[step] += seconds
    return dict(total)


def _faces_of(analysis: Analysis, vectors: Mapping[UUID, Float32]) -> dict[int, list[FoundFace]]:
    """Returns faces by track, best first. Landmarks are zeros: only the embedding needed them."""
    faces: dict[int, list[FoundFace]] = defaultdict(list)
    for face in Face.objects.filter(analysis=analysis, track__isnull=False).order_by("track_id", "-quality", "pk"):
        assert face.track_id is not None  # filtered
        faces[face.track_id].append(
            FoundFace(
                time_s=face.time_s,
                box_xyxy=np.array([face.x1, face.y1, face.x2, face.y2], np.float32),
                landmarks=np.zeros((5, 2), np.float32),
                score=face.score,
                quality=face.quality,
                embedding=sample_codec.unpack_vector(face.embedding) if (own := vectors.get(face.pk)) is None else own,
                picture_jpeg=b"",
                measures=clarity_queries.measures_of(face) or FRONTAL,
            )
        )
    return faces


def _result(segment: Segment, tracks: list[Track], faces: dict[int, list[FoundFace]]) -> SegmentResult:
    return SegmentResult(
        span=span_of(segment),
        tracks=tuple(_found(track, faces[track.pk]) for track in tracks),
        frames_decoded=0,
        frames_sampled=0,
        frames_damaged=0,
        cut_at_start=segment.cut_at_start,
        cut_at_end=segment.cut_at_end,
        sample_step_s=segment.sample_step_s,
    )


def _found(track: Track, faces: list[FoundFace]) -> FoundTrack:
    times_s, boxes_xyxy, scores = sample_codec.unpack(track.samples, track.start_s)
    return FoundTrack(times_s, boxes_xyxy, scores, tuple(faces), track.reaches_start, track.reaches_end)
