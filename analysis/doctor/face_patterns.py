"""Turning pictures into vectors of fine patterns as they occur in faces: for labels such as an expression.

An inner layer of the network that tells faces apart knows how a mouth or an eye is formed; its last one has unlearned
that, and a network that tells things apart never learnt it as finely.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.doctor.embedding import BATCH, as_network_input, grid_means, unit_length
from analysis.types import Float32, Image

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

LAYER, CHANNELS = "t241", 128
"""A late sum of residual blocks of MobileFaceNet: of seven layers the one in which planted wrong smiles were told best
(seeds that are not reported); two layers together told them no better."""
GRID = 4
"""Rows and columns that the layer is averaged over."""
INPUT_SIDE = 112
ROOT_SOFTNESS = np.float32(0.05)
"""Signed roots spread small values; bounds their slope at zero."""


class FacePatterns:
    """Whole pictures in, best of one face each; 2048 numbers out.

    The vector is the mean of the picture's and its mirror image's. `name` identifies the weights and what is made of
    them. float16 is enough to store them. 16 ms a picture on one core of a busy machine.
    """

    name = "mobilefacenet_t241_2048"
    length = CHANNELS * GRID**2

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
        [layer] = self.session.run([LAYER], {"input": np.ascontiguousarray(batch)})
        cells = grid_means(layer, GRID)
        rooted: Float32 = (cells / np.sqrt(np.abs(cells) + ROOT_SOFTNESS)).astype(np.float32)
        return rooted


def load_face_patterns(threads: int = 0) -> FacePatterns:
    """With verified weights on the best device; raises MissingWeights."""
    import onnx

    from analysis.device import open_session
    from analysis.weights import MOBILEFACENET, verified_path

    model = onnx.load(str(verified_path(MOBILEFACENET)))
    made = [node.output[0] for node in model.graph.node]
    # What follows the layer would be computed too, and thrown away.
    del model.graph.node[made.index(LAYER) + 1 :]
    del model.graph.output[:]
    model.graph.output.append(onnx.helper.make_tensor_value_info(LAYER, onnx.TensorProto.FLOAT, None))
    return FacePatterns(open_session(model.SerializeToString(), threads=threads))
