"""Looks at every frame of an encoded copy with detector and embedder: nobody who was hidden may be found again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.boxes import areas, intersections, iou_matrix, scale_faces
from analysis.exports.choice import HideChoice
from analysis.exports.face_views import cut_views, vectors_of_all
from analysis.exports.hide_plan import AddedRegion, HidePlan
from analysis.exports.hide_regions import with_margin
from analysis.exports.people import SeenPerson
from analysis.exports.whose_face import Views
from analysis.faces.clarity import CLEAR_PRESENCE, NO_FACE_PRESENCE
from analysis.faces.detect import DEFAULT_MIN_SCORE
from analysis.pipeline import Models
from analysis.types import WHOLE_VIDEO, Faces, Float32, VideoInfo
from analysis.video.frame import Frame
from analysis.video.prefetch import frames_ahead, prefetch
from analysis.video.sampling import DecodeCounts, Sampling
from analysis.video.unlimited_decode import sample_frames
from analysis.video.unlimited_probe import probe

FOUND_SCORE = 0.5
"""Detections from this score on are compared; the analysis takes 0.6."""
MATCH_FROM, CLOSE = 0.45, 0.03
"""Cosine from which a face looks like somebody to hide, and by how much more it may look like somebody else. Between
photographs 98 of 100 pairs of one person reach it and 2 of 1,000 of two. What is no face at all is compared as well:
another detector or embedder may see somebody in it."""
DOUBTFUL_FROM = 0.35
"""The same where everybody is hidden but the kept, and the detector sees somebody else who is not hidden."""
MATCH_COVERED_FROM = 0.42
"""The same where a face is seen in the cells that hide somebody: humans would be asked from here on."""
COVERED_SHARE = 0.6
"""A face of which so much lies within a hidden region is a hidden one, though the detector sees a face in its cells."""
LEFT_IOU = 0.2
AROUND_S = 0.25
"""How long before and after it is found again a face is hidden in addition."""
MOMENT_S = 0.05
"""The same for what is no face."""
ENLARGED, MOST_ENLARGED = 0.3, 4
COARSER = 1.0, 4.0, 16.0
"""Where somebody is seen in the cells these are made so much larger: as large as the face, then as all of it."""


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """A face in a frame of the copy that should not be there; `box_xyxy` (4,) in displayed pixels of the source."""

    time_s: float
    box_xyxy: Float32
    similarity: float
    """Highest cosine with a view of a hidden person."""
    covered: bool
    """It lies in a hidden region, and still looks like the person."""
    is_face: bool
    """If not, detector and embedder are mistaken, and there is little to hide."""

    def region(self, rounds: int) -> AddedRegion:
        """Returns what to hide in addition after so many rounds, 1 or more: the more, the larger and the longer."""
        if self.is_face:
            box = with_margin(self.box_xyxy[None], ENLARGED * min(rounds, MOST_ENLARGED))[0]
            coarser = COARSER[min(rounds, 2)] if self.covered else COARSER[0]
            return AddedRegion(self.time_s - AROUND_S, self.time_s + AROUND_S, box, coarser)
        # In cells of things something else may be seen, in one colour nothing.
        around_s, coarser = MOMENT_S * 2 ** (rounds - 1), COARSER[min(rounds - 1 + self.covered, 2)]
        return AddedRegion(self.time_s - around_s, self.time_s + around_s, self.box_xyxy, coarser)


class OtherPeople:
    """Where the analysis saw people who are left clear. Whose unclear faces are, it could not say."""

    def __init__(self, people: Sequence[SeenPerson], choice: HideChoice) -> None:
        clear = [person for person in people if not (person.unclear or choice.hides(person.id))]
        self.tracks = [track for person in clear for track in person.tracks]
        self.starts_s = np.array([track.times_s[0] for track in self.tracks]) - AROUND_S
        self.ends_s = np.array([track.times_s[-1] for track in self.tracks]) + AROUND_S

    def at(self, time_s: float) -> Float32:
        """Returns their boxes `(n, 4)` at this time, on straight lines between sightings."""
        now = [self.tracks[n] for n in np.flatnonzero((self.starts_s <= time_s) & (time_s <= self.ends_s))]
        boxes = [[np.interp(time_s, track.times_s, track.boxes_xyxy[:, k]) for k in range(4)] for track in now]
        return np.array(boxes, np.float32).reshape(-1, 4)


@dataclass(frozen=True, slots=True)
class CopyChecker:
    """What a copy is checked against. `margin` is the one with which regions were hidden."""

    models: Models
    choice: HideChoice
    views: Views
    margin: float
    side_px: int
    """Longer side at which faces are looked for."""
    others: OtherPeople
    accept_from: float
    """Cosine from which a clear view is surely the person, though the analysis saw somebody else there."""

    def check(
        self, copy: Path, info: VideoInfo, shift_s: float, plan: HidePlan, heartbeat: Callable[[float], None]
    ) -> tuple[int, list[FoundAgain]]:
        """Returns how many frames were looked at, and what was found. `info` is the source's.

        A frame of the copy at time t shows the source at t + `shift_s`. `heartbeat` is called with each frame's time.
        """
        copied = probe(copy)
        scale = np.tile(np.array([info.width / copied.width, info.height / copied.height], np.float32), 2)
        every = Sampling(0, self.side_px, references_only=False, deblock=True)
        count, found = 0, list[FoundAgain]()
        ahead = frames_ahead(copied)
        decoded = prefetch(sample_frames(copy, copied, WHOLE_VIDEO, every, DecodeCounts()), ahead)
        with closing(decoded), closing(prefetch(self._with_faces(decoded, copied), ahead)) as frames:
            for frame, faces in frames:
                count += 1
                time_s = frame.time_s + shift_s
                heartbeat(time_s)
                if len(faces):
                    found += self._of_frame(frame, faces, copied, plan, time_s, scale)
        return count, found

    def _with_faces(self, frames: Iterator[Frame], copied: VideoInfo) -> Iterator[tuple[Frame, Faces]]:
        """Yields each frame with its faces in displayed pixels of the copy."""
        for frame in frames:
            height, width = frame.image_bgr.shape[:2]
            found = self.models.detector.detect_frame(frame.image_bgr, FOUND_SCORE)
            yield frame, scale_faces(found, copied.width / width, copied.height / height)

    def _of_frame(
        self, frame: Frame, faces: Faces, copied: VideoInfo, plan: HidePlan, time_s: float, scale: Float32
    ) -> list[FoundAgain]:
        boxes = (faces.boxes_xyxy * scale).astype(np.float32)
        covered = covered_shares(boxes, with_margin(plan.at(time_s).boxes_xyxy, self.margin)) >= COVERED_SHARE
        covered &= ~_overlaps(boxes, plan.spared_at(time_s))
        vectors = vectors_of_all(frame, copied, faces, self.models.embedder)
        similar, other = self.views.similarities(vectors)
        alike = (similar >= MATCH_FROM) & (similar >= other - CLOSE)
        is_open = np.zeros(len(faces), bool)
        if not self.choice.hides_some:
            is_open = ~_overlaps(boxes, plan.clear_at(time_s)) & (faces.scores >= DEFAULT_MIN_SCORE)
        # How clear a view it is matters only where it may be somebody to hide.
        doubtful = np.flatnonzero(~covered & (alike | is_open))
        presence, is_clear = np.zeros(len(faces)), np.zeros(len(faces), bool)
        views = cut_views(frame, copied, faces, doubtful.tolist(), self.models.mesh, self.models.embedder)
        for row, view in zip(doubtful, views, strict=True):
            presence[row], is_clear[row] = view.presence, view.is_clear
        somebody_else = _overlaps(boxes, self.others.at(time_s))
        alike &= ~somebody_else | (
            is_clear & (similar >= self.accept_from) & (similar > self.views.like_others(vectors))
        )
        # What the face mesh takes for no face counts only where the detector is sure: flat patches there hide nobody.
        alike &= (presence >= NO_FACE_PRESENCE) | (faces.scores >= DEFAULT_MIN_SCORE)
        alike |= is_open & ((presence >= CLEAR_PRESENCE) | (similar >= DOUBTFUL_FROM))
        again = np.where(covered, similar >= MATCH_COVERED_FROM, alike)
        return [
            FoundAgain(
                time_s, boxes[row], float(similar[row]), bool(covered[row]), bool(presence[row] >= NO_FACE_PRESENCE)
            )
            for row in np.flatnonzero(again)
        ]


def covered_shares(boxes_xyxy: Float32, regions_xyxy: Float32) -> Float32:
    """Returns how much of each box `(n,)` the region that covers most of it covers, 0..1."""
    if not len(regions_xyxy):
        return np.zeros(len(boxes_xyxy), np.float32)
    shared = intersections(boxes_xyxy, regions_xyxy) / np.maximum(areas(boxes_xyxy), np.float32(1e-6))[:, None]
    most: Float32 = shared.max(axis=1).astype(np.float32)
    return most


def _overlaps(boxes_xyxy: Float32, others_xyxy: Float32) -> NDArray[np.bool_]:
    if not len(others_xyxy):
        return np.zeros(len(boxes_xyxy), bool)
    overlapping: NDArray[np.bool_] = iou_matrix(boxes_xyxy, others_xyxy).max(axis=1) >= LEFT_IOU
    return overlapping
