"""Turning pictures into vectors whose angle says how alike they look: for duplicates, wrong labels and suggestions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from analysis.types import Float32, Image

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

BATCH = 4
"""Pictures in one run of the network: more of them leave the cache."""
INPUT_SIDE = 160
MIDDLE, SCALE = np.float32(127), np.float32(128)


class PictureEmbedder:
    """EfficientNet-Lite0 without its classifier. `name` identifies the weights and what is made of its outputs: vectors
    of different names cannot be compared."""

    name = "efficientnet_lite0_1280"
    length = 1280

    def __init__(self, session: InferenceSession) -> None:
        self.session = session

    def embed(self, images_bgr: Sequence[Image]) -> Float32:
        """Pictures of any size, `(h, w, 3)` BGR, in; vectors `(n, length)` of length 1 out. None is a valid number."""
        vectors = np.zeros((len(images_bgr), self.length), np.float32)
        for start in range(0, len(images_bgr), BATCH):
            batch = np.stack([as_network_input(image) for image in images_bgr[start : start + BATCH]])
            vectors[start : start + BATCH] = self.session.run(["embedding"], {"input": batch})[0]
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors


def load_picture_embedder(threads: int = 0) -> PictureEmbedder:
    """With verified weights on the best device; raises MissingWeights."""
    from analysis.device import open_session
    from analysis.weights import EFFICIENTNET_LITE0_EMBEDDER, verified_path

    return PictureEmbedder(open_session(verified_path(EFFICIENTNET_LITE0_EMBEDDER), threads=threads))


def as_network_input(image_bgr: Image) -> Float32:
    """`(3, INPUT_SIDE, INPUT_SIDE)`: the whole picture, whatever its shape, stretched to a square."""
    height, width = image_bgr.shape[:2]
    smooth = cv2.INTER_AREA if min(height, width) > INPUT_SIDE else cv2.INTER_LINEAR
    square = cv2.resize(image_bgr, (INPUT_SIDE, INPUT_SIDE), interpolation=smooth)
    planes: Float32 = (square[..., ::-1].transpose(2, 0, 1).astype(np.float32) - MIDDLE) / SCALE
    return planes
