"""`model_card.md`: what a model is, what it learned from, how good it is, where its limits are, under which licence."""

from __future__ import annotations

from pathlib import Path
from string import Template

from analysis.frozen_features import EFFICIENTNET, FACENET, FINDER, FrozenNetwork
from analysis.training.data.inputs import CLIP, FACE, PICTURE
from analysis.training.data.samples import TINY_TEST
from analysis.training.evaluation.intervals import accuracy_interval
from analysis.training.model_folder import write_whole
from analysis.training.models.build import BRANCHES
from analysis.training.run_document import ModelDocument, PartFigures, RunDocument, figures_of
from analysis.weights import EFFICIENTNET_LITE0, MOBILEFACENET, YUNET, Weight

TEMPLATE = Path(__file__).with_name("model_card_template.md")
BACKBONES: dict[FrozenNetwork, tuple[str, Weight]] = {
    EFFICIENTNET: ("EfficientNet-Lite0, trained on ImageNet", EFFICIENTNET_LITE0),
    FACENET: ("MobileFaceNet, trained to tell faces apart", MOBILEFACENET),
    FINDER: ("YuNet, trained to find faces", YUNET),
}
INPUTS = {
    PICTURE: "the whole picture, stretched to a square",
    FACE: "the face, cut out and turned upright",
    CLIP: "frames spread evenly over the clip",
}
PARTS = {"test": "the test set, which was used for nothing else", "validation": "the validation set"}
WEAK_F1 = 0.8
"""A label below this is named among the limits."""


def write_card(target: Path, run: RunDocument) -> None:
    write_whole(target, card_of(run).encode())


def card_of(run: RunDocument) -> str:
    """Returns the card as Markdown."""
    split = run["split"]
    figures = [(part, figures_of(run, part)) for part in PARTS]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        labels=", ".join(run["labels"]),
        why=run["why"],
        recipe=f"{run['recipe']} ({run['chosen_recipe']})",
        trained=f"{run['created']} with seed {run['config']['seed']} on {run['device']}",
        parameters=f"{run['parameters']:,}",
        temperature=f"{run['temperature']:.3f}",
        threshold=f"{run['threshold']:.3f}",
        versions=", ".join(f"{name} {version}" for name, version in run["versions"].items()),
        train=split["train"],
        sources=split["sources"],
        validation=split["validation"],
        test=split["test"],
        method=split["method"],
        folds=f", cross-validated in {split['folds']} folds" if "folds" in split else "",
        together=f"; grouped by {', '.join(split['grouped_by'])}" if split["grouped_by"] else "",
        label_table=_table(["label", "samples"], [[label, str(n)] for label, n in sorted(split["labels"].items())]),
        data_fingerprint=run["data_fingerprint"],
        figures="".join(_figures(part, each) for part, each in figures if each is not None),
        limits="\n".join(_limits(run)),
        inputs="; ".join(f"`{view}`, {INPUTS[view]}" for view in run["model"]["inputs"]),
        rule=_rule(run),
        licences=_licences(run["model"]),
    )


def _figures(part: str, figures: PartFigures) -> str:
    low, high = accuracy_interval(figures)
    rows = [
        [label, f"{each['precision']:.3f}", f"{each['recall']:.3f}", f"{each['f1']:.3f}", str(each["count"])]
        for label, each in figures["per_label"].items()
    ]
    few = "With so few samples, these metrics are not reliable.\n\n" if figures["count"] < TINY_TEST else ""
    return (
        f"## Metrics on {PARTS[part]}\n\n"
        f"Accuracy {figures['accuracy']:.1%} (95 % interval {low:.1%} to {high:.1%}) on {figures['count']} samples "
        f"from {figures['sources']} sources; macro F1 {figures['macro_f1']:.3f}, calibration error "
        f"{figures['expected_calibration_error']:.3f}.\n\n"
        f"{few}{_table(['label', 'precision', 'recall', 'F1', 'samples'], rows)}\n\n"
    )


def _limits(run: RunDocument) -> list[str]:
    figures = run["test"] or run["validation"]
    weak = [label for label, each in figures["per_label"].items() if each["f1"] < WEAK_F1]
    lines = [f"- Weak at: {', '.join(weak)} (F1 below {WEAK_F1})."] if weak else []
    if run["test"] is None:
        lines.append("- There was no test set: its settings were chosen with the samples it was measured on.")
    return lines + [f"- Warning: {each['text']}." for each in run["warnings"]]


def _rule(run: RunDocument) -> str:
    if len(run["labels"]) == 2:
        return f"The second label is predicted at a score of {run['threshold']:.3f} or more, otherwise the first."
    return "The label with the highest score is predicted."


def _licences(model: ModelDocument) -> str:
    networks = {BRANCHES[branch].backbone for branch in model["branches"]}
    if model["kind"] == "finetune":
        networks.add(EFFICIENTNET)
    lines = sorted(f"- {title}: {weight.licence}" for title, weight in map(BACKBONES.__getitem__, networks))
    return "\n".join(["\nIt contains weights made by others:\n", *lines]) if lines else ""


def _table(head: list[str], rows: list[list[str]]) -> str:
    """Returns a Markdown table; a label may hold anything, a table's border included."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *cells])
