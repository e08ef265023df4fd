"""Tracklet stitching: joins the tracklets of neighbouring segments to tracks, and groups the tracks into people."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from analysis.faces.associate import TrackingRules, match_pairs, pair_scores
from analysis.faces.clarity import clear_views, is_firm, may_found
from analysis.faces.group import Bool, Thresholds, group_vectors, mean_vector
from analysis.faces.same_picture import seen_together
from analysis.types import Constraints, Float32, Float64, FoundFace, FoundTrack, Grouping, SegmentResult

NO_CONSTRAINTS = Constraints()
BORDER_STEPS = 2.5
"""Sampling steps that may lie between two tracklets of one track."""


def stitch_tracklets(
    segments: Sequence[SegmentResult], rules: TrackingRules, thresholds: Thresholds
) -> list[list[int]]:
    """Returns tracks as lists of tracklet numbers, which count through all segments; each number occurs once."""
    offsets = np.concatenate([[0], np.cumsum([len(segment.tracks) for segment in segments])]).astype(int).tolist()
    track_of = {number: [number] for number in range(offsets[-1])}
    for at, (segment, following) in enumerate(pairwise(segments)):
        for before, after in _pairs_over_border(segment, following, rules, thresholds.over_border):
            track, number = track_of[offsets[at] + before], offsets[at + 1] + after
            track.append(number)
            track_of[number] = track
    return [track for number, track in track_of.items() if track[0] == number]


def _pairs_over_border(
    segment: SegmentResult, following: SegmentResult, rules: TrackingRules, min_similarity: float
) -> list[tuple[int, int]]:
    if segment.cut_at_end or following.cut_at_start:
        return []
    before = [n for n, tracklet in enumerate(segment.tracks) if tracklet.reaches_end]
    after = [n for n, tracklet in enumerate(following.tracks) if tracklet.reaches_start]
    if not before or not after:
        return []
    similarity = np.array(
        [[tracklet_similarity(segment.tracks[a], following.tracks[b]) for b in after] for a in before], np.float32
    )
    last = np.stack([segment.tracks[n].boxes_xyxy[-1] for n in before])
    first = np.stack([following.tracks[n].boxes_xyxy[0] for n in after])
    gap_s = following.tracks[after[0]].start_s - segment.tracks[before[0]].end_s
    if gap_s > BORDER_STEPS * max(segment.sample_step_s, following.sample_step_s):
        return []
    gaps = np.full(len(before), gap_s, np.float32)
    scores = pair_scores(last, gaps, first, similarity, rules)
    scores[similarity < min_similarity] = 0
    return [(before[a], after[b]) for a, b in match_pairs(scores)]


def tracklet_similarity(tracklet: FoundTrack, other: FoundTrack) -> float:
    """Returns the cosine, -1..1, of the mean vectors of two tracklets."""
    return float(track_vector([tracklet]) @ track_vector([other]))


def group_tracks(
    tracklets: Sequence[FoundTrack],
    tracks: list[list[int]],
    step_s: float,
    thresholds: Thresholds,
    constraints: Constraints = NO_CONSTRAINTS,
) -> Grouping:
    """Groups tracks (lists of tracklet numbers) into people within the constraints; longest on screen first.

    Only tracks with a clear view are compared, and a person needs one whose views are sure. The others are nobody,
    unless somebody said who they are, or they are long and each other person is in one picture with them, so that they
    must be somebody else.
    """
    if not tracks:
        return Grouping(tracks=(), people=())
    members = [[tracklets[number] for number in track] for track in tracks]
    faces = [[face for tracklet in track for face in tracklet.faces] for track in members]
    samples = [samples_of(track) for track in members]
    lengths = np.array([len(times_s) * step_s for times_s, _, _ in samples])
    together = seen_together([(times_s, boxes_xyxy) for times_s, boxes_xyxy, _ in samples])
    must_link, cannot_link = _between_tracks(constraints, tracks, together)
    clear = [n for n, views in enumerate(faces) if clear_views(views)]
    founding = {row for rows in must_link for row in rows}
    founding |= {n for n in clear if may_found(len(samples[n][0]), faces[n])}

    join_similarities = np.full(len(tracks), np.nan, np.float32)

    def grouped(rows: list[int], linked: list[list[int]]) -> list[list[int]]:
        weights = np.array([_weight(faces[row], float(lengths[row])) for row in rows], np.float32)
        return _grouped(rows, faces, weights, cannot_link, linked, thresholds.within_recording, join_similarities)

    groups = grouped(clear, must_link) if clear else []
    nobody = [row for group in groups if founding.isdisjoint(group) for row in group]
    groups = [group for group in groups if not founding.isdisjoint(group)]
    join_similarities[nobody] = np.nan
    _add_unclear(groups, must_link, set(clear))
    known = {row for group in groups for row in group}
    firm = [
        number
        for number, (times_s, _, scores) in enumerate(samples)
        if number not in known
        and groups
        and is_firm(times_s, scores)
        and all(together[number, group].any() for group in groups)
    ]
    for group in sorted(grouped(firm, []) if firm else [], key=lambda group: -lengths[group].sum()):
        if all(together[np.ix_(group, other)].any() for other in groups):
            groups.append(group)
    groups.sort(key=lambda group: (-lengths[group].sum(), min(group)))
    known = {row for group in groups for row in group}
    return Grouping(
        tracks=tuple(tuple(track) for track in tracks),
        people=tuple(tuple(sorted(group)) for group in groups),
        unclear=tuple((number,) for number in range(len(tracks)) if number not in known),
        join_similarities=tuple(None if np.isnan(value) else float(value) for value in join_similarities),
    )


def _grouped(
    rows: list[int],
    faces: Sequence[Sequence[FoundFace]],
    weights: Float32,
    cannot_link: Bool,
    linked: Sequence[Sequence[int]],
    min_similarity: float,
    join_similarities: Float32,
) -> list[list[int]]:
    """Groups some of the tracks by their clear views, or all views where none is clear; notes how they joined."""
    vectors = np.stack([_vector(clear_views(faces[row]) or faces[row]) for row in rows])
    place = {row: position for position, row in enumerate(rows)}
    inside = [[place[row] for row in each if row in place] for each in linked]
    joined = np.empty(len(rows), np.float32)
    found = group_vectors(
        vectors,
        weights,
        cannot_link[np.ix_(rows, rows)],
        min_similarity,
        must_link=[each for each in inside if each],
        join_similarities=joined,
    )
    join_similarities[rows] = joined
    return [[rows[position] for position in group] for group in found]


def _add_unclear(groups: list[list[int]], must_link: Sequence[Sequence[int]], clear: set[int]) -> None:
    """Adds the unclear tracks of must-link sets to the group of the clear ones, or as a group of their own."""
    for rows in must_link:
        unclear = [row for row in rows if row not in clear]
        if unclear:
            mate = next((group for group in groups if not set(group).isdisjoint(rows)), None)
            if mate is None:
                groups.append(unclear)
            else:
                mate += unclear


def samples_of(track: Sequence[FoundTrack]) -> tuple[Float64, Float32, Float32]:
    """Returns times (n,), boxes (n, 4) and scores (n,) of all tracklets of a track."""
    return (
        np.concatenate([tracklet.times_s for tracklet in track]),
        np.concatenate([tracklet.boxes_xyxy for tracklet in track]),
        np.concatenate([tracklet.scores for tracklet in track]),
    )


def _between_tracks(
    constraints: Constraints, tracks: list[list[int]], on_screen_together: Bool
) -> tuple[list[list[int]], Bool]:
    """Turns constraints on tracklets into constraints on tracks; tracks on screen together are cannot-link as well."""
    track_of = {tracklet: number for number, track in enumerate(tracks) for tracklet in track}
    must_link: list[list[int]] = []
    taken: set[int] = set()
    for tracklets in constraints.must_link:
        rows = sorted({track_of[tracklet] for tracklet in tracklets} - taken)
        taken |= set(rows)
        if rows:
            must_link.append(rows)
    cannot_link = on_screen_together.copy()
    for first, second in constraints.cannot_link:
        rows, others = sorted({track_of[t] for t in first}), sorted({track_of[t] for t in second})
        cannot_link[np.ix_(rows, others)] = True
        cannot_link[np.ix_(others, rows)] = True
    np.fill_diagonal(cannot_link, False)
    return must_link, cannot_link


def track_vector(tracklets: Sequence[FoundTrack]) -> Float32:
    """Returns the quality-weighted mean `(d,)`, of length 1, of all views of a track's tracklets."""
    return _vector([face for tracklet in tracklets for face in tracklet.faces])


def _vector(faces: Sequence[FoundFace]) -> Float32:
    qualities = np.array([face.quality for face in faces], np.float32)
    return mean_vector(np.stack([face.embedding for face in faces]), qualities)


def _weight(faces: Sequence[FoundFace], length_s: float) -> float:
    """Returns how much a track counts in its group's mean: more with good views, a little more if it is long."""
    best = max(face.quality for face in faces)
    return float(max(best, 0.05) * min(max(length_s, 0.2), 5.0) ** 0.5)
