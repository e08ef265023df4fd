"""EfficientNet-Lite0 (Tan & Le, "EfficientNet", 2019; the Lite variant has ReLU6 and no squeeze-and-excitation)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from analysis.frozen_features import EFFICIENTNET
from analysis.weights import EFFICIENTNET_LITE0, verified_path

# As TensorFlow trained it; torch's momentum is one minus TensorFlow's.
NORM_EPSILON, NORM_MOMENTUM = 1e-3, 0.01
STEM_CHANNELS, HEAD_CHANNELS, IMAGENET_CLASSES = 32, 1280, 1000


@dataclass(frozen=True, slots=True)
class Stage:
    """Blocks in a row: the first has the stride, the others 1."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
STAGE_ENDS = (1, 3, 5, 8, 11, 15, 16)
"""Number of blocks up to and including each stage."""
STAGE_OF = {"layout": 4, "_blocks.10.out": 5, "_blocks.14.out": 6, "_conv_head_bent": len(STAGES) + 1}
"""What the layers of `frozen_features` are called in `EfficientNetLite0.maps`."""


class SameConv(nn.Conv2d):
    """Pads as TensorFlow does: so that the output has `ceil(side / stride)`, the odd pixel right and below."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        rows, columns = (max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in x.shape[2:])
        if rows or columns:
            x = functional.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
        return functional.conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def _convolution(inside: int, out: int, kernel: int, stride: int = 1, groups: int = 1) -> SameConv:
    return SameConv(inside, out, kernel, stride, groups=groups, bias=False)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=NORM_EPSILON, momentum=NORM_MOMENTUM)


class Block(nn.Module):
    """Inverted residual: widen, filter each channel, narrow; added to its input where the shapes agree."""

    def __init__(self, inside: int, stage: Stage, stride: int) -> None:
        super().__init__()
        wide = inside * stage.expansion
        self.expands = stage.expansion != 1
        if self.expands:
            self._expand_conv, self._bn0 = _convolution(inside, wide, 1), _norm(wide)
        self._depthwise_conv = _convolution(wide, wide, stage.kernel, stride, groups=wide)
        self._bn1 = _norm(wide)
        self._project_conv, self._bn2 = _convolution(wide, stage.channels, 1), _norm(stage.channels)
        self.adds = stride == 1 and inside == stage.channels

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        narrow: Tensor = self._bn2(self._project_conv(y))
        return x + narrow if self.adds else narrow


class EfficientNetLite0(nn.Module):
    """`(n, 3, h, w)` RGB 0..255 in. Parameters are named as in the published file.

    `maps` gives the outputs of the stages asked for (1..7) and of the head (8) in that order.
    """

    HEAD = len(STAGES) + 1

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem, self._bn0 = _convolution(3, STEM_CHANNELS, 3, 2), _norm(STEM_CHANNELS)
        blocks, inside = [], STEM_CHANNELS
        for stage in STAGES:
            for repeat in range(stage.repeats):
                blocks.append(Block(inside, stage, stage.stride if repeat == 0 else 1))
                inside = stage.channels
        self._blocks = nn.ModuleList(blocks)
        self._conv_head, self._bn1 = _convolution(inside, HEAD_CHANNELS, 1), _norm(HEAD_CHANNELS)
        self._fc = nn.Linear(HEAD_CHANNELS, IMAGENET_CLASSES)

    def maps(self, x: Tensor, stages: tuple[int, ...]) -> list[Tensor]:
        found = []
        y = functional.relu6(self._bn0(self._conv_stem((x - EFFICIENTNET.middle) / EFFICIENTNET.scale)))
        for number, block in enumerate(self._blocks, start=1):
            y = block(y)
            if number in STAGE_ENDS and STAGE_ENDS.index(number) + 1 in stages:
                found.append(y)
            if number == STAGE_ENDS[max(stages) - 1 if max(stages) < self.HEAD else -1]:
                break
        if self.HEAD in stages:
            found.append(functional.relu6(self._bn1(self._conv_head(y))))
        return found

    def forward(self, x: Tensor) -> Tensor:
        """ImageNet logits `(n, 1000)`."""
        logits: Tensor = self._fc(self.maps(x, (self.HEAD,))[0].mean((2, 3)))
        return logits


def load_imagenet() -> EfficientNetLite0:
    """With the verified ImageNet weights; raises MissingWeights."""
    network = EfficientNetLite0()
    network.load_state_dict(torch.load(verified_path(EFFICIENTNET_LITE0), map_location="cpu", weights_only=True))
    return network
