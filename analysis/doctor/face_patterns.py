"""Turning pictures into vectors of fine patterns as they occur in faces: for labels such as an expression.

An inner layer of the network that tells faces apart knows how a mouth or an eye is formed; its last one has unlearned
that, and a network that tells things apart never learnt it as finely.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.doctor.embedding import BATCH, as_network_input, unit_length
from analysis.frozen_layers import FACE_PATTERNS, grid_means, open_at_layers, signed_roots
from analysis.types import Float32, Image
from analysis.weights import MOBILEFACENET

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

CHANNELS = 128
INPUT_SIDE = 112


class FacePatterns:
    """Whole pictures in, best of one face each; 2048 numbers out.

    The vector is the mean of the picture's and its mirror image's. `name` identifies the weights and what is made of
    them. float16 is enough to store them. 16 ms a picture on one core of a busy machine.
    """

    name = "mobilefacenet_t241_2048"
    length = CHANNELS * FACE_PATTERNS.cells**2

    def __init__(self, session: InferenceSession) -> None:
        self.session = session

    def embed(self, images_bgr: Sequence[Image]) -> Float32:
        """Pictures of any size, `(h, w, 3)` BGR, in; vectors `(n, length)` of length 1 out. None is a valid number."""
        vectors = np.zeros((len(images_bgr), self.length), np.float32)
        for start in range(0, len(images_bgr), BATCH):
            chosen = images_bgr[start : start + BATCH]
            batch = np.stack([as_network_input(image, INPUT_SIDE) for image in chosen])
            vectors[start : start + BATCH] = self._run(batch) + self._run(batch[..., ::-1])
        return unit_length(vectors)

    def _run(self, batch: Float32) -> Float32:
        [layer] = self.session.run([FACE_PATTERNS.name], {"input": np.ascontiguousarray(batch)})
        return signed_roots(grid_means(layer, FACE_PATTERNS.cells))


def load_face_patterns(threads: int = 0) -> FacePatterns:
    """Returns the extractor with verified weights on the best device; raises MissingWeights."""
    return FacePatterns(open_at_layers(MOBILEFACENET, [FACE_PATTERNS.name], threads))
