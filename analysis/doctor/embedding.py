"""Turning pictures into vectors whose angle says how alike they look: for duplicates, wrong labels and suggestions."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from analysis.frozen_features import EFFICIENTNET, PICTURE_LAYOUT, FrozenFeatures
from analysis.types import Float32, Image

INPUT_SIDE = 128
"""Pixels; 160 and 224 tell wrong labels no better and cost 1.5 and 2.7 times as much."""
WHAT_SHARE = 0.5
"""Length of the part that says what the picture shows, beside 1 for the part that says what is where in it."""


class PictureEmbedder:
    """EfficientNet-Lite0 without its classifier: 720 numbers of what is where, and 1280 of what the picture shows.

    The vector is the mean of the picture's and its mirror image's. `name` identifies the weights and what is made of
    them: vectors of different names cannot be compared. float16 is enough to store them.
    """

    name = "efficientnet_lite0_adaptive_2000"
    length = 2000

    def __init__(self, features: FrozenFeatures) -> None:
        self.features = features

    def embed(self, images_bgr: Sequence[Image]) -> Float32:
        """Pictures of any size, `(h, w, 3)` BGR, in; vectors `(n, length)` of length 1 out. None is a valid number."""
        if not images_bgr:
            return np.zeros((0, self.length), np.float32)
        squares = squares_of(images_bgr, INPUT_SIDE)
        where, what = (
            straight + mirrored
            for straight, mirrored in zip(
                self.features.means(squares), self.features.means(squares[..., ::-1]), strict=True
            )
        )
        return unit_length(np.hstack([unit_length(where), unit_length(what) * WHAT_SHARE]))


def unit_length(vectors: Float32) -> Float32:
    unit: Float32 = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
    return unit


def load_picture_embedder(threads: int = 0) -> PictureEmbedder:
    """With verified weights on the best device; raises MissingWeights."""
    return PictureEmbedder(FrozenFeatures(EFFICIENTNET, PICTURE_LAYOUT, threads))


def squares_of(images_bgr: Sequence[Image], side: int) -> Image:
    """Returns `(n, 3, side, side)` RGB: the whole pictures, whatever their shapes, stretched to squares."""
    return np.stack([_square(image, side)[..., ::-1].transpose(2, 0, 1) for image in images_bgr])


def _square(image_bgr: Image, side: int) -> Image:
    smooth = cv2.INTER_AREA if min(image_bgr.shape[:2]) > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image_bgr, (side, side), interpolation=smooth), np.uint8)
