"""Frozen features: inner layers of pretrained networks, averaged over a grid; the only place that computes them.

The doctor compares them and linear probes are fitted on them, both by ONNX Runtime. Torch has the same networks
(`training/models/build.py`) where gradients flow or a model is exported; a test holds both equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import cv2
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
            x = np.stack([_resized(picture, side) for picture in x])
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
    # Products of matrices would be shorter, but run on all cores, which wait for each other on a busy machine.
    rows = np.stack([maps[:, :, begin:end].mean(2) for begin, end in cell_borders(maps.shape[2], cells)], 2)
    means = [rows[..., begin:end].mean(3) for begin, end in cell_borders(maps.shape[3], cells)]
    return np.stack(means, 3).reshape(len(maps), -1)


def cell_borders(side: int, cells: int) -> list[tuple[int, int]]:
    """Returns where each cell of adaptive pooling begins and ends; they overlap where the side does not divide."""
    return [(cell * side // cells, -(-(cell + 1) * side // cells)) for cell in range(cells)]


def _resized(picture: Float32, side: int) -> Float32:
    """Bilinear, `(3, h, w)` in, `(3, side, side)` out."""
    resized = cv2.resize(picture.transpose(1, 2, 0), (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized.transpose(2, 0, 1), np.float32)


def signed_roots(means: Float32) -> Float32:
    """Returns about the square roots of the absolute values, with their signs."""
    rooted: Float32 = (means / np.sqrt(np.abs(means) + np.float32(ROOT_SOFTNESS))).astype(np.float32)
    return rooted
