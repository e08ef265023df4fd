"""Which stretches of a video are searched at full rate: around where the analysis saw somebody, and on from there.

The analysis takes a few frames a second and misses a face that is turned away or runs, perhaps for seconds. So wherever
the person is seen near an end of a stretch, what lies beyond it is searched too, until they are not, or a cut is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from analysis.exports.box_paths import Bool
from analysis.exports.choice import HideChoice
from analysis.exports.face_scan import FaceScan, FollowedFace
from analysis.exports.people import SeenPerson
from analysis.time_spans import Span, merged, overlaps
from analysis.types import WHOLE_VIDEO, Float64, SegmentSpan, VideoInfo

AROUND_SIGHTINGS_S = 1.0
"""How long before and after the analysis saw somebody their face is looked for, beyond the time that it stays covered;
and how near the end of a stretch the face must be seen for it to be looked for beyond."""
LEAST_GAP_S = 0.5
"""What is needed on both sides of less is needed there too."""
GROWN_BY_S = 2.0
"""How much is searched beyond the end of a stretch at first; then twice as much."""


@dataclass(frozen=True, slots=True)
class ScannedStretch:
    """What was found in a stretch, and whether a cut lies at its ends."""

    span: SegmentSpan
    scan: FaceScan
    cut_at_start: bool = False
    cut_at_end: bool = False


def stretches_with(
    people: Sequence[SeenPerson], choice: HideChoice, info: VideoInfo, extend_s: float
) -> list[SegmentSpan]:
    """Returns the stretches in which the analysis saw somebody to hide: all of the video if others are hidden too."""
    if not choice.hides_some or not info.seekable:
        return [WHOLE_VIDEO]
    around_s = extend_s + AROUND_SIGHTINGS_S
    tracks = [track for person in people if choice.hides(person.id) for track in person.tracks]
    spans: list[SegmentSpan] = []
    for track in sorted(tracks, key=lambda track: float(track.times_s[0])):
        start_s, end_s = float(track.times_s[0]) - around_s, float(track.times_s[-1]) + around_s
        if spans and start_s <= spans[-1].end_s + around_s:
            start_s, end_s = spans[-1].start_s, max(spans.pop().end_s, end_s)
        spans.append(SegmentSpan(len(spans), start_s, end_s))
    return spans


def scan_on(
    spans: Sequence[SegmentSpan],
    info: VideoInfo,
    scan_span: Callable[[SegmentSpan], ScannedStretch],
    hidden_in: Callable[[FaceScan], list[Bool]],
    needed: Callable[[FaceScan, list[Bool]], Sequence[Span]] = lambda _scan, _hidden: (),
) -> tuple[FaceScan, list[Bool]]:
    """Returns what `scan_span` finds in these spans, rising, and beyond as long as a hidden face goes on there.

    `hidden_in` returns for each face of a scan in which of its frames it is hidden: `(n,)` each. Its last answer comes
    with the scan. `needed` returns what else must be scanned, once no face goes on.
    """
    stretches, by_s = [scan_span(span) for span in spans], GROWN_BY_S
    while True:
        scan = joined(stretches)
        hidden = hidden_in(scan)
        more = _beyond(stretches, _seen_s(scan, hidden), info, by_s)
        more = more or _between(stretches, needed(scan, hidden))
        if not more:
            return scan, hidden
        stretches = sorted([*stretches, *map(scan_span, more)], key=lambda stretch: stretch.span.start_s)
        by_s *= 2


def joined(stretches: Sequence[ScannedStretch]) -> FaceScan:
    """Returns the scans of stretches, rising, as one: where they touch, and no cut is there, a shot goes on."""
    times, shots, faces = [np.zeros(0)], [np.zeros(0, np.int64)], list[FollowedFace]()
    count = last_shot = 0
    before: ScannedStretch | None = None
    for stretch in stretches:
        scan = stretch.scan
        if not len(scan.times_s):
            continue
        goes_on = before is not None and before.span.end_s == stretch.span.start_s and not _is_cut(before, stretch)
        shots.append(scan.shots - scan.shots[0] + last_shot + (not goes_on))
        times.append(scan.times_s)
        faces += [_later(face, count) for face in scan.faces]
        count, last_shot, before = count + len(scan.times_s), int(shots[-1][-1]), stretch
    return FaceScan(np.concatenate(times), np.concatenate(shots), tuple(faces))


def _between(stretches: Sequence[ScannedStretch], spans: Sequence[Span]) -> list[SegmentSpan]:
    """Returns what of these spans lies in no stretch."""
    edges = [-np.inf, *chain(*((each.span.start_s, each.span.end_s) for each in stretches)), np.inf]
    gaps = list(zip(edges[::2], edges[1::2], strict=True))
    return [SegmentSpan(0, *span) for span in overlaps(gaps, merged(spans, LEAST_GAP_S)) if span[1] > span[0]]


def _is_cut(before: ScannedStretch, after: ScannedStretch) -> bool:
    return before.cut_at_end or after.cut_at_start


def _later(face: FollowedFace, frames: int) -> FollowedFace:
    votes = tuple((frame + frames, person) for frame, person in face.votes)
    return replace(face, frames=face.frames + frames, votes=votes, moving_at=face.moving_at + frames)


def _seen_s(scan: FaceScan, hidden: Sequence[Bool]) -> Float64:
    """Returns the times `(m,)`, rising, at which a hidden face is detected."""
    frames = [face.frames[rows & face.detected] for face, rows in zip(scan.faces, hidden, strict=True)]
    times: Float64 = scan.times_s[np.unique(np.concatenate([np.zeros(0, np.int64), *frames]))]
    return times


def _beyond(stretches: Sequence[ScannedStretch], seen_s: Float64, info: VideoInfo, by_s: float) -> list[SegmentSpan]:
    """Returns the spans beyond the ends of stretches near which somebody to hide is seen, and no cut is."""
    found: list[SegmentSpan] = []
    until_s, last_s = info.start_s, info.start_s + info.duration_s
    starts_s = [stretch.span.start_s for stretch in stretches[1:]]
    for stretch, next_s in zip(stretches, [*starts_s, last_s], strict=False):
        start_s, end_s = stretch.span.start_s, stretch.span.end_s
        seen = seen_s[slice(*np.searchsorted(seen_s, [start_s, end_s]))]
        if until_s < start_s and not stretch.cut_at_start and (seen < start_s + AROUND_SIGHTINGS_S).any():
            found.append(SegmentSpan(0, max(start_s - by_s, until_s), start_s))
        until_s = end_s
        if end_s < next_s and not stretch.cut_at_end and (seen > end_s - AROUND_SIGHTINGS_S).any():
            until_s = min(end_s + by_s, next_s)
            found.append(SegmentSpan(0, end_s, until_s))
    return found
