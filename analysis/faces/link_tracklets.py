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
from analysis.faces.clarity import SHORT_SAMPLES, SURE_QUALITY, clear_views
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
ALIKE, MORE_ALIKE = 0.53, 0.15
"""Cosine from which a tracklet looks like another, and by how much more than like the one it would be linked to."""
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


class _Tracklets:
    """The tracklets of a segment with what linking asks about them."""

    def __init__(self, tracks: Sequence[FoundTrack], shots: Sequence[int]) -> None:
        self.tracks, self.shots = tracks, shots
        self.together = seen_together([(track.times_s, track.boxes_xyxy) for track in tracks])
        self.clear = [clear_views(track.faces) for track in tracks]
        self._with_views = [number for number, views in enumerate(self.clear) if views]
        self._views = np.stack([face.embedding for views in self.clear for face in views] or [np.zeros(0, np.float32)])
        counts = [len(self.clear[number]) for number in self._with_views]
        self._starts = np.concatenate([[0], np.cumsum(counts)])[:-1].astype(np.intp)

    def likeness(self, number: int) -> Float32:
        """Returns `(n,)`: the greatest cosine of two clear views of this tracklet and each; -1 without such views."""
        likeness = np.full(len(self.tracks), -1, np.float32)
        if self.clear[number]:
            cosines = self._views @ np.stack([face.embedding for face in self.clear[number]]).T
            likeness[self._with_views] = np.maximum.reduceat(cosines.max(axis=1), self._starts)
        return likeness

    def is_rather_another(self, first: int, second: int, similarity: float) -> bool:
        """Returns whether one of two looks decidedly more like somebody who is in one picture with the other."""
        if similarity >= ALIKE:
            return False
        least = max(ALIKE, similarity + MORE_ALIKE)
        pairs = ((first, second), (second, first))
        return any((self.together[b] & ~self.together[a] & (self.likeness(a) >= least)).any() for a, b in pairs)


def link_tracklets(tracks: Sequence[FoundTrack], shots: Sequence[int]) -> list[list[int]]:
    """Returns tracks as lists of tracklet numbers in order of time; each number occurs once.

    `shots` tells the shot of each tracklet; nothing is linked across a cut.
    """
    tracklets = _Tracklets(tracks, shots)
    pairs = sorted(_possible(tracklets), reverse=True)
    group_of = {number: [number] for number in range(len(tracks))}
    for _, first, second in pairs:
        ours, theirs = group_of[first], group_of[second]
        if ours is not theirs and not tracklets.together[np.ix_(ours, theirs)].any():
            ours += theirs
            for number in theirs:
                group_of[number] = ours
    found = list({id(group): group for group in group_of.values()}.values())
    while _join_turns(tracklets, found):
        found = [group for group in found if group]
    return [sorted(group, key=lambda number: tracks[number].start_s) for group in found]


def _join_turns(tracklets: _Tracklets, groups: list[list[int]]) -> bool:
    """Joins groups that take turns within a shot and look alike: one face that moved too fast to be linked by place.

    Returns whether any were; those that went into others are left empty.
    """
    rows_of = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    member = np.zeros((len(groups), len(tracklets.tracks)), np.float32)
    member[rows_of, [number for group in groups for number in group]] = 1
    together = member @ tracklets.together.astype(np.float32) @ member.T > 0
    start_s = np.array([min(tracklets.tracks[number].start_s for number in group) for group in groups])
    end_s = np.array([max(tracklets.tracks[number].end_s for number in group) for group in groups])
    shot = np.array([tracklets.shots[group[0]] for group in groups])
    overlaps = np.maximum(start_s[:, None], start_s) <= np.minimum(end_s[:, None], end_s)
    has_joined = False
    for row, other in np.argwhere(np.triu(overlaps & ~together & (shot[:, None] == shot), 1)):
        ours, theirs = groups[row], groups[other]
        if not ours or not theirs or tracklets.together[np.ix_(ours, theirs)].any():
            continue
        # On average: what one face dissolves into another through looks like both.
        cosines = [tracklets.likeness(number)[theirs] for number in ours if tracklets.clear[number]]
        clear = [bool(tracklets.clear[number]) for number in theirs]
        if cosines and any(clear) and float(np.stack(cosines)[:, clear].mean()) >= ALIKE:
            ours += theirs
            groups[other] = []
            has_joined = True
    return has_joined


def _possible(tracklets: _Tracklets) -> list[tuple[float, int, int]]:
    """Returns pairs that may be one face, each with how well they fit."""
    tracks, shots = tracklets.tracks, tracklets.shots
    order = sorted(range(len(tracks)), key=lambda number: tracks[number].start_s)
    pairs = []
    for position, first in enumerate(order):
        for second in order[position + 1 :]:
            if tracks[second].start_s - tracks[first].end_s > MAX_GAP_S:
                break  # those that follow start later still
            if shots[first] != shots[second] or tracklets.together[first, second]:
                continue
            near = neighbours(tracks[first], tracks[second])
            fit = _fit(tracklets, first, second, near) if _is_reachable(near) else None
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


def _fit(tracklets: _Tracklets, first: int, second: int, near: Neighbours) -> float | None:
    """Returns how well two tracklets fit, more is better, or None if they cannot be taken for one face."""
    tracks, shots = tracklets.tracks, tracklets.shots
    closeness = 1.0 - near.distance / MAX_REACH - near.gap_s / MAX_GAP_S
    has_rival = any(
        _is_near(tracks[other], near)
        for other in range(len(tracks))
        if other not in (first, second) and shots[other] == shots[first]
    )
    if not tracklets.clear[first] or not tracklets.clear[second]:
        return None if has_rival or near.gap_s > MAX_UNCLEAR_GAP_S else closeness
    similarity = float(tracklets.likeness(first)[second])
    if tracklets.is_rather_another(first, second, similarity):
        return None
    least = MIN_SIMILARITY_NEAR if near.gap_s <= NEAR_GAP_S and not has_rival else MIN_SIMILARITY
    if similarity >= least:
        return 1.0 + similarity + closeness
    # Half a face, or a blurred one, that shows for a picture or two hardly looks like itself.
    is_poor = any(
        len(tracks[each].times_s) < SHORT_SAMPLES and tracks[each].faces[0].quality < SURE_QUALITY
        for each in (first, second)
    )
    return closeness if is_poor and near.gap_s <= NEAR_GAP_S and not has_rival else None


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
