"""The finished model as ONNX, and the proof that it gives the same scores."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from analysis.training.models.build import ModelSpec, probabilities

ONNX_OPSET = 17
SAME_OUTPUT = 1e-4


class Scored(nn.Module):
    """The network with its temperature: probabilities `(n, labels)`."""

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self.network, self.temperature = network, temperature

    def forward(self, *views: Tensor) -> Tensor:
        logits: Tensor = self.network(*views)
        return probabilities(logits / self.temperature)


def onnx_bytes(network: nn.Module, spec: ModelSpec, temperature: float) -> bytes:
    """Returns an ONNX file: inputs as `spec.inputs`, float32 RGB 0..255; output "scores" `(n, labels)`, for any n."""
    memory = io.BytesIO()
    examples = tuple(torch.zeros(2, *spec.shape(view)) for view in spec.inputs)
    axes = {name: {0: "n"} for name in (*spec.inputs, "scores")}
    with warnings.catch_warnings():
        # The newer exporter needs another package and gives the same graph for these networks.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Scored(network, temperature).cpu().eval(),
            examples,
            memory,  # type: ignore[arg-type]
            input_names=list(spec.inputs),
            output_names=["scores"],
            dynamic_axes=axes,
            opset_version=ONNX_OPSET,
            dynamo=False,
        )
    return memory.getvalue()


@torch.inference_mode()
def onnx_difference(
    network: nn.Module, inputs: Sequence[str], views: Sequence[Tensor], temperature: float, path: Path
) -> float:
    """Returns the greatest difference of a score between torch and ONNX Runtime for views `(n, ...)`."""
    from analysis.device import CPU, open_session  # deferred: loads onnxruntime

    expected = Scored(network, temperature).cpu().eval()(*(view.float() for view in views)).numpy()
    session = open_session(path, threads=1, providers=[CPU])
    [found] = session.run(["scores"], {name: view.float().numpy() for name, view in zip(inputs, views, strict=True)})
    return float(np.abs(found - expected).max())
