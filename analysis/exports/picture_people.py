"""Tells which faces of a frame of an analysed video are hidden: by where the analysis saw whom, and by looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.boxes import iou_matrix
from analysis.exports.choice import HideChoice
from analysis.exports.people import SeenPerson, TrackSightings
from analysis.exports.whose_face import Views, spread
from analysis.types import Float32, Float64

Bool = NDArray[np.bool_]

SAME_FACE_IOU = 0.3
NEAR_S = 0.3
"""How long before its first and after its last sighting a face is looked for where it was."""
SURE_WITHIN_S = 1.0
"""Between sightings further from the frame a face is surely nobody's who is to be left clear."""


@dataclass(frozen=True, slots=True)
class FramePerson:
    """A person of the video a frame is from: where they may be in it `(n, 4)`, in its pixels, and their looks `(k, d)`.

    `vectors` may be empty, as are those of another embedder than the one that reads the frame.
    """

    id: int
    boxes_xyxy: Float32
    vectors: Float32

    def document(self) -> dict[str, Any]:
        """Returns it as JSON can hold it."""
        return {"id": self.id, "boxes_xyxy": self.boxes_xyxy.tolist(), "vectors": self.vectors.tolist()}

    @classmethod
    def of_document(cls, document: dict[str, Any]) -> FramePerson:
        """Returns what `document` gave."""
        vectors = np.array(document["vectors"] or np.zeros((0, 0)), np.float32)
        return cls(int(document["id"]), np.array(document["boxes_xyxy"], np.float32).reshape(-1, 4), vectors)


def people_at(
    people: Sequence[SeenPerson], choice: HideChoice, time_s: float, scale: tuple[float, float]
) -> list[FramePerson]:
    """Returns the people as of a frame; `scale` makes displayed pixels of the video those of the frame."""
    found = []
    for person in people:
        within_s = np.inf if choice.hides(person.id) else SURE_WITHIN_S
        boxes = [box for track in person.tracks if (box := _box_at(track, time_s, within_s)) is not None]
        scaled = np.array(boxes, np.float32).reshape(-1, 4) * np.array([*scale, *scale], np.float32)
        found.append(FramePerson(person.id, scaled.astype(np.float32), spread(person.vectors)))
    return found


def _box_at(track: TrackSightings, time_s: float, within_s: float) -> Float64 | None:
    times = track.times_s
    if not times[0] - NEAR_S <= time_s <= times[-1] + NEAR_S or np.abs(times - time_s).min() > within_s:
        return None
    return np.array([np.interp(time_s, times, track.boxes_xyxy[:, k]) for k in range(4)])


@dataclass(frozen=True, slots=True)
class FramePeople:
    """The people of a frame, by what was chosen for them."""

    choice: HideChoice
    hidden_xyxy: Float32
    """(n, 4), where somebody to hide may be."""
    left_xyxy: Float32
    views: Views

    @classmethod
    def of(cls, people: Sequence[FramePerson], choice: HideChoice) -> FramePeople:
        """Sorts people by the choice."""
        hidden = [person for person in people if choice.hides(person.id)]
        left = [person for person in people if not choice.hides(person.id)]
        return cls(choice, _boxes(hidden), _boxes(left), Views(_vectors(hidden), _vectors(left), _vectors(left)))

    def to_hide(self, boxes_xyxy: Float32, vectors: Float32, review_from: float) -> Bool:
        """Returns which faces `(n,)` are hidden; `review_from`: cosine from which two views may be one person."""
        at_hidden, at_left = _overlap(boxes_xyxy, self.hidden_xyxy), _overlap(boxes_xyxy, self.left_xyxy)
        alike, other = self.views.similarities(vectors)
        looks_hidden = (alike >= review_from) & (alike > other)
        is_left = (at_left >= SAME_FACE_IOU) & (at_left > at_hidden)
        if self.choice.hides_some:
            return np.asarray(~is_left & ((at_hidden >= SAME_FACE_IOU) | looks_hidden), bool)
        return np.asarray(~is_left | looks_hidden, bool)

    def unseen(self, boxes_xyxy: Float32) -> Float32:
        """Returns the places `(m, 4)` of people to hide at which there is none of the faces `(n, 4)`."""
        if not len(self.hidden_xyxy):
            return self.hidden_xyxy
        missing: Float32 = self.hidden_xyxy[_overlap(self.hidden_xyxy, boxes_xyxy) < SAME_FACE_IOU]
        return missing


def _boxes(people: Sequence[FramePerson]) -> Float32:
    return np.concatenate([np.zeros((0, 4), np.float32), *(person.boxes_xyxy for person in people)])


def _vectors(people: Sequence[FramePerson]) -> Float32:
    known = [person.vectors for person in people if len(person.vectors)]
    return np.concatenate(known) if known else np.zeros((0, 0), np.float32)


def _overlap(boxes_xyxy: Float32, others_xyxy: Float32) -> Float32:
    """Returns the highest intersection over union of each box `(n,)` with any of the others; 0 without others."""
    most: Float32 = iou_matrix(boxes_xyxy, others_xyxy).max(axis=1, initial=0).astype(np.float32)
    return most
