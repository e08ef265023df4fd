"""MobileFaceNet: translates the operators of the TensorFlow Lite file to ONNX.

The file holds 230 operators of eight kinds. Each parametric ReLU is composed of five of them,
`relu(x) + c * (x - |x|)`; with the slope `s = 2 c` that is one of `TfliteGraph`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import tflite
from numpy.typing import NDArray

from analysis.weight_conversion.onnx_file import write_model
from analysis.weight_conversion.tflite_graph import TfliteGraph

INPUT_SIZE = 112
OUTPUT_LENGTH = 192
PRELUS = 33


def convert(source: Path, target: Path) -> None:
    """Writes the network with input `(n, 3, 112, 112)`: RGB, `(value - 127.5) / 128`; output "embedding" `(n, 192)`."""
    translation = _MobileFaceNetTranslation(tflite.Model.GetRootAsModel(source.read_bytes(), 0))
    model = translation.run()
    if translation.prelus != PRELUS:
        raise ValueError(f"{source.name}: expected {PRELUS} parametric ReLUs, got {translation.prelus}")
    write_model(model, target)


class _MobileFaceNetTranslation(TfliteGraph):
    """One pass over the operators of the file."""

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

    def addition(self, operator: tflite.Operator) -> None:
        """Adds a sum, or the parametric ReLU that it closes."""
        left, right = (int(tensor) for tensor in operator.InputsAsNumpy())
        if self.kind(self.maker[left]) != tflite.BuiltinOperator.RELU:
            super().addition(operator)
            return
        x = int(self.maker[left].Inputs(0))
        self.parametric_relu(x, 2 * self.negative_part(right, x), int(operator.Outputs(0)))

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
