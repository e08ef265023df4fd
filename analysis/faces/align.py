"""Turning a face upright and to a fixed size, by its five landmarks."""

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
DLIB_SIZE = 150
# Means of YuNet's landmarks over faces aligned by dlib's own 5-point chip (150 pixels, padding 0.25).
DLIB_TEMPLATE: Float32 = np.array([(46.5, 43.3), (100.2, 44.8), (72.0, 76.7), (48.9, 99.6), (94.6, 101.3)], np.float32)


def similarity_transforms(landmarks: Float32, template: Float32) -> Float64:
    """`(n, 2, 3)`: rotation, scale and shift that bring each `(5, 2)` nearest to the template, in least squares.

    Closed form of Umeyama (1991) for the plane: with centred points as complex numbers, the best factor is one division.
    Landmarks that all fall on one point are only shifted.
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


def align_faces(image_bgr: Image, landmarks: Float32, template: Float32, size: int) -> Image:
    """Upright faces `(n, size, size, 3)` of one picture; what lies outside it is black."""
    aligned = np.zeros((len(landmarks), size, size, 3), np.uint8)
    for number, transform in enumerate(similarity_transforms(landmarks, template)):
        aligned[number] = _warp(image_bgr, transform, size)
    return aligned


def _warp(image_bgr: Image, transform: Float64, size: int) -> Image:
    return np.asarray(cv2.warpAffine(image_bgr, transform, (size, size), flags=cv2.INTER_LINEAR), np.uint8)
