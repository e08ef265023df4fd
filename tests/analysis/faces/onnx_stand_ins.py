"""Small networks with the interfaces of known face embedders, made in code: real ones are not ours to ship."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SFACE = 'name = "SFace"\nmean = 0\nscale = 1\nchannels = "BGR"\n'
AURAFACE = 'name = "AuraFace"\nmean = 127.5\nstd = 127.5\nchannels = "RGB"\n'
INT8 = 'name = "ArcFace int8"\nmean = 0\nscale = 1\nchannels = "RGB"\nflip = true\n'


def write_sface(folder: Path, name: str = "sface") -> Path:
    """Input "data" of exactly one face, BGR 0..255; 128 numbers."""
    return _write(folder, name, SFACE, _network("data", 1, 128))


def write_auraface(folder: Path, name: str = "glintr100", description: str = AURAFACE) -> Path:
    """Input "input.1" of any number of faces, RGB (x - 127.5) / 127.5; 512 numbers."""
    return _write(folder, name, description, _network("input.1", "batch", 512))


def write_int8(folder: Path, name: str = "arcface_int8") -> Path:
    """Input of quantised pixels, with QuantizeLinear and DequantizeLinear within; 512 numbers."""
    return _write(folder, name, INT8, _network("data", "batch", 512, quantised=True))


def write_network(folder: Path, name: str, description: str, **options: Any) -> Path:
    """As told by the options of `network`."""
    usual: dict[str, Any] = {"input_name": "x", "batch": "n", "size": 64}
    return _write(folder, name, description, _network(**(usual | options)))


def _write(folder: Path, name: str, description: str, model: onnx.ModelProto) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    onnx.save(model, path)
    path.with_suffix(".toml").write_text(description)
    return path


def _network(
    input_name: str,
    batch: int | str,
    size: int,
    *,
    quantised: bool = False,
    side: int = 112,
    seed: int = 1,
    factor: float = 1.0,
) -> onnx.ModelProto:
    """Averages squares, subtracts their mean and mixes them; `factor` 0 gives zeros, NaN no numbers."""
    rng = np.random.default_rng(seed)
    inside = 3 * (side // 8) ** 2
    weights = (rng.standard_normal((inside, size)) / inside**0.5 * factor).astype(np.float32)
    values = [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(np.array([0, -1]), "flat")]
    nodes, source = [], input_name
    if quantised:
        values += [
            numpy_helper.from_array(np.array(1, np.float32), "step"),
            numpy_helper.from_array(np.array(0, np.uint8), "zero"),
            numpy_helper.from_array(np.array(0.5, np.float32), "fine"),
        ]
        nodes = [
            helper.make_node("DequantizeLinear", [input_name, "step", "zero"], ["real"]),
            helper.make_node("QuantizeLinear", ["real", "step", "zero"], ["whole"]),
            helper.make_node("DequantizeLinear", ["whole", "fine", "zero"], ["pixels"]),
        ]
        source = "pixels"
    nodes += [
        helper.make_node("AveragePool", [source], ["small"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Reshape", ["small", "flat"], ["row"]),
        helper.make_node("ReduceMean", ["row"], ["middle"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["row", "middle"], ["even"]),
        helper.make_node("MatMul", ["even", "weights"], ["fc1"]),
    ]
    kind = TensorProto.UINT8 if quantised else TensorProto.FLOAT
    given = helper.make_tensor_value_info(input_name, kind, [batch, 3, side, side])
    found = helper.make_tensor_value_info("fc1", TensorProto.FLOAT, [batch, size])
    graph = helper.make_graph(nodes, "stand-in", [given], [found], values)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
