"""The inner layers of pretrained networks that features are read from, how they are pooled, and what runs them.

The doctor reads them with ONNX Runtime. Training, which exports and explains them, computes them in torch
(`training/models/build.py`); a test holds both equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.types import Float32

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from analysis.weights import Weight

ROOT_SOFTNESS = 0.05
"""Signed roots spread small values. This bounds their slope at zero (to 4.5), so that rounding stays rounding."""


class PooledLayer(NamedTuple):
    """The output of a layer, averaged over so many rows and columns."""

    name: str
    cells: int


PICTURE_LAYOUT = PooledLayer("layout", 3)
"""EfficientNet-Lite0 for the doctor: the sum of block 7, beside the mean of its last layer."""
FACE_PATTERNS = PooledLayer("t241", 4)
"""MobileFaceNet for the doctor: of seven layers the one that told planted wrong smiles best (seeds that are not
reported); two layers together told them no better."""
FACE_LAYERS = (PooledLayer("t260", 4), PooledLayer("t316", 4))
"""MobileFaceNet for training."""
PICTURE_LAYERS = (PooledLayer("5", 4), PooledLayer("6", 4), PooledLayer("8", 1))
"""EfficientNet-Lite0 for training, by the numbers of its stages; 8 is the last layer."""
FINDER_LAYERS = (PooledLayer("256", 8), PooledLayer("246", 4), PooledLayer("236", 2))
"""YuNet for training."""
# Those of training were chosen by cross-validation over the kinds of pictures that people bring: inner layers know
# expressions and eyes, which the last ones, trained to tell people or objects apart, have unlearned.


def open_at_layers(weight: Weight, layers: Sequence[str], threads: int = 0) -> InferenceSession:
    """Returns a session of a verified network whose outputs are these layers; raises MissingWeights.

    What follows the last of them is cut off: it would be computed too, and thrown away.
    """
    import onnx  # deferred: rarely needed

    from analysis.device import open_session  # deferred: loads onnxruntime
    from analysis.weights import verified_path  # deferred: rarely needed

    model = onnx.load(str(verified_path(weight)))
    made = [node.output[0] for node in model.graph.node]
    del model.graph.node[max(made.index(layer) for layer in layers) + 1 :]
    del model.graph.output[:]
    for layer in layers:
        model.graph.output.append(onnx.helper.make_tensor_value_info(layer, onnx.TensorProto.FLOAT, None))
    return open_session(model.SerializeToString(), threads=threads)


def grid_means(maps: Float32, cells: int) -> Float32:
    """Returns means `(n, cells * cells * c)` of maps `(n, c, h, w)` over cells that do not overlap."""
    rows = [part.mean(axis=2) for part in np.array_split(maps, cells, axis=2)]
    return np.concatenate([part.mean(axis=2) for row in rows for part in np.array_split(row, cells, axis=2)], axis=1)


def signed_roots(means: Float32) -> Float32:
    """Returns about the square roots of the absolute values, with their signs."""
    rooted: Float32 = (means / np.sqrt(np.abs(means) + np.float32(ROOT_SOFTNESS))).astype(np.float32)
    return rooted
