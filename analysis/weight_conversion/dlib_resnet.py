"""dlib's face recognition ResNet: reads the tensors out of its `.dat` file and builds the same network in ONNX.

The file is dlib's own serialisation: a tensor is the version number 2, four dimensions, then little-endian floats, and
an integer is one byte with sign and length, then that many bytes. The network is `anet_type` of dlib's
`dnn_face_recognition_ex.cpp` (Davis King, CC0 weights): a 7x7 convolution, then 14 residual blocks of two 3x3
convolutions. Each convolution is followed by a per-channel affine layer, which is folded into it here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx

from analysis.types import Float32
from analysis.weight_conversion.onnx_file import GraphBuilder, write_model

TENSORS = 59
"""29 convolutions with their affine layers, and the final matrix."""
INPUT_SIZE = 150
MEAN_RGB = (122.782, 117.001, 104.298)
SCALE = 256.0
LAST_CHANNELS, OUTPUT_LENGTH = 256, 128
# Channels and whether the block halves the picture, in the order from input to output.
BLOCKS = (
    *[(32, False)] * 3,
    (64, True),
    *[(64, False)] * 3,
    (128, True),
    *[(128, False)] * 2,
    (256, True),
    *[(256, False)] * 2,
    (256, True),
)
_TENSOR_VERSION = 2
_SMALLEST_TENSOR = 32


def convert(source: Path, target: Path) -> None:
    """Writes the network with input `(n, 3, 150, 150)`: RGB, 0..255, and output "embedding" `(n, 128)`."""
    tensors = list(read_tensors(source.read_bytes()))
    if len(tensors) != TENSORS:
        raise ValueError(f"{source.name}: expected {TENSORS} tensors, got {len(tensors)}")
    write_model(_Network(tensors).build(), target)


def read_tensors(data: bytes) -> Iterator[Float32]:
    """The file's float tensors that hold parameters, flat, in the order of the file (input layer first)."""
    at = 0
    while at < len(data) - 8:
        found = _tensor_at(data, at) if data[at] == 1 and data[at + 1] == _TENSOR_VERSION else None
        if found is None:
            at += 1
            continue
        values, at = found
        if values.size >= _SMALLEST_TENSOR:
            yield values


def _integer_at(data: bytes, at: int) -> tuple[int, int] | None:
    if at >= len(data):
        return None
    length = data[at] & 0x0F
    if not 1 <= length <= 8 or data[at] & 0xF0:
        return None
    end = at + 1 + length
    return int.from_bytes(data[at + 1 : end], "little"), end


def _tensor_at(data: bytes, at: int) -> tuple[Float32, int] | None:
    """The tensor whose version number stands at `at`, and where it ends; None when these bytes are something else."""
    header = []
    for _ in range(5):
        integer = _integer_at(data, at)
        if integer is None:
            return None
        value, at = integer
        header.append(value)
    size = int(np.prod(header[1:], dtype=np.int64)) if max(header) < 10_000_000 else 0
    if header[0] != _TENSOR_VERSION or size == 0 or at + 4 * size > len(data):
        return None
    values = np.frombuffer(data, "<f4", size, at)
    if not np.isfinite(values).all() or not 1e-6 < np.abs(values).max() < 1e4:
        return None
    return values, at + 4 * size


class _Network:
    """Builds the graph; takes the tensors one after the other, as the layers need them."""

    def __init__(self, tensors: list[Float32]) -> None:
        self.tensors = iter(tensors)
        self.graph = GraphBuilder()
        self.layers = 0

    def build(self) -> onnx.ModelProto:
        graph = self.graph
        mean = graph.constant("mean", np.array(MEAN_RGB, np.float32).reshape(1, 3, 1, 1))
        scale = graph.constant("scale", np.array(SCALE, np.float32))
        x = graph.node("Div", [graph.node("Sub", ["input", mean], "centred"), scale], "scaled")
        x = self.convolution(x, 3, 32, size=7, stride=2, pad=0)
        x = graph.node("MaxPool", [graph.node("Relu", [x], "stem")], "pooled", kernel_shape=[3, 3], strides=[2, 2])
        channels, side = 32, 35
        for number, (wider, halves) in enumerate(BLOCKS):
            x, side = self.block(x, f"block{number}", channels, wider, side, halves)
            channels = wider
        x = graph.node("Flatten", [graph.node("GlobalAveragePool", [x], "mean_over_picture")], "features")
        matrix = graph.constant("matrix", next(self.tensors).reshape(LAST_CHANNELS, OUTPUT_LENGTH))
        graph.node("MatMul", [x, matrix], "embedding")
        return graph.model("dlib_resnet", ["n", 3, INPUT_SIZE, INPUT_SIZE], "embedding", ["n", OUTPUT_LENGTH])

    def convolution(self, x: str, channels_in: int, channels_out: int, *, size: int, stride: int, pad: int) -> str:
        """A convolution with the affine layer that follows it folded into filters and bias."""
        name = f"conv{self.layers}"
        self.layers += 1
        parameters, affine = next(self.tensors), next(self.tensors)
        gain, shift = affine[:channels_out], affine[channels_out:]
        filters = parameters[:-channels_out].reshape(channels_out, channels_in, size, size)
        bias = parameters[-channels_out:]
        inputs = [
            x,
            self.graph.constant(f"{name}_filters", filters * gain.reshape(-1, 1, 1, 1)),
            self.graph.constant(f"{name}_bias", bias * gain + shift),
        ]
        return self.graph.node("Conv", inputs, name, kernel_shape=[size] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def block(self, x: str, name: str, channels: int, wider: int, side: int, halves: bool) -> tuple[str, int]:
        """relu(x + two convolutions of x); where it halves, x is average-pooled and missing channels are zero.

        Pooling and convolution round differently, and dlib adds tensors of different size as if padded with zeros at
        the right, the bottom and behind the last channel.
        """
        graph = self.graph
        y = self.convolution(x, channels, wider, size=3, stride=2 if halves else 1, pad=0 if halves else 1)
        y = self.convolution(graph.node("Relu", [y], f"{name}_inner"), wider, wider, size=3, stride=1, pad=1)
        if halves:
            convolved, pooled = (side - 3) // 2 + 1, (side - 2) // 2 + 1
            x = graph.node("AveragePool", [x], f"{name}_pooled", kernel_shape=[2, 2], strides=[2, 2])
            side = max(convolved, pooled)
            x = self.zero_padded(x, f"{name}_x", wider - channels, side - pooled)
            y = self.zero_padded(y, f"{name}_y", 0, side - convolved)
        return graph.node("Relu", [graph.node("Add", [x, y], f"{name}_sum")], name), side

    def zero_padded(self, x: str, name: str, channels: int, pixels: int) -> str:
        if not channels and not pixels:
            return x
        pads = self.graph.constant(f"{name}_pads", np.array([0, 0, 0, 0, 0, channels, pixels, pixels], np.int64))
        return self.graph.node("Pad", [x, pads], f"{name}_padded", mode="constant")
