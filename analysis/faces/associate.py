"""Data association: assigns the faces of each sample to open tracks by place, size and similarity, within one shot."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from analysis.boxes import areas, centres, iou_matrix
from analysis.faces.align import ARCFACE_SIZE, ARCFACE_TEMPLATE, align_faces
from analysis.types import Faces, Float32, Image

PATCH_SIZE = 24
PATCH_TEMPLATE: Float32 = (ARCFACE_TEMPLATE * (PATCH_SIZE / ARCFACE_SIZE)).astype(np.float32)
LONG_STEP_S = 0.6
"""Samples further apart do not predict the next position, and unsure faces do not end such a gap."""
MAX_PREDICTED_STEPS = 2.0
OWNED_OVERLAP, OWNED_MARGIN = 0.4, 0.25
"""Intersection over union from which a face lies in a track's place, and by how much less another one does not."""


@dataclass(frozen=True, slots=True)
class TrackingRules:
    """What may be one face in two samples. Distances are in face sizes (square root of the box's area)."""

    max_gap_s: float = 1.0
    """How long a face may be missing before its track ends."""
    start_score: float = 0.6
    """Detections below this continue tracks but start none."""
    least_overlap_unsure: float = 0.2
    """Intersection over union with which such a detection must lie where the track was, or would be."""
    reach_at_once: float = 0.6
    reach_per_s: float = 1.5
    max_reach: float = 2.0
    size_ratio_at_once: float = 1.5
    size_ratio_per_s: float = 1.0
    min_similarity_near: float = 0.3
    """If the boxes overlap by half: the face may turn or speak. After 0.2 s, 99 % of faces reach 0.6."""
    min_similarity_far: float = 0.55
    """If they do not overlap: the face must look the same."""
    striking_similarity: float = 0.72
    """Few faces of different people are this similar, so the search reaches further (`striking_reach`)."""
    striking_reach: float = 3.0


def face_patches(image_bgr: Image, landmarks: Float32) -> Float32:
    """Returns `(n, 576)`: each face upright at 24 x 24, without its mean, length 1; dot products are similarities."""
    aligned = align_faces(image_bgr, landmarks, PATCH_TEMPLATE, PATCH_SIZE)
    if not len(aligned):
        return np.zeros((0, PATCH_SIZE * PATCH_SIZE), np.float32)
    grey = np.stack([cv2.cvtColor(face, cv2.COLOR_BGR2GRAY) for face in aligned]).reshape(len(aligned), -1)
    centred = grey.astype(np.float32) - grey.mean(axis=1, keepdims=True, dtype=np.float32)
    patches: Float32 = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    return patches


def match_boxes(
    last_xyxy: Float32,
    predicted_xyxy: Float32,
    gaps_s: Float32,
    boxes_xyxy: Float32,
    similarity: Float32,
    rules: TrackingRules,
) -> list[tuple[int, int]]:
    """Returns the best assignment as pairs `(track, box)`, each used at most once; impossible pairs are left out.

    `last_xyxy` (n, 4), `predicted_xyxy` (n, 4), `gaps_s` (n,): where each track was last seen, where it would be had
    it moved on, and how long ago that was. `boxes_xyxy` (m, 4): what is seen now. `similarity` (n, m) in -1..1.
    """
    return match_pairs(
        np.maximum(
            pair_scores(last_xyxy, gaps_s, boxes_xyxy, similarity, rules),
            pair_scores(predicted_xyxy, gaps_s, boxes_xyxy, similarity, rules),
        )
    )


def match_pairs(scores: Float32) -> list[tuple[int, int]]:
    """Returns pairs `(row, column)` of `scores` (n, m), each row and column at most once, the best first; 0 is no pair.

    The assignment with the largest sum (`scipy.optimize`) was measured against it: BCubed F1 0.9948 with both over 23
    clips of `python -m benchmarks grouping`, and SciPy takes 0.3 s and 49 MB to load, a sixth of a short clip's time.
    """
    left, pairs = scores.copy(), []
    while left.max(initial=0) > 0:
        row, column = np.unravel_index(int(np.argmax(left)), left.shape)
        pairs.append((int(row), int(column)))
        left[row, :] = left[:, column] = 0
    return pairs


def pair_scores(
    last_xyxy: Float32, gaps_s: Float32, boxes_xyxy: Float32, similarity: Float32, rules: TrackingRules
) -> Float32:
    """Returns `(n, m)`: how well each pair fits, above 0, or 0 if it cannot be one face. Arguments: `match_boxes`."""
    sizes, new_sizes = np.sqrt(areas(last_xyxy)), np.sqrt(areas(boxes_xyxy))
    mean_size = np.maximum((sizes[:, None] + new_sizes[None, :]) / 2, 1e-6)
    distance = np.linalg.norm(centres(last_xyxy)[:, None] - centres(boxes_xyxy)[None], axis=2) / mean_size
    reach = np.minimum(rules.reach_at_once + rules.reach_per_s * gaps_s, rules.max_reach)[:, None]
    reach = np.where(similarity >= rules.striking_similarity, np.maximum(reach, rules.striking_reach), reach)
    larger = np.maximum(sizes[:, None], new_sizes[None, :])
    smaller = np.maximum(np.minimum(sizes[:, None], new_sizes[None, :]), 1e-6)
    overlap = iou_matrix(last_xyxy, boxes_xyxy)
    nearness = np.clip(overlap / 0.5, 0, 1)
    least = rules.min_similarity_far + (rules.min_similarity_near - rules.min_similarity_far) * nearness
    possible = (
        (distance <= reach)
        & (larger / smaller <= rules.size_ratio_at_once + rules.size_ratio_per_s * gaps_s[:, None])
        & (similarity >= least)
    )
    # Size and likeness tell whoever passes behind somebody from that person, whose place is nearly the same.
    fit = (1 - distance / reach) + overlap + smaller / larger + 2 * np.maximum(similarity, 0)
    scores: Float32 = np.where(possible, fit, 0).astype(np.float32)
    return scores


