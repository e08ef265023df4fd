"""`model_card.md`: what a model is, what it learned from, how good it is, where its limits are, under which licence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analysis.training.checkpoint import write_whole
from analysis.training.data.inputs import CLIP, FACE, PICTURE
from analysis.training.evaluation.evaluate import TINY_TEST
from analysis.training.models.build import BRANCHES
from analysis.weights import EFFICIENTNET_LITE0, MOBILEFACENET, YUNET, Weight

BACKBONES: dict[str, tuple[str, Weight]] = {
    "efficientnet": ("EfficientNet-Lite0, trained on ImageNet", EFFICIENTNET_LITE0),
    "facenet": ("MobileFaceNet, trained to tell faces apart", MOBILEFACENET),
    "finder": ("YuNet, trained to find faces", YUNET),
}
SEEN = {
    PICTURE: "the whole picture, stretched to a square",
    FACE: "the face, cut out and turned upright",
    CLIP: "frames spread evenly over the clip",
}
SURE_PARTS = {"test": "the test part, which nothing was chosen with", "validation": "the validation part"}
WEAK_F1 = 0.8
"""A label below this is named among the limits."""


def write_card(target: Path, run: dict[str, Any]) -> None:
    write_whole(target, card_of(run).encode())


def card_of(run: dict[str, Any]) -> str:
    """`run` is the content of `run.json`."""
    sections = [_head(run), _data(run)]
    sections += [_figures(part, run[part]) for part in ("test", "validation") if run[part] is not None]
    sections += [_limits(run), _use(run), _licence(run)]
    return "\n".join(line for section in sections for line in [*section, ""])


def _head(run: dict[str, Any]) -> list[str]:
    return [
        f"# Model: {', '.join(run['labels'])}",
        "",
        run["why"],
        "",
        "| | |",
        "|---|---|",
        f"| Recipe | {run['recipe']} ({run['chosen_recipe']}) |",
        f"| Trained | {run['created']} with seed {run['config']['seed']} on {run['device']} |",
        f"| Parameters | {run['parameters']:,} |",
        f"| Temperature, threshold | {run['temperature']:.3f}, {run['threshold']:.3f} (chosen without the test part) |",
        f"| Made with | {', '.join(f'{name} {version}' for name, version in run['versions'].items())} |",
    ]


def _data(run: dict[str, Any]) -> list[str]:
    split = run["split"]
    together = f"; kept together: {', '.join(split['grouped_by'])}" if split["grouped_by"] else ""
    folds = f", cross-validated in {split['folds']} folds" if "folds" in split else ""
    return [
        "## Data",
        "",
        f"Learned from {split['train']} samples of {split['sources']} sources{folds}; checked with "
        f"{split['validation']}, tested with {split['test']}. Split: {split['method']}{together}.",
        "",
        "| label | samples |",
        "|---|---|",
        *[f"| {_cell(label)} | {count} |" for label, count in sorted(split["labels"].items())],
        "",
        f"Fingerprint of contents, labels, sources and parts: `{run['data_fingerprint']}`",
    ]


def _figures(part: str, figures: dict[str, Any]) -> list[str]:
    low, high = figures["accuracy_interval"]
    lines = [
        f"## Metrics on {SURE_PARTS[part]}",
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
        lines.append(f"| {_cell(label)} | {numbers} | {each['count']} |")
    return lines


def _limits(run: dict[str, Any]) -> list[str]:
    figures = run["test"] or run["validation"]
    weak = [label for label, each in figures["per_label"].items() if each["f1"] < WEAK_F1]
    lines = [
        "## Limits",
        "",
        "- It knows only these labels: anything else is put under one of them.",
        "- The figures hold for pictures like those that it was measured on; others can do worse.",
        "- Whether it does equally well for all groups of people was not measured, unless the labels say it.",
        "- Scores are calibrated on the validation part; on other kinds of pictures they may be too sure.",
    ]
    if weak:
        lines.append(f"- Weak at: {', '.join(weak)} (F1 below {WEAK_F1}).")
    if run["test"] is None:
        lines.append("- There was no test part: its settings were chosen with the samples that it was measured on.")
    lines += [f"- Warning: {each['text']}." for each in run["warnings"]]
    return [*lines, "", "Look at what it says before anybody is judged by it."]


def _use(run: dict[str, Any]) -> list[str]:
    inputs = "; ".join(f"`{view}`, {SEEN[view]}" for view in run["model"]["inputs"])
    return [
        "## Use",
        "",
        f"`model.onnx` takes {inputs}, as RGB 0..255, and gives `scores`, one for each label in the order "
        f"{', '.join(run['labels'])}. With two labels the second is said from a score of {run['threshold']:.3f} on, "
        "otherwise the label with the highest score.",
        "",
        "`python -m analysis predict FOLDER picture.jpg --out said.json` does all of it.",
    ]


def _licence(run: dict[str, Any]) -> list[str]:
    model = run["model"]
    names = {BRANCHES[branch].backbone for branch in model["branches"]}
    if model["kind"] == "finetune":
        names.add("efficientnet")
    lines = [
        "## Licence",
        "",
        "What was learned from the samples belongs to those whose samples they are: Rollcall claims no rights in it. "
        "Whether the model may be passed on depends on the rights in the samples and on the consent of the people "
        "in them.",
    ]
    if names:
        lines += ["", "It contains weights of others:", ""]
        lines += [f"- {BACKBONES[name][0]}: {BACKBONES[name][1].licence}" for name in sorted(names)]
    return lines


def _cell(name: str) -> str:
    """A label may hold anything, a table's border included."""
    return name.replace("|", "\\|").replace("\n", " ")
