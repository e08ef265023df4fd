"""Frozen features: inner layers of pretrained networks, averaged over a grid; the only place that computes them.

The doctor compares them and linear probes are fitted on them, both by ONNX Runtime. Torch has the same networks
(`training/models/build.py`) where gradients flow or a model is exported; a test holds both equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from analysis.types import Float32, Image
from analysis.weights import EFFICIENTNET_LITE0_EMBEDDER, MOBILEFACENET, YUNET, Weight

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

ROOT_SOFTNESS = 0.05
"""Signed roots spread small values. This bounds their slope at zero (to 4.5), so that rounding stays rounding."""
BATCH = 4
"""Pictures in one run of a network: more of them leave the cache."""


class FrozenNetwork(NamedTuple):
    """A pretrained network and how it takes RGB 0..255: `(x - middle) / scale`, its channels perhaps reversed."""

    weight: Weight
    middle: float
    scale: float
    as_bgr: bool = False
    side_px: int | None = None
    """Where it takes no other."""


EFFICIENTNET = FrozenNetwork(EFFICIENTNET_LITE0_EMBEDDER, 127.0, 128.0)
FACENET = FrozenNetwork(MOBILEFACENET, 127.5, 128.0, side_px=112)
FINDER = FrozenNetwork(YUNET, 0.0, 1.0, as_bgr=True)


class PooledLayer(NamedTuple):
    """The output of a layer, by its name in the installed ONNX file, averaged over so many rows and columns."""

    name: str
    cells: int


PICTURE_LAYOUT = (PooledLayer("layout", 3), PooledLayer("_conv_head_bent", 1))
"""EfficientNet-Lite0 for the doctor: what is where, and what the picture shows."""
FACE_PATTERNS = PooledLayer("t241", 4)
"""MobileFaceNet for the doctor: of seven layers the one that told planted wrong smiles best (seeds that are not
reported); two layers together told them no better."""
FACE_LAYERS = (PooledLayer("t260", 4), PooledLayer("t316", 4))
"""MobileFaceNet for training."""
PICTURE_LAYERS = (PooledLayer("_blocks.10.out", 4), PooledLayer("_blocks.14.out", 4), PooledLayer("_conv_head_bent", 1))
"""EfficientNet-Lite0 for training."""
FINDER_LAYERS = (PooledLayer("256", 8), PooledLayer("246", 4), PooledLayer("236", 2))
"""YuNet for training."""
# Those of training were chosen by cross-validation over the kinds of pictures that people bring: inner layers know
# expressions and eyes, which the last ones, trained to tell people or objects apart, have unlearned.


class FrozenFeatures:
    """A verified network, cut off behind the last of the layers that are read; raises MissingWeights."""

    def __init__(
        self,
        network: FrozenNetwork,
        layers: Sequence[PooledLayer],
        threads: int = 0,
        providers: list[str] | None = None,
    ) -> None:
        self.network, self.layers = network, tuple(layers)
        self._session = _open_at_layers(network.weight, [layer.name for layer in layers], threads, providers)

    def means(self, pictures_rgb: Image | Float32) -> list[Float32]:
        """Pictures `(n, 3, h, w)` 0..255 in, n > 0; for each layer `(n, c * cells²)` out, by channel, row, column."""
        starts = range(0, len(pictures_rgb), BATCH)
        parts = [self._means(pictures_rgb[start : start + BATCH]) for start in starts]
        return [np.concatenate(means) for means in zip(*parts, strict=True)]

    def _means(self, pictures_rgb: Image | Float32) -> list[Float32]:
        side = self.network.side_px
        x: Float32 = pictures_rgb.astype(np.float32)
        if side and x.shape[2:] != (side, side):
            x = np.asarray(resampling(x.shape[2], side) @ x @ resampling(x.shape[3], side).T, np.float32)
        if self.network.as_bgr:
            x = x[:, ::-1]
        given = np.ascontiguousarray((x - np.float32(self.network.middle)) / np.float32(self.network.scale))
        maps = self._session.run([layer.name for layer in self.layers], {"input": given})
        return [grid_means(each, layer.cells) for each, layer in zip(maps, self.layers, strict=True)]


def _open_at_layers(
    weight: Weight, layers: Sequence[str], threads: int, providers: list[str] | None
) -> InferenceSession:
    """What follows the last of the layers would be computed too, and thrown away."""
    import onnx  # deferred: rarely needed

    from analysis.device import open_session  # deferred: loads onnxruntime
    from analysis.weights import verified_path  # deferred: rarely needed

    model = onnx.load(str(verified_path(weight)))
    made = [node.output[0] for node in model.graph.node]
    del model.graph.node[max(made.index(layer) for layer in layers) + 1 :]
    del model.graph.output[:]
    for layer in layers:
        model.graph.output.append(onnx.helper.make_tensor_value_info(layer, onnx.TensorProto.FLOAT, None))
    return open_session(model.SerializeToString(), threads=threads, providers=providers)


def grid_means(maps: Float32, cells: int) -> Float32:
    """Returns `(n, c * cells²)`: adaptive average pooling of maps `(n, c, h, w)`."""
    n, _channels, height, width = maps.shape
    table = np.kron(averaging(height, cells), averaging(width, cells))
    means: Float32 = (maps.reshape(-1, height * width) @ table.T).reshape(n, -1)
    return means


def averaging(side: int, cells: int) -> Float32:
    """Returns `(cells, side)`: means of the cells of adaptive pooling, which overlap where the side does not divide."""
    table = np.zeros((cells, side), np.float32)
    for cell in range(cells):
        begin, end = cell * side // cells, -(-(cell + 1) * side // cells)
        table[cell, begin:end] = 1 / (end - begin)
    return table


def resampling(old: int, new: int) -> Float32:
    """Returns `(new, old)`: the weights of the two old pixels beside the middle of each new one (bilinear)."""
    middles = ((np.arange(new) + 0.5) * old / new - 0.5).clip(0, old - 1)
    return (1 - np.abs(middles[:, None] - np.arange(old)[None])).clip(0).astype(np.float32)


def signed_roots(means: Float32) -> Float32:
    """Returns about the square roots of the absolute values, with their signs."""
    rooted: Float32 = (means / np.sqrt(np.abs(means) + np.float32(ROOT_SOFTNESS))).astype(np.float32)
    return rooted
