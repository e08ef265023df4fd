"""MobileFaceNet as a torch module, so that its inner layers can be used, tuned and explained.

The installed ONNX file (see `analysis.weight_conversion.mobilefacenet`) holds five kinds of nodes; this reads them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

MIDDLE, SCALE = 127.5, 128.0


@dataclass(frozen=True, slots=True)
class Step:
    """One node: what it does, to which tensors, under which name its result goes on."""

    kind: str
    inputs: tuple[str, ...]
    output: str
    stride: int = 1
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Left, right, top, bottom."""
    groups: int = 1


class FaceNet(nn.Module):
    """`(n, 3, 112, 112)` RGB 0..255 in; `maps` gives the tensors asked for, `forward` the vector `(n, 192)`."""

    def __init__(self, steps: Sequence[Step], constants: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.steps = tuple(steps)
        self.constants = nn.ParameterDict({name: nn.Parameter(value) for name, value in constants.items()})

    @property
    def block_outputs(self) -> tuple[str, ...]:
        """Names of what the residual blocks give, in order: sums that the next convolution reads."""
        made = {step.output: step for step in self.steps}
        read = [step.inputs[0] for step in self.steps if step.kind == "Conv"]
        sums = [step.output for step in self.steps if step.kind == "Add" and step.output in read]
        return tuple(name for name in sums if not any(made[i].kind == "Mul" for i in made[name].inputs if i in made))

    def maps(self, x: Tensor, names: Sequence[str]) -> list[Tensor]:
        known: dict[str, Tensor] = {"input": (x - MIDDLE) / SCALE}
        left = set(names)
        for step in self.steps:
            known[step.output] = self._run(step, [self._value(name, known) for name in step.inputs])
            left.discard(step.output)
            if not left:
                break
        return [known[name] for name in names]

    def forward(self, x: Tensor) -> Tensor:
        return self.maps(x, [self.steps[-1].output])[0]

    def _value(self, name: str, known: Mapping[str, Tensor]) -> Tensor:
        return known[name] if name in known else self.constants[name]

    def _run(self, step: Step, values: list[Tensor]) -> Tensor:
        if step.kind == "Conv":
            x = functional.pad(values[0], step.padding) if any(step.padding) else values[0]
            return functional.conv2d(x, values[1], values[2], step.stride, 0, 1, step.groups)
        if step.kind == "Add":
            return values[0] + values[1]
        if step.kind == "Mul":
            return values[0] * values[1]
        if step.kind == "Relu":
            return functional.relu(values[0])
        return values[0].flatten(1)


def load_facenet() -> FaceNet:
    """With the verified weights; raises MissingWeights."""
    from analysis.weights import MOBILEFACENET, verified_path

    return read_facenet(verified_path(MOBILEFACENET))


def read_facenet(path: Path) -> FaceNet:
    """Raises ValueError for a file with other kinds of nodes."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    constants = {each.name: torch.from_numpy(np.array(numpy_helper.to_array(each))) for each in graph.initializer}
    steps = []
    for node in graph.node:
        if node.op_type not in ("Conv", "Add", "Mul", "Relu", "Flatten"):
            raise ValueError(f"{path.name}: a node of the kind {node.op_type} is not expected")
        more = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        top, left, bottom, right = more.get("pads", (0, 0, 0, 0))
        stride = int(more.get("strides", (1, 1))[0])
        padding = (left, right, top, bottom)
        steps.append(Step(node.op_type, tuple(node.input), node.output[0], stride, padding, int(more.get("group", 1))))
    return FaceNet(steps, constants)
