"""MobileFaceNet: reads the TensorFlow Lite file with its flatbuffer schema and writes the same network as ONNX.

The file holds 230 operators of eight kinds. Each parametric ReLU is composed of five of them,
`relu(x) + c * (x - |x|)`; with the slope `s = 2 c` that is `s * x + (1 - s) * relu(x)`, which is written here: ONNX
Runtime's own PRelu is so slow on CPUs that the whole network would take 2.9 times as long (9.4 ms a face instead of
3.3). Filters are transposed from TensorFlow's layouts to NCHW.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import tflite
from numpy.typing import NDArray

from analysis.weight_conversion.onnx_file import GraphBuilder, write_model

INPUT_SIZE = 112
OUTPUT_LENGTH = 192
PRELUS = 33


def convert(source: Path, target: Path) -> None:
    """Writes the network with input `(n, 3, 112, 112)`: RGB, `(value - 127.5) / 128`; output "embedding" `(n, 192)`."""
    translation = _Translation(tflite.Model.GetRootAsModel(source.read_bytes(), 0))
    model = translation.run()
    if translation.prelus != PRELUS:
        raise ValueError(f"{source.name}: expected {PRELUS} parametric ReLUs, got {translation.prelus}")
    write_model(model, target)


class _Translation:
    """One pass over the operators of the file; tensors keep their numbers as names."""

    def __init__(self, model: tflite.Model) -> None:
        self.model = model
        self.subgraph = model.Subgraphs(0)
        self.graph = GraphBuilder()
        self.prelus = 0
        self.operators = [self.subgraph.Operators(i) for i in range(self.subgraph.OperatorsLength())]
        self.maker = {int(operator.OutputsAsNumpy()[0]): operator for operator in self.operators}

    def run(self) -> onnx.ModelProto:
        operator = tflite.BuiltinOperator
        # RELU, ABS, SUB and MUL occur only inside a parametric ReLU, which its closing ADD translates as a whole.
        translate: dict[int, Callable[[tflite.Operator], None] | None] = {
            operator.CONV_2D: self.convolution,
            operator.DEPTHWISE_CONV_2D: self.depthwise_convolution,
            operator.ADD: self.addition,
            operator.RESHAPE: self.flatten,
            operator.RELU: None,
            operator.ABS: None,
            operator.SUB: None,
            operator.MUL: None,
        }
        for each in self.operators:
            action = translate[self.kind(each)]
            if action is not None:
                action(each)
        return self.graph.model("mobilefacenet", ["n", 3, INPUT_SIZE, INPUT_SIZE], "embedding", ["n", OUTPUT_LENGTH])

    def kind(self, operator: tflite.Operator) -> int:
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        # Old files fill only the deprecated field, new ones both or only the other.
        return int(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()))

    def name(self, tensor: int) -> str:
        return "input" if tensor == int(self.subgraph.InputsAsNumpy()[0]) else f"t{tensor}"

    def shape(self, tensor: int) -> tuple[int, ...]:
        return tuple(int(side) for side in self.subgraph.Tensors(tensor).ShapeAsNumpy())

    def values(self, tensor: int) -> NDArray[np.float32]:
        described = self.subgraph.Tensors(tensor)
        if described.Type() != tflite.TensorType.FLOAT32:
            raise ValueError(f"tensor {tensor}: expected float32")
        data = self.model.Buffers(described.Buffer()).DataAsNumpy()
        return np.frombuffer(data.tobytes(), "<f4").reshape(self.shape(tensor))

    def is_constant(self, tensor: int) -> bool:
        return bool(self.model.Buffers(self.subgraph.Tensors(tensor).Buffer()).DataLength())

    def convolution(self, operator: tflite.Operator) -> None:
        options = tflite.Conv2DOptions()
        self._convolution(operator, options, self.values(operator.Inputs(1)).transpose(0, 3, 1, 2), groups=1)

    def depthwise_convolution(self, operator: tflite.Operator) -> None:
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
        table = operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        if options.FusedActivationFunction() != tflite.ActivationFunctionType.NONE:
            raise ValueError(f"tensor {out}: a fused activation is not expected")
        strides = [options.StrideH(), options.StrideW()]
        before, after = [], []
        for axis in (0, 1):
            needed = (self.shape(out)[1 + axis] - 1) * strides[axis] + filters.shape[2 + axis]
            padding = max(needed - self.shape(x)[1 + axis], 0)
            before.append(padding // 2)
            after.append(padding - padding // 2)
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
            pads=before + after,
            group=groups,
        )

    def addition(self, operator: tflite.Operator) -> None:
        left, right = (int(tensor) for tensor in operator.InputsAsNumpy())
        out = self.name(int(operator.Outputs(0)))
        if self.kind(self.maker[left]) != tflite.BuiltinOperator.RELU:
            self.graph.node("Add", [self.name(left), self.name(right)], out)
            return
        x = int(self.maker[left].Inputs(0))
        slopes = 2 * self.negative_part(right, x).reshape(-1, 1, 1)
        graph, source = self.graph, self.name(x)
        straight = graph.node("Mul", [source, graph.constant(f"{out}_slopes", slopes)], f"{out}_straight")
        positive = graph.node("Relu", [source], f"{out}_positive")
        bend = graph.node("Mul", [positive, graph.constant(f"{out}_bends", 1 - slopes)], f"{out}_bend")
        graph.node("Add", [straight, bend], out)
        self.prelus += 1

    def negative_part(self, product: int, x: int) -> NDArray[np.float32]:
        """Returns the constant `c` of `c * (x - |x|)`; raises ValueError if the operators are anything else."""
        factors = [int(tensor) for tensor in self.maker[product].InputsAsNumpy()]
        constants = [tensor for tensor in factors if self.is_constant(tensor)]
        differences = [tensor for tensor in factors if not self.is_constant(tensor)]
        if len(constants) == len(differences) == 1:
            minuend, subtrahend = (int(tensor) for tensor in self.maker[differences[0]].InputsAsNumpy())
            absolute = self.maker[subtrahend]
            if minuend == x and self.kind(absolute) == tflite.BuiltinOperator.ABS and int(absolute.Inputs(0)) == x:
                return self.values(constants[0])
        raise ValueError(f"tensor {product}: not the negative part of a parametric ReLU")

    def flatten(self, operator: tflite.Operator) -> None:
        self.graph.node("Flatten", [self.name(int(operator.Inputs(0)))], "embedding")
