"""YuNet: the published ONNX file fixes batch and picture size; this frees both.

Its twelve Reshape nodes flatten `(1, h, w, c)` to the constant `[1, -1, c]`; with `[0, -1, c]` the batch size is kept.
"""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import numpy_helper

from analysis.weight_conversion.onnx_file import write_model


def convert(source: Path, target: Path) -> None:
    """Writes YuNet with input `(n, 3, h, w)`: BGR, 0..255, `h` and `w` multiples of 32."""
    model = onnx.load(str(source))
    graph = model.graph
    shapes = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for constant in graph.initializer:
        if constant.name in shapes:
            shape = numpy_helper.to_array(constant).copy()
            shape[0] = 0
            constant.CopyFrom(numpy_helper.from_array(shape, constant.name))
    free_dimension(graph.input[0], 0, "n")
    free_dimension(graph.input[0], 2, "height")
    free_dimension(graph.input[0], 3, "width")
    for output in graph.output:
        free_dimension(output, 0, "n")
        free_dimension(output, 1, f"cells_{output.name.rsplit('_', 1)[1]}")
    del graph.value_info[:]
    write_model(model, target)


def free_dimension(value: onnx.ValueInfoProto, axis: int, name: str) -> None:
    """Makes a dimension of an input or output dynamic, under this name."""
    dimension = value.type.tensor_type.shape.dim[axis]
    dimension.Clear()
    dimension.dim_param = name
