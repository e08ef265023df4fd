"""Cuts faces out of frames at full size, says how clear a view each is, and compares only what can be compared.

Vectors of views that show nobody clearly (profiles, blurs, half a face) lie close to each other, whoever they show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.faces.clarity import NO_FACE_PRESENCE, are_clear, shorter_side
from analysis.faces.embed import Embedder
from analysis.faces.face_mesh import FaceMesh
from analysis.faces.quality import face_marks
from analysis.types import Faces, Float32, Image, VideoInfo, ViewMeasures
from analysis.video.frame import Frame

SURROUNDINGS = 1.8
"""Side of the square that is cut out, in longer sides of the face's box."""


@dataclass(frozen=True, slots=True)
class CutFace:
    """One face of one frame, as the embedder takes it. `is_clear`: it may stand for a person."""

    aligned_bgr: Image
    presence: float
    """How sure the face mesh is that it is a face, 0..1."""
    is_clear: bool

    @property
    def is_comparable(self) -> bool:
        """Whether it is a face at all."""
        return self.presence >= NO_FACE_PRESENCE


def cut_views(
    frame: Frame, info: VideoInfo, faces: Faces, rows: Sequence[int], mesh: FaceMesh, embedder: Embedder
) -> list[CutFace]:
    """Returns the views of some faces of a frame; `faces` in displayed pixels of the video that `info` describes."""
    if not len(rows):
        return []
    ratio = _ratio(frame, info)
    aligned, upright, sharpness = [], [], []
    for row in rows:
        crop, box, landmarks = _cut(frame, faces, row, ratio)
        aligned.append(embedder.align(crop, landmarks[None])[0])
        upright.append(mesh.crop(crop, box[None], landmarks[None]))
        inside = Faces(box[None], faces.scores[row : row + 1], landmarks[None])
        sharpness.append(float(face_marks(crop, inside)[1][0]))
    poses = mesh.rate_crops(np.concatenate(upright))
    views = []
    for number, row in enumerate(rows):
        presence = float(poses.presence[number])
        measures = ViewMeasures(
            presence, float(poses.yaw_deg[number]), float(poses.pitch_deg[number]), sharpness[number]
        )
        views.append(CutFace(aligned[number], presence, are_clear(measures, shorter_side(faces.boxes_xyxy[row]))))
    return views


def _ratio(frame: Frame, info: VideoInfo) -> Float32:
    """Returns `(2,)`: what makes displayed pixels of the video pixels of this frame, which may be of another size."""
    ratio: Float32 = np.array([frame.size[0] / info.width, frame.size[1] / info.height], np.float32)
    return ratio


def _cut(frame: Frame, faces: Faces, row: int, ratio: Float32) -> tuple[Image, Float32, Float32]:
    """Returns a crop of the frame around a face, and box and landmarks within it; `ratio` makes pixels of the frame."""
    box_xyxy = (faces.boxes_xyxy[row] * np.tile(ratio, 2)).astype(np.float32)
    landmarks = (faces.landmarks[row] * ratio).astype(np.float32)
    middle, side = (box_xyxy[:2] + box_xyxy[2:]) / 2, float((box_xyxy[2:] - box_xyxy[:2]).max()) * SURROUNDINGS
    square = np.concatenate([middle - side / 2, middle + side / 2]).astype(np.float32)
    crop, corner = frame.crop_bgr(square)
    shift = np.array(corner, np.float32)
    return crop, (box_xyxy - np.tile(shift, 2)).astype(np.float32), (landmarks - shift).astype(np.float32)


def vectors_of_all(frame: Frame, info: VideoInfo, faces: Faces, embedder: Embedder) -> Float32:
    """Returns the vectors `(n, d)` of all faces of a frame by one pass each, however clear they are."""
    ratio = _ratio(frame, info)
    aligned = []
    for row in range(len(faces)):
        crop, _box, landmarks = _cut(frame, faces, row, ratio)
        aligned.append(embedder.align(crop, landmarks[None])[0])
    return embedder.embed(np.stack(aligned), np.zeros(len(aligned), bool))


def embed_once(views: Sequence[CutFace], embedder: Embedder) -> Float32:
    """Returns the vectors `(n, d)` of views by one pass each."""
    if not len(views):
        return np.zeros((0, 0), np.float32)
    return embedder.embed(np.stack([view.aligned_bgr for view in views]), np.zeros(len(views), bool))
