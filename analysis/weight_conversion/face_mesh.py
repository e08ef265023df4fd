"""MediaPipe's face mesh: translates the operators of the TensorFlow Lite file to ONNX.

The file holds 97 operators of six kinds; the last two convolutions give the points and the presence of a face.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import tflite

from analysis.weight_conversion.onnx_file import write_model
from analysis.weight_conversion.tflite_graph import TfliteGraph

INPUT_SIZE = 192
POINTS = 468
PRELUS = 23


def convert(source: Path, target: Path) -> None:
    """Writes the network with input `(n, 3, 192, 192)`: RGB, 0..1.

    Outputs: "points" `(n, 468, 3)` in pixels of the input, and "presence" `(n,)`, the logit of there being a face.
    """
    translation = _FaceMeshTranslation(tflite.Model.GetRootAsModel(source.read_bytes(), 0))
    model = translation.run()
    if translation.prelus != PRELUS:
        raise ValueError(f"{source.name}: expected {PRELUS} parametric ReLUs, got {translation.prelus}")
    write_model(model, target)


class _FaceMeshTranslation(TfliteGraph):
    """One pass over the operators of the file."""

    def run(self) -> onnx.ModelProto:
        operator = tflite.BuiltinOperator
        translate: dict[int, Callable[[tflite.Operator], None]] = {
            operator.CONV_2D: self.convolution,
            operator.DEPTHWISE_CONV_2D: self.depthwise_convolution,
            operator.ADD: self.addition,
            operator.PRELU: self.activation,
            operator.MAX_POOL_2D: self.pooling,
            operator.PAD: self.widening,
        }
        for each in self.operators:
            translate[self.kind(each)](each)
        points, presence = (self.name(int(tensor)) for tensor in self.subgraph.OutputsAsNumpy())
        shapes = {"points": [0, POINTS, 3], "presence": [-1]}
        for name, source in (("points", points), ("presence", presence)):
            shape = self.graph.constant(f"{name}_shape", np.array(shapes[name], np.int64))
            self.graph.node("Reshape", [source, shape], name)
        model = self.graph.model("face_mesh", ["n", 3, INPUT_SIZE, INPUT_SIZE], "points", ["n", POINTS, 3])
        model.graph.output.append(onnx.helper.make_tensor_value_info("presence", onnx.TensorProto.FLOAT, ["n"]))
        return model

    def activation(self, operator: tflite.Operator) -> None:
        x, slopes = (int(tensor) for tensor in operator.InputsAsNumpy())
        self.parametric_relu(x, self.values(slopes), int(operator.Outputs(0)))

    def pooling(self, operator: tflite.Operator) -> None:
        x, out = int(operator.Inputs(0)), int(operator.Outputs(0))
        options = tflite.Pool2DOptions()
        self.read_options(operator, options)
        strides = [options.StrideH(), options.StrideW()]
        window = (options.FilterHeight(), options.FilterWidth())
        self.graph.node(
            "MaxPool",
            [self.name(x)],
            self.name(out),
            kernel_shape=list(window),
            strides=strides,
            pads=self.pads(x, out, strides, window),
        )

    def widening(self, operator: tflite.Operator) -> None:
        """Adds a PAD, which appends channels of zeros; raises ValueError if it does anything else."""
        x, out = int(operator.Inputs(0)), int(operator.Outputs(0))
        padding = self.model.Buffers(self.subgraph.Tensors(operator.Inputs(1)).Buffer()).DataAsNumpy()
        added = self.shape(out)[3] - self.shape(x)[3]
        if np.frombuffer(padding.tobytes(), "<i4").tolist() != [0, 0, 0, 0, 0, 0, 0, added]:
            raise ValueError(f"tensor {out}: only channels at the end are expected")
        pads = self.graph.constant(f"pads{out}", np.array([0, 0, 0, 0, 0, added, 0, 0], np.int64))
        self.graph.node("Pad", [self.name(x), pads], self.name(out))
