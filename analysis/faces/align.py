"""Aligns faces: turns them upright and to a fixed size by their five landmarks."""

from __future__ import annotations

import cv2
import numpy as np

from analysis.types import Float32, Float64, Image, expect_shape

# Landmarks: image-left eye, image-right eye, nose, image-left and image-right corner of the mouth.
ARCFACE_SIZE = 112
# Deng et al., "ArcFace", 2019: the positions to which its training pictures were aligned.
ARCFACE_TEMPLATE: Float32 = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)], np.float32
)
SMOOTH_BELOW = 0.5


def similarity_transforms(landmarks: Float32, template: Float32) -> Float64:
    """Returns `(n, 2, 3)`: rotation, scale and shift that map landmarks `(n, 5, 2)` to the template by least squares.

    Closed form of Umeyama (1991) in the plane: with centred points as complex numbers, the factor is one division.
    Landmarks that all coincide are only shifted.
    """
    expect_shape("landmarks", landmarks, (len(landmarks), len(template), 2))
    points = landmarks.astype(np.float64)
    goal = template.astype(np.float64)
    middle, goal_middle = points.mean(axis=1), goal.mean(axis=0)
    z = (points - middle[:, None]) @ np.array([1, 1j])
    w = (goal - goal_middle) @ np.array([1, 1j])
    power = (z.conj() * z).real.sum(axis=1)
    factor = np.divide((z.conj() * w).sum(axis=1), power, out=np.ones(len(z), complex), where=power > 0)
    out = np.empty((len(z), 2, 3))
    out[:, 0, 0], out[:, 0, 1] = factor.real, -factor.imag
    out[:, 1, 0], out[:, 1, 1] = factor.imag, factor.real
    out[:, :, 2] = goal_middle - np.einsum("nij,nj->ni", out[:, :, :2], middle)
    return out


def align_faces(image_bgr: Image, landmarks: Float32, template: Float32, size: int, *, smooth: bool = False) -> Image:
    """Returns the upright faces `(n, size, size, 3)` of one picture; black outside it.

    `smooth` averages pixels of faces that shrink to less than half, to avoid aliasing.
    """
    return cut_out(image_bgr, similarity_transforms(landmarks, template), size, smooth=smooth)


def cut_out(image_bgr: Image, transforms: Float64, size: int, *, smooth: bool = False) -> Image:
    """Returns the parts of one picture `(n, size, size, 3)` that the transforms `(n, 2, 3)` map to squares.

    They are black outside the picture; `smooth` as for `align_faces`.
    """
    parts = np.zeros((len(transforms), size, size, 3), np.uint8)
    for number, transform in enumerate(transforms):
        source, here = _shrunk(image_bgr, transform, size) if smooth else (image_bgr, transform)
        parts[number] = cv2.warpAffine(source, here, (size, size), flags=cv2.INTER_LINEAR)
    return parts


def _shrunk(image_bgr: Image, transform: Float64, size: int) -> tuple[Image, Float64]:
    """Returns the part of the picture that the face needs, averaged to about its final size, and its transform."""
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    corners = np.array([(0, 0), (size, 0), (0, size), (size, size)], np.float64)
    if not 0 < scale < SMOOTH_BELOW:
        return image_bgr, transform
    back = (corners - transform[:, 2]) @ np.linalg.inv(transform[:, :2]).T
    limits = image_bgr.shape[1::-1]
    # A whole factor, so that every new pixel is the plain mean of a square of old ones.
    factor = int(1 / scale)
    left, top = np.clip(np.floor(back.min(axis=0)) - factor, 0, limits).astype(int)
    right, bottom = np.clip(np.ceil(back.max(axis=0)) + factor, 0, limits).astype(int)
    columns, rows = (right - left) // factor, (bottom - top) // factor
    if columns < 1 or rows < 1:
        return image_bgr, transform
    part = image_bgr[top : top + rows * factor, left : left + columns * factor]
    small = np.asarray(cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    here = transform.copy()
    here[:, :2] *= factor
    # Small pixel i stands for the middle of the old ones from factor * i to factor * (i + 1) - 1.
    here[:, 2] += transform[:, :2] @ (np.array([left, top]) + (factor - 1) / 2)
    return small, here