@dataclass(slots=True)
class OpenTrack:
    """A track that may continue. `number` counts tracks in the order in which they started."""

    number: int
    patch: Float32
    shot: int = 0
    times_s: list[float] = field(default_factory=list)
    boxes_xyxy: list[Float32] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    similarities: list[float] = field(default_factory=list)
    """Similarity of each sample's patch to the one before; 1 for the first."""

    def part(self, samples: slice) -> OpenTrack:
        """Returns the track with only the given samples."""
        return OpenTrack(
            self.number,
            self.patch,
            self.shot,
            self.times_s[samples],
            self.boxes_xyxy[samples],
            self.scores[samples],
            self.similarities[samples],
        )

    def predict_box(self, time_s: float) -> Float32:
        """Returns the box `(4,)` if it keeps the velocity it had between its last two samples."""
        if len(self.times_s) < 2 or self.times_s[-1] - self.times_s[-2] > LONG_STEP_S:
            return self.boxes_xyxy[-1]
        step_s = max(self.times_s[-1] - self.times_s[-2], 1e-3)
        moved = centres(self.boxes_xyxy[-1][None])[0] - centres(self.boxes_xyxy[-2][None])[0]
        shift = moved * min((time_s - self.times_s[-1]) / step_s, MAX_PREDICTED_STEPS)
        predicted: Float32 = (self.boxes_xyxy[-1] + np.tile(shift, 2)).astype(np.float32)
        return predicted


class Tracker:
    """Builds tracks from the faces of one sample after the other."""

    def __init__(self, rules: TrackingRules) -> None:
        self.rules = rules
        self.open: list[OpenTrack] = []
        self._begun = 0
        self._shot = 0

    def step(
        self, time_s: float, faces: Faces, patches: Float32, begins_shot: bool = False
    ) -> tuple[list[OpenTrack | None], list[OpenTrack]]:
        """Returns the track of each face (None: too uncertain to start one) and the tracks that have ended."""
        ended = self._end_lost(time_s, everything=begins_shot)
        self._shot += begins_shot
        of_face: list[OpenTrack | None] = [None] * len(faces)
        clear = faces.scores >= self.rules.start_score
        for numbers, is_sure in ((np.flatnonzero(clear), True), (np.flatnonzero(~clear), False)):
            going_on = [track for track in self.open if track not in of_face]
            for track, face in self._matches(going_on, time_s, faces.boxes_xyxy[numbers], patches[numbers], is_sure):
                of_face[numbers[face]] = going_on[track]
        for face in range(len(faces)):
            track_of_face = of_face[face]
            if track_of_face is None and faces.scores[face] >= self.rules.start_score:
                track_of_face = of_face[face] = OpenTrack(self._begun, patches[face], self._shot)
                self._begun += 1
                self.open.append(track_of_face)
            if track_of_face is not None:
                track_of_face.similarities.append(float(track_of_face.patch @ patches[face]))
                track_of_face.patch = patches[face]
                track_of_face.times_s.append(time_s)
                track_of_face.boxes_xyxy.append(faces.boxes_xyxy[face])
                track_of_face.scores.append(float(faces.scores[face]))
        return of_face, ended

    def _matches(
        self, tracks: list[OpenTrack], time_s: float, boxes_xyxy: Float32, patches: Float32, is_sure: bool
    ) -> list[tuple[int, int]]:
        """Returns pairs of track and face. Unsure faces come second, and only go on where the track was.

        Zhang et al., "ByteTrack", 2022, match in this order.
        """
        if not tracks or not len(boxes_xyxy):
            return []
        last = np.stack([track.boxes_xyxy[-1] for track in tracks])
        gaps = np.array([time_s - track.times_s[-1] for track in tracks], np.float32)
        similarity = np.stack([track.patch for track in tracks]) @ patches.T
        predicted = np.stack([track.predict_box(time_s) for track in tracks])
        overlap = np.maximum(iou_matrix(last, boxes_xyxy), iou_matrix(predicted, boxes_xyxy))
        # Where a face lies in the place of one track, another that only comes near must look strikingly alike: a face
        # that turned starts anew, and linking joins it, rather than being taken for whoever passed behind it.
        owner = overlap.max(axis=0) * (overlap.max(axis=0) >= OWNED_OVERLAP)
        is_taken = (overlap < owner - OWNED_MARGIN) & (similarity < self.rules.striking_similarity)
        unlikely = is_taken
        if not is_sure:
            lost = gaps[:, None] > LONG_STEP_S
            unlikely = is_taken | lost | (overlap < self.rules.least_overlap_unsure)
        return match_boxes(
            last, predicted, gaps, boxes_xyxy, np.where(unlikely, np.float32(-1), similarity), self.rules
        )

    def finish(self) -> list[OpenTrack]:
        """Ends and returns all tracks that are still open."""
        return self._end_lost(np.inf, everything=True)

    def _end_lost(self, time_s: float, *, everything: bool) -> list[OpenTrack]:
        limit = -np.inf if everything else self.rules.max_gap_s
        ended = [track for track in self.open if time_s - track.times_s[-1] > limit]
        self.open = [track for track in self.open if time_s - track.times_s[-1] <= limit]
        return ended
