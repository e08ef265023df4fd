"""Builds and writes small ONNX files the same way, byte for byte, on every machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

OPSET = 13
IR_VERSION = 8  # the newest that every ONNX Runtime since 1.12 reads


class GraphBuilder:
    """Collects nodes and constants of a graph whose tensors are float32, in the order of execution."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        """Adds a constant and returns its name."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Adds an operator and returns the name of its output."""
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def model(
        self, name: str, input_shape: list[str | int], output: str, output_shape: list[str | int]
    ) -> onnx.ModelProto:
        """Returns the model of all nodes so far; its input is called "input"."""
        graph = helper.make_graph(
            self.nodes,
            name,
            [helper.make_tensor_value_info("input", onnx.TensorProto.FLOAT, input_shape)],
            [helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, output_shape)],
            initializer=self.constants,
        )
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="rollcall"
        )


def write_model(model: onnx.ModelProto, target: Path) -> None:
    """Checks the model and writes it so that equal models give equal bytes."""
    onnx.checker.check_model(model, full_check=True)
    target.write_bytes(model.SerializeToString(deterministic=True))
