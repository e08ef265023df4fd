"""Reads TensorFlow Lite files with their flatbuffer schema and writes their layers as ONNX: what conversions share.

Filters are transposed from TensorFlow's layouts to NCHW.
"""

from __future__ import annotations

import numpy as np
import tflite
from numpy.typing import NDArray

from analysis.weight_conversion.onnx_file import GraphBuilder


class TfliteGraph:
    """The operators of one float32 network, in order, and the ONNX graph made of them; tensors keep their numbers."""

    def __init__(self, model: tflite.Model) -> None:
        self.model = model
        self.subgraph = model.Subgraphs(0)
        self.graph = GraphBuilder()
        self.prelus = 0
        self.operators = [self.subgraph.Operators(i) for i in range(self.subgraph.OperatorsLength())]
        self.maker = {int(operator.OutputsAsNumpy()[0]): operator for operator in self.operators}

    def kind(self, operator: tflite.Operator) -> int:
        """Returns the operator's code."""
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        # Old files fill only the deprecated field, new ones both or only the other.
        return int(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()))

    def name(self, tensor: int) -> str:
        """Returns the tensor's name in the ONNX graph."""
        return "input" if tensor == int(self.subgraph.InputsAsNumpy()[0]) else f"t{tensor}"

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Returns the tensor's shape in TensorFlow's layout."""
        return tuple(int(side) for side in self.subgraph.Tensors(tensor).ShapeAsNumpy())

    def values(self, tensor: int) -> NDArray[np.float32]:
        """Returns a constant; raises ValueError if it is not float32."""
        described = self.subgraph.Tensors(tensor)
        if described.Type() != tflite.TensorType.FLOAT32:
            raise ValueError(f"tensor {tensor}: expected float32")
        data = self.model.Buffers(described.Buffer()).DataAsNumpy()
        return np.frombuffer(data.tobytes(), "<f4").reshape(self.shape(tensor))

    def is_constant(self, tensor: int) -> bool:
        """Tells whether the file holds the tensor's values."""
        return bool(self.model.Buffers(self.subgraph.Tensors(tensor).Buffer()).DataLength())

    def convolution(self, operator: tflite.Operator) -> None:
        """Adds a CONV_2D."""
        options = tflite.Conv2DOptions()
        self._convolution(operator, options, self.values(operator.Inputs(1)).transpose(0, 3, 1, 2), groups=1)

    def depthwise_convolution(self, operator: tflite.Operator) -> None:
        """Adds a DEPTHWISE_CONV_2D."""
        options = tflite.DepthwiseConv2DOptions()
        filters = self.values(operator.Inputs(1)).transpose(3, 0, 1, 2)
        self._convolution(operator, options, filters, groups=len(filters))

    def _convolution(
        self,
        operator: tflite.Operator,
        options: tflite.Conv2DOptions | tflite.DepthwiseConv2DOptions,
        filters: NDArray[np.float32],
        groups: int,
    ) -> None:
        x, weights, bias = (int(tensor) for tensor in operator.InputsAsNumpy())
        out = int(operator.Outputs(0))
        self.read_options(operator, options)
        strides = [options.StrideH(), options.StrideW()]
        inputs = [
            self.name(x),
            self.graph.constant(f"filters{weights}", filters),
            self.graph.constant(f"bias{bias}", self.values(bias)),
        ]
        self.graph.node(
            "Conv",
            inputs,
            self.name(out),
            kernel_shape=list(filters.shape[2:]),
            strides=strides,
            pads=self.pads(x, out, strides, filters.shape[2:]),
            group=groups,
        )

    def read_options(
        self,
        operator: tflite.Operator,
        options: tflite.Conv2DOptions | tflite.DepthwiseConv2DOptions | tflite.Pool2DOptions,
    ) -> None:
        """Fills the options; raises ValueError for an activation inside the operator, which none of our files has."""
        table = operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        if options.FusedActivationFunction() != tflite.ActivationFunctionType.NONE:
            raise ValueError(f"tensor {int(operator.Outputs(0))}: a fused activation is not expected")

    def pads(self, x: int, out: int, strides: list[int], window: tuple[int, ...]) -> list[int]:
        """Returns the padding as ONNX lists it; TensorFlow puts an odd row or column at the bottom and the right."""
        before, after = [], []
        for axis in (0, 1):
            needed = (self.shape(out)[1 + axis] - 1) * strides[axis] + window[axis]
            padding = max(needed - self.shape(x)[1 + axis], 0)
            before.append(padding // 2)
            after.append(padding - padding // 2)
        return before + after

    def addition(self, operator: tflite.Operator) -> None:
        """Adds an ADD of two tensors."""
        left, right = (self.name(int(tensor)) for tensor in operator.InputsAsNumpy())
        self.graph.node("Add", [left, right], self.name(int(operator.Outputs(0))))

    def parametric_relu(self, x: int, slopes: NDArray[np.float32], out: int) -> None:
        """Adds `s * x + (1 - s) * relu(x)` for slopes (channels,).

        ONNX Runtime's own PRelu is so slow on CPUs that MobileFaceNet would take 2.9 times as long (9.4 ms a face
        instead of 3.3).
        """
        graph, source, name = self.graph, self.name(x), self.name(out)
        slopes = slopes.reshape(-1, 1, 1)
        straight = graph.node("Mul", [source, graph.constant(f"{name}_slopes", slopes)], f"{name}_straight")
        positive = graph.node("Relu", [source], f"{name}_positive")
        bend = graph.node("Mul", [positive, graph.constant(f"{name}_bends", 1 - slopes)], f"{name}_bend")
        graph.node("Add", [straight, bend], name)
        self.prelus += 1
