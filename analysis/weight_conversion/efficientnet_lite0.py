"""EfficientNet-Lite0: reads the tensors of the PyTorch checkpoint and writes the network as ONNX, for embeddings.

The layers are those of the paper's "Lite" variant (Tan and Le 2019; TensorFlow's `efficientnet/lite`): a 3x3 stem, 16
inverted residual blocks without squeeze-and-excitation, ReLU6, a 1x1 head. Convolutions pad as TensorFlow does
(SAME: at the right and the bottom first), and each batch normalisation is folded into the convolution before it. The
classifier of ImageNet's 1000 labels is left out: nobody asks for them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch

from analysis.types import Float32
from analysis.weight_conversion.onnx_file import GraphBuilder, write_model

NORMALISATION_EPSILON = 1e-3
OUTPUT_LENGTH = 1280
LAYOUT_BLOCK, LAYOUT_CHANNELS = 7, 80
"""The block in the middle of the network whose map is the second output, as it still tells what is where."""
# Filter side, stride, output channels, number of blocks; from input to output.
STAGES = (
    (3, 1, 16, 1),
    (3, 2, 24, 2),
    (5, 2, 40, 2),
    (3, 2, 80, 3),
    (5, 1, 112, 3),
    (5, 2, 192, 4),
    (3, 1, 320, 1),
)


def convert(source: Path, target: Path) -> None:
    """Writes the network with input `(n, 3, height, width)`: RGB, `(value - 127) / 128`, sides multiples of 32.

    Outputs: "embedding" `(n, 1280)`, the mean over the picture, and "layout" `(n, 80, height / 16, width / 16)`.
    """
    tensors: dict[str, torch.Tensor] = torch.load(source, map_location="cpu", weights_only=True)
    write_model(_EfficientNetBuilder({name: tensor.numpy() for name, tensor in tensors.items()}).build(), target)


class _EfficientNetBuilder:
    """Builds the graph from its input on; finds parameters by their name in the checkpoint."""

    def __init__(self, tensors: dict[str, Float32]) -> None:
        self.tensors = tensors
        self.graph = GraphBuilder()
        bounds = {"least": 0.0, "most": 6.0}
        self.relu6 = [self.graph.constant(name, np.array(value, np.float32)) for name, value in bounds.items()]

    def build(self) -> onnx.ModelProto:
        x = self.convolution("input", "_conv_stem", "_bn0", stride=2, bent=True)
        channels, number = 32, 0
        for _, stride, wider, count in STAGES:
            for position in range(count):
                first = position == 0
                x = self.block(x, number, stride if first else 1, residual=not first)
                channels, number = wider, number + 1
        if channels != self.tensors["_conv_head.weight"].shape[1]:
            raise ValueError(f"the head expects {self.tensors['_conv_head.weight'].shape[1]} channels, got {channels}")
        x = self.convolution(x, "_conv_head", "_bn1", bent=True)
        self.graph.node("Flatten", [self.graph.node("GlobalAveragePool", [x], "mean_over_picture")], "embedding")
        model = self.graph.model("efficientnet_lite0", ["n", 3, "height", "width"], "embedding", ["n", OUTPUT_LENGTH])
        layout_shape: list[str | int | None] = ["n", LAYOUT_CHANNELS, "rows", "columns"]
        model.graph.output.append(onnx.helper.make_tensor_value_info("layout", onnx.TensorProto.FLOAT, layout_shape))
        return model

    def block(self, x: str, number: int, stride: int, *, residual: bool) -> str:
        """Adds an inverted residual block: widens, filters each channel, narrows; the first block does not widen."""
        name = f"_blocks.{number}."
        y = x
        if f"{name}_expand_conv.weight" in self.tensors:
            y = self.convolution(y, f"{name}_expand_conv", f"{name}_bn0", bent=True)
        y = self.convolution(y, f"{name}_depthwise_conv", f"{name}_bn1", stride=stride, bent=True)
        y = self.convolution(y, f"{name}_project_conv", f"{name}_bn2")
        out = "layout" if number == LAYOUT_BLOCK else f"{name}out"
        return self.graph.node("Add", [x, y], out) if residual else y

    def convolution(self, x: str, name: str, normalisation: str, *, stride: int = 1, bent: bool = False) -> str:
        """Adds a convolution with its batch normalisation folded in; `bent`: followed by ReLU6."""
        filters = self.tensors[f"{name}.weight"]
        gain = self.tensors[f"{normalisation}.weight"] / np.sqrt(
            self.tensors[f"{normalisation}.running_var"] + NORMALISATION_EPSILON
        )
        bias = self.tensors[f"{normalisation}.bias"] - self.tensors[f"{normalisation}.running_mean"] * gain
        inputs = [
            x,
            self.graph.constant(f"{name}_filters", filters * gain.reshape(-1, 1, 1, 1)),
            self.graph.constant(f"{name}_bias", bias),
        ]
        groups = len(filters) if filters.shape[1] == 1 else 1
        y = self.graph.node(
            "Conv",
            inputs,
            f"{name}_out",
            kernel_shape=list(filters.shape[2:]),
            strides=[stride] * 2,
            group=groups,
            auto_pad="SAME_UPPER",
        )
        return self.graph.node("Clip", [y, *self.relu6], f"{name}_bent") if bent else y
