"""The networks for faces as torch modules, so that their inner layers can be used, tuned and explained.

The installed ONNX files (see `analysis.weight_conversion`) hold few kinds of nodes; this reads them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from analysis.frozen_features import FACENET, FINDER, FrozenNetwork
from analysis.weights import verified_path

KINDS = ("Conv", "Add", "Mul", "Relu", "Flatten", "MaxPool", "Resize")


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One node: what it does, to which tensors, under which name its result goes on."""

    kind: str
    inputs: tuple[str, ...]
    output: str
    stride: int = 1
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Left, right, top, bottom."""
    groups: int = 1


class FaceNet(nn.Module):
    """`(n, 3, h, w)` RGB 0..255 in; `maps` gives the tensors asked for, `forward` the last one."""

    def __init__(self, nodes: Sequence[GraphNode], constants: Mapping[str, Tensor], given_as: FrozenNetwork) -> None:
        super().__init__()
        self.nodes, self.given_as = tuple(nodes), given_as
        self.constants = nn.ParameterDict({name: nn.Parameter(value) for name, value in constants.items()})

    def maps(self, x: Tensor, names: Sequence[str]) -> list[Tensor]:
        ordered = x.flip(1) if self.given_as.as_bgr else x
        known: dict[str, Tensor] = {"input": (ordered - self.given_as.middle) / self.given_as.scale}
        left = set(names)
        for node in self.nodes:
            known[node.output] = self._run(node, [self._value(name, known) for name in node.inputs])
            left.discard(node.output)
            if not left:
                break
        return [known[name] for name in names]

    def forward(self, x: Tensor) -> Tensor:
        return self.maps(x, [self.nodes[-1].output])[0]

    def _value(self, name: str, known: Mapping[str, Tensor]) -> Tensor:
        return known[name] if name in known else self.constants[name]

    def _run(self, node: GraphNode, values: list[Tensor]) -> Tensor:
        if node.kind == "Conv":
            x = functional.pad(values[0], node.padding) if any(node.padding) else values[0]
            return functional.conv2d(x, values[1], values[2], node.stride, 0, 1, node.groups)
        if node.kind == "Add":
            return values[0] + values[1]
        if node.kind == "Mul":
            return values[0] * values[1]
        if node.kind == "Relu":
            return functional.relu(values[0])
        if node.kind == "MaxPool":
            return functional.max_pool2d(values[0], node.stride)
        return doubled(values[0]) if node.kind == "Resize" else values[0].flatten(1)


def doubled(x: Tensor) -> Tensor:
    """Returns a map whose every cell became four, by two products of matrices, which every runtime rounds alike."""
    rows, columns = (torch.eye(int(side)).repeat_interleave(2, 0).to(x) for side in x.shape[2:])
    return rows @ x @ columns.T


def load_facenet() -> FaceNet:
    """Returns MobileFaceNet, `(n, 3, 112, 112)` -> `(n, 192)`, with the verified weights; raises MissingWeights."""
    return read_facenet(FACENET)


def load_finder() -> FaceNet:
    """Returns YuNet up to the maps that its scores are made of, sides a multiple of 32; raises MissingWeights."""
    return read_facenet(FINDER)


def read_facenet(network: FrozenNetwork) -> FaceNet:
    """Returns everything before the first node of another kind. Raises ValueError where that is the first node."""
    import onnx  # deferred: rarely needed
    from onnx import numpy_helper  # deferred: rarely needed

    graph = onnx.load(str(verified_path(network.weight))).graph
    constants = {_name(i.name): torch.from_numpy(np.array(numpy_helper.to_array(i))) for i in graph.initializer}
    nodes = []
    for node in takewhile(lambda node: node.op_type in KINDS, graph.node):
        more = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        top, left, bottom, right = more.get("pads", (0, 0, 0, 0))
        stride = int(more.get("strides", (1, 1))[0])
        padding = (left, right, top, bottom)
        inputs = tuple(map(_name, node.input))
        nodes.append(GraphNode(node.op_type, inputs, _name(node.output[0]), stride, padding, int(more.get("group", 1))))
    if not nodes:
        raise ValueError(f"{network.weight.file_name}: a node of the kind {graph.node[0].op_type} is not expected")
    read = {name for node in nodes for name in node.inputs}
    return FaceNet(nodes, {name: value for name, value in constants.items() if name in read}, network)


def _name(name: str) -> str:
    """Parameters of torch bear no points in their names."""
    return name.replace(".", "_")
