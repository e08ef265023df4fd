"""Rates faces with MediaPipe's face mesh: whether there is a face at all, and where it turns.

The network (Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019) places 468
points on an upright face and says how sure it is that there is one. The detector is easily taken in by backs of heads
and by things; this network hardly is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.device import open_session
from analysis.faces.align import ARCFACE_TEMPLATE, cut_out, similarity_transforms
from analysis.types import Float32, Float64, Image, expect_shape
from analysis.weights import FACE_MESH, verified_path

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

CROP_SIZE = 192
ENLARGEMENT = 1.4
"""Side of the crop relative to the box's longer side; of 1.25 to 1.75 it loses the fewest faces of LFW."""
BATCH = 4
"""Faces in one run of the network: more of them are not faster (1.1 ms of one core a face, from 1 to 8)."""
UPRIGHT: Float32 = ARCFACE_TEMPLATE + ARCFACE_TEMPLATE[[1, 0, 2, 4, 3]] * np.array([-1, 1], np.float32)
"""ArcFace's landmarks made symmetric (of any size), so that a mirrored face gives the mirrored crop."""
LEFT_CHEEK, RIGHT_CHEEK, FOREHEAD, CHIN = 234, 454, 10, 152
"""Points at the edges of the face, as one sees them in the picture."""
DOUBTFUL_PRESENCE = 0.5
SURE_PRESENCE = 0.98
AGREEING_YAW_DEG = 20.0
"""Real faces whose mirror image is seen better turn by 13 degrees less or more in it, a blurred profile by 41."""
LEVEL_PITCH_DEG = -7.0
"""Of the line from forehead to chin in frontal faces of LFW, median."""


@dataclass(frozen=True, slots=True)
class FacePoses:
    """Ratings of faces as a struct of arrays `(n,)`.

    The angles hold for an upright head: how far it leans sideways is taken out before.
    """

    presence: Float32
    """How likely there is a face that can be made out, 0..1; low for full profiles too; below 0.5 angles are noise."""
    yaw_deg: Float32
    """0: into the camera; positive: turned to the right side of the picture."""
    pitch_deg: Float32
    """0: level; positive: looking up. Means little in a profile."""

    def __post_init__(self) -> None:
        n = len(self.presence)
        expect_shape("presence", self.presence, (n,))
        expect_shape("yaw_deg", self.yaw_deg, (n,))
        expect_shape("pitch_deg", self.pitch_deg, (n,))

    def __len__(self) -> int:
        return len(self.presence)


