"""`model_card.md`: what a model is, what it learned from, how good it is, where its limits are, under which licence."""

from __future__ import annotations

from pathlib import Path
from string import Template

from analysis.frozen_features import EFFICIENTNET, FACENET, FINDER, FrozenNetwork
from analysis.training.data.inputs import CLIP, FACE, PICTURE
from analysis.training.data.samples import TINY_TEST
from analysis.training.evaluation.card_words import ENGLISH, CardWords
from analysis.training.evaluation.intervals import accuracy_interval
from analysis.training.model_folder import write_whole
from analysis.training.models.build import BRANCHES
from analysis.training.run_document import ModelDocument, PartFigures, RunDocument, figures_of
from analysis.weights import EFFICIENTNET_LITE0, MOBILEFACENET, YUNET, Weight

BACKBONES: dict[FrozenNetwork, tuple[str, Weight]] = {
    EFFICIENTNET: ("EfficientNet-Lite0, trained on ImageNet", EFFICIENTNET_LITE0),
    FACENET: ("MobileFaceNet, trained to tell faces apart", MOBILEFACENET),
    FINDER: ("YuNet, trained to find faces", YUNET),
}
PARTS = ("test", "validation")
WEAK_F1 = 0.8
"""A label below this is named among the limits."""


def write_card(target: Path, run: RunDocument) -> None:
    write_whole(target, card_of(run).encode())


def card_of(run: RunDocument, words: CardWords = ENGLISH) -> str:
    """Returns the card as Markdown; `why` and the texts of warnings stand in it as `run` has them."""
    split = run["split"]
    groups = words.separator.join(split["grouped_by"])
    inputs = {PICTURE: words.picture, FACE: words.face, CLIP: words.clip}
    figures = [(getattr(words, part), figures_of(run, part)) for part in PARTS]
    return Template(words.template.read_text(encoding="utf-8")).substitute(
        labels=words.separator.join(run["labels"]),
        why=run["why"],
        recipe=f"{run['recipe']} ({run['chosen_recipe']})",
        trained=words.trained.format(created=run["created"], seed=run["config"]["seed"], device=run["device"]),
        parameters=f"{run['parameters']:,}",
        temperature=f"{run['temperature']:.3f}",
        threshold=f"{run['threshold']:.3f}",
        versions=words.separator.join(f"{name} {version}" for name, version in run["versions"].items()),
        train=split["train"],
        sources=split["sources"],
        validation=split["validation"],
        test=split["test"],
        method=split["method"],
        folds=words.folds.format(n=split["folds"]) if "folds" in split else "",
        together=words.grouped_by.format(groups=groups) if groups else "",
        label_table=_table(
            [words.columns[0], words.columns[-1]], [[label, str(n)] for label, n in sorted(split["labels"].items())]
        ),
        data_fingerprint=run["data_fingerprint"],
        figures="".join(_figures(part, each, words) for part, each in figures if each is not None),
        limits="\n".join(_limits(run, words)),
        inputs="; ".join(f"`{view}`, {inputs[view]}" for view in run["model"]["inputs"]),
        rule=(words.rule_of_two if len(run["labels"]) == 2 else words.rule).format(threshold=run["threshold"]),
        licences=_licences(run["model"], words),
    )


def _figures(part: str, figures: PartFigures, words: CardWords) -> str:
    low, high = accuracy_interval(figures)
    rows = [
        [label, f"{each['precision']:.3f}", f"{each['recall']:.3f}", f"{each['f1']:.3f}", str(each["count"])]
        for label, each in figures["per_label"].items()
    ]
    few = f"{words.few}\n\n" if figures["count"] < TINY_TEST else ""
    headline = words.headline.format(
        accuracy=figures["accuracy"],
        low=low,
        high=high,
        count=figures["count"],
        sources=figures["sources"],
        macro_f1=figures["macro_f1"],
        error=figures["expected_calibration_error"],
    )
    return f"## {words.metrics.format(part=part)}\n\n{headline}\n\n{few}{_table(list(words.columns), rows)}\n\n"


def _limits(run: RunDocument, words: CardWords) -> list[str]:
    figures = run["test"] or run["validation"]
    weak = [label for label, each in figures["per_label"].items() if each["f1"] < WEAK_F1]
    lines = [words.weak.format(labels=words.separator.join(weak), limit=WEAK_F1)] if weak else []
    if run["test"] is None:
        lines.append(words.untested)
    return lines + [words.warning.format(text=each["text"]) for each in run["warnings"]]


def _licences(model: ModelDocument, words: CardWords) -> str:
    networks = {BRANCHES[branch].backbone for branch in model["branches"]}
    if model["kind"] == "finetune":
        networks.add(EFFICIENTNET)
    lines = sorted(f"- {title}: {weight.licence}" for title, weight in map(BACKBONES.__getitem__, networks))
    return "\n".join([f"\n{words.others_weights}\n", *lines]) if lines else ""


def _table(head: list[str], rows: list[list[str]]) -> str:
    """Returns a Markdown table; a label may hold anything, a table's border included."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *cells])
