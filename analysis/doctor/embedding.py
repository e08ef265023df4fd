"""Turning pictures into vectors whose angle says how alike they look: for duplicates, wrong labels and suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from analysis.frozen_layers import PICTURE_LAYOUT, grid_means
from analysis.types import Float32, Image

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

BATCH = 4
"""Pictures in one run of the network: more of them leave the cache."""
INPUT_SIDE = 128
"""Pixels; 160 and 224 tell wrong labels no better and cost 1.5 and 2.7 times as much."""
MIDDLE, SCALE = np.float32(127), np.float32(128)
WHAT_SHARE = 0.5
"""Length of the part that says what the picture shows, beside 1 for the part that says what is where in it."""


class PictureEmbedder:
    """EfficientNet-Lite0 without its classifier: 720 numbers of what is where, and 1280 of what the picture shows.

    The vector is the mean of the picture's and its mirror image's. `name` identifies the weights and what is made of
    them: vectors of different names cannot be compared. float16 is enough to store them.
    """

    name = "efficientnet_lite0_2000"
    length = 2000

    def __init__(self, session: InferenceSession) -> None:
        self.session = session

    def embed(self, images_bgr: Sequence[Image]) -> Float32:
        """Pictures of any size, `(h, w, 3)` BGR, in; vectors `(n, length)` of length 1 out. None is a valid number."""
        vectors = np.zeros((len(images_bgr), self.length), np.float32)
        for start in range(0, len(images_bgr), BATCH):
            batch = np.stack([as_network_input(image) for image in images_bgr[start : start + BATCH]])
            what, where = (
                straight + mirrored
                for straight, mirrored in zip(self._run(batch), self._run(batch[..., ::-1]), strict=True)
            )
            vectors[start : start + BATCH] = np.hstack([unit_length(where), unit_length(what) * WHAT_SHARE])
        return unit_length(vectors)

    def _run(self, batch: Float32) -> tuple[Float32, Float32]:
        what, layout = self.session.run(["embedding", PICTURE_LAYOUT.name], {"input": np.ascontiguousarray(batch)})
        return what, grid_means(layout, PICTURE_LAYOUT.cells)


def unit_length(vectors: Float32) -> Float32:
    unit: Float32 = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
    return unit


def load_picture_embedder(threads: int = 0) -> PictureEmbedder:
    """With verified weights on the best device; raises MissingWeights."""
    from analysis.device import open_session  # deferred: loads onnxruntime
    from analysis.weights import EFFICIENTNET_LITE0_EMBEDDER, verified_path  # deferred: rarely needed

    return PictureEmbedder(open_session(verified_path(EFFICIENTNET_LITE0_EMBEDDER), threads=threads))


def as_network_input(image_bgr: Image, side: int = INPUT_SIDE) -> Float32:
    """`(3, side, side)`: the whole picture, whatever its shape, stretched to a square."""
    height, width = image_bgr.shape[:2]
    smooth = cv2.INTER_AREA if min(height, width) > side else cv2.INTER_LINEAR
    square = cv2.resize(image_bgr, (side, side), interpolation=smooth)
    planes: Float32 = (square[..., ::-1].transpose(2, 0, 1).astype(np.float32) - MIDDLE) / SCALE
    return planes