class FaceMesh:
    """The face mesh over an ONNX Runtime session. `name` identifies the weights."""

    name = "face_mesh_192"

    def __init__(self, session: InferenceSession) -> None:
        self.session = session

    def rate(self, image_bgr: Image, boxes_xyxy: Float32, landmarks: Float32) -> FacePoses:
        """Returns the ratings of the faces of one picture: boxes `(n, 4)`, landmarks `(n, 5, 2)` as in `Faces`."""
        return self.rate_crops(self.crop(image_bgr, boxes_xyxy, landmarks))

    def crop(self, image_bgr: Image, boxes_xyxy: Float32, landmarks: Float32) -> Image:
        """Returns the faces of one picture as `rate_crops` takes them, `(n, 192, 192, 3)` BGR, black outside it."""
        return cut_out(image_bgr, crop_transforms(boxes_xyxy, landmarks), CROP_SIZE, smooth=True)

    def rate_crops(self, crops_bgr: Image) -> FacePoses:
        """Returns the ratings of crops `(n, 192, 192, 3)`, which may come from different pictures.

        Where no face is seen, the mirror image is tried as well, and believed if it has the face turn the same way:
        that finds faces with masks and from the side, and takes no more things for faces. A face that is seen better
        upside down is rated as none: its vector is like that of other people upside down.
        """
        expect_shape("crops_bgr", crops_bgr, (len(crops_bgr), CROP_SIZE, CROP_SIZE, 3))
        presence, yaw_deg, pitch_deg = self._rate(crops_bgr)
        doubtful = np.flatnonzero(presence < DOUBTFUL_PRESENCE)
        again, mirrored_yaw_deg, mirrored_pitch_deg = self._rate(crops_bgr[doubtful, :, ::-1])
        agrees = np.abs(yaw_deg[doubtful] + mirrored_yaw_deg) <= AGREEING_YAW_DEG
        better = agrees & (again > presence[doubtful])
        rows = doubtful[better]
        presence[rows], yaw_deg[rows] = again[better], -mirrored_yaw_deg[better]
        pitch_deg[rows] = mirrored_pitch_deg[better]
        # The detector also finds faces that hang upside down, and takes their mouth for eyes.
        unsure = np.flatnonzero((presence >= DOUBTFUL_PRESENCE) & (presence < SURE_PRESENCE))
        turned, _, _ = self._rate(crops_bgr[unsure, ::-1, ::-1])
        presence[unsure[turned > presence[unsure]]] = 0.0
        return FacePoses(presence, yaw_deg, pitch_deg)

    def _rate(self, crops_bgr: Image) -> tuple[Float32, Float32, Float32]:
        """Returns presence, yaw and pitch, each `(n,)`, by one pass."""
        presence = np.zeros(len(crops_bgr), np.float32)
        yaw_deg, pitch_deg = np.zeros_like(presence), np.zeros_like(presence)
        for start in range(0, len(crops_bgr), BATCH):
            here = slice(start, start + BATCH)
            planes_rgb = crops_bgr[here, ..., ::-1].transpose(0, 3, 1, 2)
            crops = np.ascontiguousarray(planes_rgb, np.float32) / np.float32(255)
            points, logits = self.session.run(["points", "presence"], {"input": crops})
            presence[here] = 1 / (1 + np.exp(-logits))
            yaw_deg[here], pitch_deg[here] = angles_deg(points)
        return presence, yaw_deg, pitch_deg


def load_face_mesh(threads: int = 0) -> FaceMesh:
    """Loads the face mesh with verified weights on the best device; raises MissingWeights."""
    return FaceMesh(open_session(verified_path(FACE_MESH), threads=threads))


def crop_transforms(boxes_xyxy: Float32, landmarks: Float32) -> Float64:
    """Returns `(n, 2, 3)`: what maps the square around each box to the upright crop.

    All five landmarks say what is upright: in a profile the eyes lie so close together that their line tells little.
    """
    expect_shape("boxes_xyxy", boxes_xyxy, (len(landmarks), 4))
    turns = similarity_transforms(landmarks, UPRIGHT)[:, :, :2]
    turns /= np.maximum(np.hypot(turns[:, 0, 0], turns[:, 1, 0]), 1e-12)[:, None, None]
    boxes = boxes_xyxy.astype(np.float64)
    sides = np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1), 1) * ENLARGEMENT
    # Boxes count from the edge of the first pixel, transforms from its middle.
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2 - 0.5
    out = np.empty((len(boxes), 2, 3))
    out[:, :, :2] = turns * (CROP_SIZE / sides)[:, None, None]
    out[:, :, 2] = (CROP_SIZE - 1) / 2 - np.einsum("nij,nj->ni", out[:, :, :2], middles)
    return out


def angles_deg(points: Float32) -> tuple[Float32, Float32]:
    """Returns yaw and pitch `(n,)` of meshes `(n, 468, 3)`, whose z grows away from the camera."""
    across = points[:, RIGHT_CHEEK] - points[:, LEFT_CHEEK]
    down = points[:, CHIN] - points[:, FOREHEAD]
    yaw = np.degrees(np.arctan2(across[:, 2], across[:, 0])).astype(np.float32)
    pitch = np.degrees(np.arctan2(-down[:, 2], down[:, 1])).astype(np.float32)
    return yaw, pitch - np.float32(LEVEL_PITCH_DEG)
