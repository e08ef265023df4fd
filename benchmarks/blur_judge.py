"""Judges copies with people hidden: who is detected and matched in each frame, by other means than their own check.

What is matched somewhere else than where the person is in the untouched frame is another thing: on faces of some 20
pixels the embedder takes leaves and hands for people, also in frames that nobody touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from analysis.boxes import intersections, iou_matrix, scale_faces
from analysis.exports.face_views import cut_views
from analysis.exports.people import SeenPerson
from analysis.pipeline import Models
from analysis.types import WHOLE_VIDEO, Faces, Float32, VideoInfo
from analysis.video.decode import DecodeCounts, Sampling, probe, sample_frames
from analysis.video.frame import Frame
from analysis.video.frames_at import frames_at

SIDE_PX = 1280
DETECTED, MATCHED = 0.6, 0.5
SURELY_MATCHED = 0.6
SAME_IOU, VIEWS = 0.4, 40


class JudgedMatch(NamedTuple):
    """A person who is matched in a frame: where, `box` (4,) in shares of its width and height, and by which cosine."""

    person: int
    box: Float32
    similarity: float


@dataclass(frozen=True, slots=True)
class PeopleViews:
    """Views `(k, d)` of people by id, from the source where the analysis saw them: clear ones, and all."""

    clear: dict[int, Float32]
    every: dict[int, Float32]

    def matches(self, vectors: Float32) -> list[dict[int, float]]:
        """Returns for each vector whom it is and by which cosine: like a clear view of them, no other's more so."""
        clear = {number: (vectors @ own.T).max(axis=1) for number, own in self.clear.items()}
        every = {number: (vectors @ own.T).max(axis=1) for number, own in self.every.items()}
        found = []
        for row in range(len(vectors)):
            best = max((values[row] for values in every.values()), default=-1.0)
            most = {number for number, values in every.items() if values[row] >= best}
            found.append({n: float(v[row]) for n, v in clear.items() if v[row] >= MATCHED and n in most})
        return found


def gallery(video: Path, info: VideoInfo, people: list[SeenPerson], models: Models) -> PeopleViews:
    """Returns the views of everybody."""
    clear: dict[int, list[Float32]] = {person.id: [] for person in people}
    every: dict[int, list[Float32]] = {person.id: [] for person in people}
    for person in people:
        sightings = sorted(
            (t, tuple(b)) for track in person.tracks for t, b in zip(track.times_s, track.boxes_xyxy, strict=True)
        )
        chosen = [sightings[n] for n in np.unique(np.linspace(0, len(sightings) - 1, VIEWS).astype(int))]
        for index, frame in frames_at(video, info, [float(t) for t, _ in chosen], tolerance_s=0.005):
            faces = faces_of(models, frame, info)
            if not len(faces):
                continue
            overlap = iou_matrix(np.array([chosen[index][1]], np.float32), faces.boxes_xyxy)[0]
            row = int(overlap.argmax())
            [view] = cut_views(frame, info, faces, [row], models.mesh, models.embedder)
            if overlap[row] >= SAME_IOU:
                vector = models.embedder.embed(view.aligned_bgr[None])[0]
                every[person.id].append(vector)
                clear[person.id] += [vector] * (view.is_clear and not person.unclear)
    return PeopleViews(*({n: np.stack(own) for n, own in views.items() if own} for views in (clear, every)))


def faces_of(models: Models, frame: Frame, info: VideoInfo) -> Faces:
    picture, _ = frame.crop_bgr(np.array([0, 0, *frame.size], np.float32))
    scale = min(1.0, SIDE_PX / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    found = models.detector.detect_frame(np.asarray(small, np.uint8), DETECTED)
    return scale_faces(found, info.width / small.shape[1], info.height / small.shape[0])


def vectors_of(models: Models, frame: Frame, info: VideoInfo, faces: Faces) -> Float32:
    views = cut_views(frame, info, faces, range(len(faces)), models.mesh, models.embedder)
    return models.embedder.embed(np.stack([view.aligned_bgr for view in views]))


def every_frame(video: Path, info: VideoInfo) -> Iterator[Frame]:
    every = Sampling(0, 32, references_only=False, deblock=True)
    yield from sample_frames(video, info, WHOLE_VIDEO, every, DecodeCounts())


def seen_in(video: Path, views: PeopleViews, models: Models) -> list[list[JudgedMatch]]:
    """Returns for each frame who is detected and matched in it, and where."""
    info = probe(video)
    size = np.tile(np.array([info.width, info.height], np.float32), 2)
    seen = []
    for frame in every_frame(video, info):
        faces = faces_of(models, frame, info)
        matches = views.matches(vectors_of(models, frame, info, faces)) if len(faces) else []
        seen.append(
            [
                JudgedMatch(person, box / size, similarity)
                for box, found in zip(faces.boxes_xyxy, matches, strict=True)
                for person, similarity in found.items()
            ]
        )
    return seen


def is_mistaken(match: JudgedMatch, in_source: Sequence[JudgedMatch], true_box: Float32 | None) -> bool:
    """Returns whether a match in a copy is a mistake: the untouched frame shows the person elsewhere.

    In it they are where it is written down, `true_box` (4,), or else where they are surely matched.
    """
    sure = [each.box for each in in_source if each.person == match.person and each.similarity >= SURELY_MATCHED]
    places = sure if true_box is None else [true_box]
    return bool(places) and not intersections(match.box[None], np.array(places, np.float32)).any()
