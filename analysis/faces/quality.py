"""Rates how good a view of a face is for comparing and showing it: size, sharpness, pose and light in one number.

Four marks of 0..1 are combined by a weighted geometric mean, so that one bad property spoils the view and no good one
makes up for it:

- size: distance of the eyes in the source picture; the embedders use 35 pixels, more adds nothing, 6 tell nothing.
- sharpness: strength of the finest edges in the upright face, relative to its contrast.
- pose: how far the nose stands from the middle between the eyes (turned) and between eyes and mouth (tilted).
- light: mean brightness away from black and white, and enough contrast.
"""

from __future__ import annotations

import cv2
import numpy as np

from analysis.faces.align import ARCFACE_SIZE, ARCFACE_TEMPLATE, align_faces
from analysis.types import Faces, Float32, Image

SIZE_WEIGHT, SHARPNESS_WEIGHT, POSE_WEIGHT, LIGHT_WEIGHT = 0.3, 0.25, 0.3, 0.15
EYE_DISTANCE_PX = (6.0, 35.0)
EDGE_STRENGTH = (0.02, 0.25)
"""Deviation of the Laplacian relative to that of grey: a very blurred face, and a sharp one."""
TURNED = (0.75, 0.10)
"""Sideways offset of the nose as a share of the distance from eyes to mouth: profile, and frontal."""
TILTED = (0.45, 0.12)
"""Offset of the nose from its usual height between eyes and mouth, as a share of that height."""
USUAL_NOSE_HEIGHT = 0.50
CONTRAST = (6.0, 35.0)
BLACK, DIM, BRIGHT, WHITE = 15.0, 70.0, 190.0, 250.0


def face_qualities(image_bgr: Image, faces: Faces) -> Float32:
    """Returns the quality `(n,)`, 0..1, of the faces of one picture."""
    return face_marks(image_bgr, faces)[0]


def face_marks(image_bgr: Image, faces: Faces) -> tuple[Float32, Float32]:
    """Returns the quality and the sharpness, both `(n,)`, 0..1, of the faces of one picture; about 0.1 ms a face."""
    if not len(faces):
        return np.zeros(0, np.float32), np.zeros(0, np.float32)
    aligned = align_faces(image_bgr, faces.landmarks, ARCFACE_TEMPLATE, ARCFACE_SIZE)
    greys = [np.asarray(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), np.uint8) for face in aligned]
    sharpness = np.array([sharpness_mark(grey) for grey in greys], np.float32)
    quality: Float32 = (
        size_marks(faces.landmarks) ** SIZE_WEIGHT
        * sharpness**SHARPNESS_WEIGHT
        * pose_marks(faces.landmarks) ** POSE_WEIGHT
        * np.array([light_mark(grey) for grey in greys], np.float32) ** LIGHT_WEIGHT
    )
    return quality.astype(np.float32), sharpness


def size_marks(landmarks: Float32) -> Float32:
    """Returns size marks `(n,)`, 0..1; a turned face is rated by its height, which turning does not shorten."""
    eyes = np.linalg.norm(landmarks[:, 1] - landmarks[:, 0], axis=1)
    height = np.linalg.norm(landmarks[:, 3:].mean(axis=1) - landmarks[:, :2].mean(axis=1), axis=1)
    return _ramp(np.maximum(eyes, height), *EYE_DISTANCE_PX)


def pose_marks(landmarks: Float32) -> Float32:
    """Returns pose marks `(n,)`, 0..1, measured along the face's own axis: a tilted head loses nothing."""
    eyes, mouth, nose = landmarks[:, :2].mean(axis=1), landmarks[:, 3:].mean(axis=1), landmarks[:, 2]
    down = mouth - eyes
    height = np.maximum(np.linalg.norm(down, axis=1), 1e-6)
    down = down / height[:, None]
    along = ((nose - eyes) * down).sum(axis=1) / height
    aside = np.abs(
        (nose - eyes) @ np.array([[0], [1]]) * down[:, :1] - (nose - eyes) @ np.array([[1], [0]]) * down[:, 1:]
    )
    turned = _ramp(aside[:, 0] / height, *TURNED)
    tilted = _ramp(np.abs(along - USUAL_NOSE_HEIGHT), *TILTED)
    return turned * tilted


def sharpness_mark(face_grey: Image) -> float:
    """Returns the sharpness mark, 0..1 of one upright face; ignores its border, which may lie outside."""
    inner = face_grey[12:-12, 12:-12]
    deviation = float(inner.std())
    if deviation < 1.0:
        return 0.0
    edges = float(cv2.Laplacian(inner, cv2.CV_32F).std())
    return float(_ramp(np.array(edges / deviation), *EDGE_STRENGTH))


def light_mark(face_grey: Image) -> float:
    """Returns the light mark, 0..1, of one upright face."""
    inner = face_grey[12:-12, 12:-12]
    mean, deviation = float(inner.mean()), float(inner.std())
    bright_enough = _ramp(np.array(mean), BLACK, DIM) * _ramp(np.array(mean), WHITE, BRIGHT)
    return float(bright_enough * _ramp(np.array(deviation), *CONTRAST))


def _ramp(values: Float32, worst: float, best: float) -> Float32:
    """Returns 0 at `worst` and beyond, 1 at `best` and beyond, linear in between; `worst` may be the larger."""
    marks: Float32 = np.clip((values - worst) / (best - worst), 0, 1).astype(np.float32)
    return marks
