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
    ratio = np.array(frame.size, np.float32) / (info.width, info.height)
    aligned, upright, sharpness = [], [], []
    for row in rows:
        crop, box, landmarks = _cut(frame, faces.boxes_xyxy[row] * np.tile(ratio, 2), faces.landmarks[row] * ratio)
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


def _cut(frame: Frame, box_xyxy: Float32, landmarks: Float32) -> tuple[Image, Float32, Float32]:
    """Returns a crop of the frame around a box, and box and landmarks within it."""
    middle, side = (box_xyxy[:2] + box_xyxy[2:]) / 2, float((box_xyxy[2:] - box_xyxy[:2]).max()) * SURROUNDINGS
    square = np.concatenate([middle - side / 2, middle + side / 2]).astype(np.float32)
    crop, corner = frame.crop_bgr(square)
    shift = np.array(corner, np.float32)
    return crop, (box_xyxy - np.tile(shift, 2)).astype(np.float32), (landmarks - shift).astype(np.float32)


def embed_once(views: Sequence[CutFace], embedder: Embedder) -> Float32:
    """Returns the vectors `(n, d)` of views by one pass each."""
    if not len(views):
        return np.zeros((0, 0), np.float32)
    return embedder.embed(np.stack([view.aligned_bgr for view in views]), np.zeros(len(views), bool))
