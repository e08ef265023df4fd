"""From the tracks of all segments to people: chains across segment borders, then groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.faces.associate import TrackingRules, pair_scores
from analysis.faces.group import Bool, Thresholds, group_vectors, mean_vector, overlapping
from analysis.types import Constraints, Float32, FoundTrack, Grouping, SegmentResult

NO_CONSTRAINTS = Constraints()
BORDER_STEPS = 2.5
"""Steps between samples that may lie between the two halves."""


def join_tracks(segments: Sequence[SegmentResult], rules: TrackingRules, thresholds: Thresholds) -> list[list[int]]:
    """Chains of track numbers, counted through all segments in order; each number occurs once."""
    offsets = np.concatenate([[0], np.cumsum([len(segment.tracks) for segment in segments])]).astype(int)
    chain_of: dict[int, list[int]] = {}
    for number, segment in enumerate(segments):
        for index in range(len(segment.tracks)):
            chain_of[int(offsets[number]) + index] = [int(offsets[number]) + index]
    for number in range(len(segments) - 1):
        for before, after in _pairs_over_border(segments[number], segments[number + 1], rules, thresholds.over_border):
            first, second = int(offsets[number]) + before, int(offsets[number + 1]) + after
            chain = chain_of[first]
            chain.append(second)
            chain_of[second] = chain
    seen: set[int] = set()
    chains = []
    for chain in chain_of.values():
        if id(chain) not in seen:
            seen.add(id(chain))
            chains.append(chain)
    return chains


def _pairs_over_border(
    segment: SegmentResult, following: SegmentResult, rules: TrackingRules, min_similarity: float
) -> list[tuple[int, int]]:
    if segment.cut_at_end or following.cut_at_start:
        return []
    before = [n for n, track in enumerate(segment.tracks) if track.reaches_end]
    after = [n for n, track in enumerate(following.tracks) if track.reaches_start]
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
    pairs = []
    while scores.max() > 0:
        a, b = np.unravel_index(int(np.argmax(scores)), scores.shape)
        pairs.append((before[a], after[b]))
        scores[a, :], scores[:, b] = 0, 0
    return pairs


def tracklet_similarity(track: FoundTrack, other: FoundTrack) -> float:
    """Cosine of the two tracks' mean vectors."""
    return float(track_vector(track) @ track_vector(other))


def track_vector(track: FoundTrack) -> Float32:
    return mean_vector(
        np.stack([face.embedding for face in track.faces]), np.array([face.quality for face in track.faces], np.float32)
    )


def group_tracks(
    tracks: Sequence[FoundTrack],
    chains: list[list[int]],
    step_s: float,
    thresholds: Thresholds,
    said: Constraints = NO_CONSTRAINTS,
) -> Grouping:
    """People out of chains of tracks, as far as humans have not said otherwise; longest on screen first."""
    if not chains:
        return Grouping(joined=(), people=())
    members = [[tracks[number] for number in chain] for chain in chains]
    vectors = np.stack([chain_vector(chain) for chain in members])
    spans = np.array([(chain[0].start_s, max(track.end_s for track in chain)) for chain in members])
    lengths = spans[:, 1] - spans[:, 0] + step_s
    weights = np.array([chain_weight(chain, float(length)) for chain, length in zip(members, lengths, strict=True)])
    same, apart = _in_chains(said, chains, overlapping(spans))
    groups = group_vectors(vectors, weights.astype(np.float32), apart, thresholds.within_recording, same=same)
    groups.sort(key=lambda group: (-lengths[group].sum(), min(group)))
    return Grouping(
        joined=tuple(tuple(chain) for chain in chains), people=tuple(tuple(sorted(group)) for group in groups)
    )


def _in_chains(said: Constraints, chains: list[list[int]], together: Bool) -> tuple[list[list[int]], Bool]:
    """What was said about tracks, said about the chains that they are in; what is seen `together` is apart too."""
    chain_of = {track: number for number, chain in enumerate(chains) for track in chain}
    same: list[list[int]] = []
    taken: set[int] = set()
    for tracks in said.same:
        rows = sorted({chain_of[track] for track in tracks} - taken)
        taken |= set(rows)
        if rows:
            same.append(rows)
    for first, second in said.apart:
        rows, others = sorted({chain_of[t] for t in first}), sorted({chain_of[t] for t in second})
        together[np.ix_(rows, others)] = True
        together[np.ix_(others, rows)] = True
    np.fill_diagonal(together, False)
    return same, together


def chain_vector(chain: Sequence[FoundTrack]) -> Float32:
    faces = [face for track in chain for face in track.faces]
    return mean_vector(
        np.stack([face.embedding for face in faces]), np.array([face.quality for face in faces], np.float32)
    )


def chain_weight(chain: Sequence[FoundTrack], length_s: float) -> float:
    """What a track counts for in the mean of a group: good views more, long tracks a little more."""
    best = max(face.quality for track in chain for face in track.faces)
    return float(max(best, 0.05) * min(max(length_s, 0.2), 5.0) ** 0.5)
