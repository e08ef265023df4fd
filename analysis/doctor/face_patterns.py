"""Turning pictures into vectors of fine patterns as they occur in faces: for labels such as an expression.

An inner layer of the network that tells faces apart knows how a mouth or an eye is formed; its last one has unlearned
that, and a network that tells things apart never learnt it as finely.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.doctor.embedding import squares_of, unit_length
from analysis.frozen_features import FACE_PATTERNS, FACENET, FrozenFeatures, signed_roots
from analysis.types import Float32, Image

CHANNELS = 128
INPUT_SIDE = 112


class FacePatterns:
    """Whole pictures in, best of one face each; 2048 numbers out.

    The vector is the mean of the picture's and its mirror image's. `name` identifies the weights and what is made of
    them. float16 is enough to store them. 16 ms a picture on one core of a busy machine.
    """

    name = "mobilefacenet_t241_adaptive_2048"
    length = CHANNELS * FACE_PATTERNS.cells**2

    def __init__(self, features: FrozenFeatures) -> None:
        self.features = features

    def embed(self, images_bgr: Sequence[Image]) -> Float32:
        """Pictures of any size, `(h, w, 3)` BGR, in; vectors `(n, length)` of length 1 out. None is a valid number."""
        if not images_bgr:
            return np.zeros((0, self.length), np.float32)
        squares = squares_of(images_bgr, INPUT_SIDE)
        [straight], [mirrored] = self.features.means(squares), self.features.means(squares[..., ::-1])
        return unit_length(signed_roots(straight) + signed_roots(mirrored))


def load_face_patterns(threads: int = 0) -> FacePatterns:
    """Returns the extractor with verified weights on the best device; raises MissingWeights."""
    return FacePatterns(FrozenFeatures(FACENET, [FACE_PATTERNS], threads))
