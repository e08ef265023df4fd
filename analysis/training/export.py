"""The finished model as files: torch, ONNX, and a page that tells people what it is."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from analysis.training.checkpoint import write_whole
from analysis.training.evaluate import TINY_TEST
from analysis.training.models import ModelSpec, probabilities

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
    """Inputs named as in `spec.inputs`, float32 RGB 0..255, any number of samples; output "scores" `(n, labels)`."""
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
    """Greatest difference of a score between torch and ONNX Runtime for samples `(n, ...)` of each input."""
    from analysis.device import CPU, open_session

    expected = Scored(network, temperature).cpu().eval()(*(view.float() for view in views)).numpy()
    session = open_session(path, threads=1, providers=[CPU])
    [found] = session.run(["scores"], {name: view.float().numpy() for name, view in zip(inputs, views, strict=True)})
    return float(np.abs(found - expected).max())


def write_card(target: Path, run: dict[str, Any]) -> None:
    """`model_card.md`."""
    lines = [
        f"# Model: {', '.join(run['labels'])}",
        "",
        run["why"],
        "",
        "| | |",
        "|---|---|",
        f"| Recipe | {run['recipe']} ({run['chosen_recipe']}) |",
        f"| Trained | {run['created']} with seed {run['config']['seed']} |",
        f"| Learned from | {run['split']['train']} samples from {run['split']['sources']} sources |",
        f"| Split | {run['split']['method']} |",
        f"| Parameters | {run['parameters']:,} |",
        f"| Temperature, threshold | {run['temperature']:.3f}, {run['threshold']:.3f} (chosen without the test part) |",
        "",
    ]
    for part in ("validation", "test"):
        if run[part] is not None:
            lines += _figures(part, run[part])
    lines += ["## Warnings", "", *[f"- {each['text']}." for each in run["warnings"]]] if run["warnings"] else []
    lines += [
        "",
        "## Use",
        "",
        f"`model.onnx` takes {', '.join(f'`{view}`' for view in run['model']['inputs'])} as RGB 0..255 and gives "
        "`scores`, one for each label in the order above. It knows only these labels: anything else is put under "
        "one of them. Look at what it says before anybody is judged by it.",
        "",
    ]
    write_whole(target, "\n".join(lines).encode())


def _figures(part: str, figures: dict[str, Any]) -> list[str]:
    low, high = figures["accuracy_interval"]
    lines = [
        f"## On the {part} part",
        "",
        f"{figures['accuracy']:.1%} right (95 % of the time between {low:.1%} and {high:.1%}), "
        f"measured on {figures['count']} samples from {figures['sources']} sources; "
        f"macro F1 {figures['macro_f1']:.3f}, calibration error {figures['expected_calibration_error']:.3f}.",
        "",
    ]
    if figures["count"] < TINY_TEST:
        lines += ["So few samples say little.", ""]
    lines += ["| label | precision | recall | F1 | samples |", "|---|---|---|---|---|"]
    for label, each in figures["per_label"].items():
        numbers = " | ".join(f"{each[name]:.3f}" for name in ("precision", "recall", "f1"))
        lines.append(f"| {label} | {numbers} | {each['count']} |")
    return [*lines, ""]
