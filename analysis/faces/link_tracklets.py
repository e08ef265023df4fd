"""Tracklet linking: joins the tracklets of one face within a shot, where turning, blur or a hand tore its track.

Association looks at two pictures only, and so ends a track wherever a face changes too much at once. Here both ends are
known: where one tracklet stops and another begins close by, with nobody else near, they are one face if their views do
not say otherwise. Two tracklets that are ever in one picture never are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.boxes import areas, centres
from analysis.faces.clarity import clear_views
from analysis.faces.group import Bool
from analysis.faces.same_picture import SAME_MOMENT_S, seen_together
from analysis.types import Float32, Float64, FoundTrack

MAX_GAP_S = 3.0
"""Between two tracklets that clear views on both sides connect."""
MAX_UNCLEAR_GAP_S = 1.5
"""Where the place alone connects them, as one of them has no clear view."""
REACH_AT_ONCE, REACH_PER_S, MAX_REACH = 0.8, 2.5, 3.0
"""How far a face may have moved, in face sizes (square root of the box's area)."""
MAX_SIZE_RATIO = 1.8
NEAR_GAP_S = 0.6
MIN_SIMILARITY_NEAR, MIN_SIMILARITY = 0.3, 0.42
"""Least cosine of two clear views, within `NEAR_GAP_S` and beyond. Of two people of one recording 0.54 is the most."""
RIVAL_DISTANCE = 1.5
"""Another face this near, in face sizes, could be the one that went on: then only views decide."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """How two tracklets lie to each other where they come closest in time."""

    gap_s: float
    distance: float
    """In face sizes."""
    size_ratio: float
    between: tuple[float, float]
    """The two moments, in order."""
    boxes_xyxy: Float32
    """(2, 4): where the face was at them."""


def link_tracklets(tracks: Sequence[FoundTrack], shots: Sequence[int]) -> list[list[int]]:
    """Returns tracks as lists of tracklet numbers in order of time; each number occurs once.

    `shots` tells the shot of each tracklet; nothing is linked across a cut.
    """
    together = seen_together([(track.times_s, track.boxes_xyxy) for track in tracks])
    pairs = sorted(_possible(tracks, shots, together), reverse=True)
    group_of = {number: [number] for number in range(len(tracks))}
    for _, first, second in pairs:
        ours, theirs = group_of[first], group_of[second]
        if ours is not theirs and not together[np.ix_(ours, theirs)].any():
            ours += theirs
            for number in theirs:
                group_of[number] = ours
    found = {id(group): group for group in group_of.values()}.values()
    return [sorted(group, key=lambda number: tracks[number].start_s) for group in found]


def _possible(tracks: Sequence[FoundTrack], shots: Sequence[int], together: Bool) -> list[tuple[float, int, int]]:
    """Returns pairs that may be one face, each with how well they fit."""
    order = sorted(range(len(tracks)), key=lambda number: tracks[number].start_s)
    pairs = []
    for position, first in enumerate(order):
        for second in order[position + 1 :]:
            if tracks[second].start_s - tracks[first].end_s > MAX_GAP_S:
                continue
            if shots[first] != shots[second] or together[first, second]:
                continue
            near = neighbours(tracks[first], tracks[second])
            fit = _fit(tracks, first, second, near, shots) if _is_reachable(near) else None
            if fit is not None:
                pairs.append((fit, first, second))
    return pairs


def neighbours(track: FoundTrack, other: FoundTrack) -> Neighbours:
    """Compares two tracklets at the pair of samples that are closest in time."""
    after = np.searchsorted(track.times_s, other.times_s)
    candidates = [
        (abs(float(track.times_s[row] - time_s)), int(row), number)
        for number, (time_s, place) in enumerate(zip(other.times_s, after, strict=True))
        for row in (max(place - 1, 0), min(place, len(track.times_s) - 1))
    ]
    gap_s, row, number = min(candidates)
    boxes = np.stack([track.boxes_xyxy[row], other.boxes_xyxy[number]])
    sizes = np.sqrt(areas(boxes))
    middle = centres(boxes)
    distance = float(np.linalg.norm(middle[0] - middle[1]) / max(float(sizes.mean()), 1e-6))
    moments = sorted((float(track.times_s[row]), float(other.times_s[number])))
    ratio = float(sizes.max() / max(float(sizes.min()), 1e-6))
    return Neighbours(gap_s, distance, ratio, (moments[0], moments[1]), boxes)


def _is_reachable(near: Neighbours) -> bool:
    reach = min(REACH_AT_ONCE + REACH_PER_S * near.gap_s, MAX_REACH)
    return near.gap_s <= MAX_GAP_S and near.distance <= reach and near.size_ratio <= MAX_SIZE_RATIO


def _fit(tracks: Sequence[FoundTrack], first: int, second: int, near: Neighbours, shots: Sequence[int]) -> float | None:
    """Returns how well two tracklets fit, more is better, or None if they cannot be taken for one face."""
    ours, theirs = clear_views(tracks[first].faces), clear_views(tracks[second].faces)
    closeness = 1.0 - near.distance / MAX_REACH - near.gap_s / MAX_GAP_S
    has_rival = any(
        _is_near(tracks[other], near)
        for other in range(len(tracks))
        if other not in (first, second) and shots[other] == shots[first]
    )
    if not ours or not theirs:
        return None if has_rival or near.gap_s > MAX_UNCLEAR_GAP_S else closeness
    similarity = max(float(face.embedding @ other.embedding) for face in ours for other in theirs)
    least = MIN_SIMILARITY_NEAR if near.gap_s <= NEAR_GAP_S and not has_rival else MIN_SIMILARITY
    return 1.0 + similarity + closeness if similarity >= least else None


def _is_near(track: FoundTrack, near: Neighbours) -> bool:
    """Returns whether this tracklet is seen in between, close to where the face was."""
    begin_s, end_s = near.between
    inside = (track.times_s >= begin_s - 1e-3) & (track.times_s <= end_s + 1e-3)
    if not inside.any():
        return False
    size = float(np.sqrt(areas(near.boxes_xyxy)).mean())
    offsets = centres(track.boxes_xyxy[inside])[:, None] - centres(near.boxes_xyxy)[None]
    return bool((np.linalg.norm(offsets, axis=2) <= RIVAL_DISTANCE * size).any())


def linked_track(tracklets: Sequence[FoundTrack]) -> FoundTrack:
    """Returns the tracklets, which never share a picture as two faces, as one track with their samples in order."""
    if len(tracklets) == 1:
        return tracklets[0]
    times_s: Float64 = np.concatenate([tracklet.times_s for tracklet in tracklets])
    scores = np.concatenate([tracklet.scores for tracklet in tracklets])
    # Two boxes of one face in one picture: the surer one stays.
    by_time = np.argsort(times_s, kind="stable")
    picture = np.zeros(len(times_s), np.int64)
    picture[by_time[1:]] = np.cumsum(np.diff(times_s[by_time]) > SAME_MOMENT_S)
    order = np.lexsort((-scores, picture))
    order = order[np.concatenate([[True], np.diff(picture[order]) > 0])]
    return FoundTrack(
        times_s=times_s[order],
        boxes_xyxy=np.concatenate([tracklet.boxes_xyxy for tracklet in tracklets])[order],
        scores=scores[order],
        faces=tuple(sorted((face for each in tracklets for face in each.faces), key=lambda face: -face.quality)),
        reaches_start=any(tracklet.reaches_start for tracklet in tracklets),
        reaches_end=any(tracklet.reaches_end for tracklet in tracklets),
    )
