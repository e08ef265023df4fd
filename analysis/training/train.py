"""From labelled samples to a model with honest numbers, in one function that reads top to bottom."""

from __future__ import annotations

import csv
import datetime
import io
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from analysis.errors import TrainingDiverged, UnusableTrainingData
from analysis.spreadsheet_cells import guarded_row
from analysis.training.checkpoint import save_tensors
from analysis.training.config import RECIPE_SETTINGS, Recipe, TrainingConfig, defaults
from analysis.training.data.inputs import CLIP, PICTURE, InputSpec, see_all
from analysis.training.data.prepare import AUTO_PICTURE_PX, PreparedData, prepare, split_document
from analysis.training.data.samples import SplitPart, TrainingData, clips_among
from analysis.training.data.tensors import Rows
from analysis.training.evaluation.calibration import fit_temperature, scaled_probabilities
from analysis.training.evaluation.evaluate import HeldOutPredictions, evaluate
from analysis.training.evaluation.model_card import write_card
from analysis.training.evaluation.predictions_csv import SamplePrediction, predictions_as_csv, predictions_of
from analysis.training.evaluation.thresholds import fit_threshold
from analysis.training.export import SAME_OUTPUT, onnx_bytes, onnx_difference
from analysis.training.linear_probe import choose_features
from analysis.training.loop import learn, logits_of
from analysis.training.losses import log_probabilities
from analysis.training.model_folder import CARD, MODEL, ONNX, PREDICTIONS, RUN, SPLIT, write_json, write_whole
from analysis.training.models.build import Features, ModelSpec, build, outputs_for, parameter_count
from analysis.training.run import Run, begin_run, run_fingerprint
from analysis.training.run_document import (
    SCHEMA_VERSION,
    EpochDocument,
    PartFigures,
    RunDocument,
    RunWarning,
    TrainingSummary,
)
from analysis.types import Float64, OnProgress
from analysis.weights import sha256_of

COMPARED = 16
"""Samples on which torch and ONNX have to agree."""
NETWORK_KINDS = {Recipe.TUTORIAL: "tutorial", Recipe.FINETUNE: "finetune", Recipe.SEQUENCE: "sequence"}


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a run leaves: the folder of the model and the content of its `run.json`."""

    folder: Path
    run: RunDocument


@dataclass(frozen=True, slots=True)
class _Trained:
    """What both ways of training end with; the logits of validation rows are by models that did not see them."""

    network: nn.Module
    spec: ModelSpec
    validation_rows: Rows
    validation_logits: Float64
    history: list[EpochDocument]
    summary: TrainingSummary
    warnings: list[RunWarning]


@dataclass(frozen=True, slots=True)
class _PartPredictions:
    """Rows of one part and the logits `(n, outputs)` of a model that did not learn from them."""

    rows: Rows
    logits: Float64

    def figures(self, prepared: PreparedData, temperature: float, threshold: float, seed: int) -> PartFigures:
        held_out = HeldOutPredictions(self.logits, prepared.targets[self.rows], prepared.groups[self.rows])
        return evaluate(held_out, prepared.labels, temperature, threshold, seed)

    def lines(
        self, part: SplitPart, prepared: PreparedData, temperature: float, threshold: float
    ) -> list[SamplePrediction]:
        samples = [prepared.samples[row] for row in self.rows]
        return predictions_of(samples, part, scaled_probabilities(self.logits, temperature), threshold, prepared.labels)


def train(config: TrainingConfig, data: TrainingData, out_dir: Path, on_progress: OnProgress) -> TrainingResult:
    """Trains, evaluates and writes a model folder. An unfinished run with equal settings and data is resumed.

    The callback may raise `Cancelled` (the checkpoint stays, so this is also a pause) or `KeepBest`. Raises
    UnusableTrainingData, LeakingSplit, TrainingDiverged, NoDiskSpace, MissingWeights, BadTrainingConfig.
    """
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    run = begin_run(config, on_progress)
    recipe, why = choose_recipe(config, data)
    prepared = prepare(config, recipe, data, run.reporter)
    out_dir.mkdir(parents=True, exist_ok=True)
    run = replace(run, out_dir=out_dir, fingerprint=run_fingerprint(config, prepared))
    recipe, trained, prepared = _train_recipe(recipe, why, prepared, run)
    run.reporter.tell("evaluate", 0, 1, at_once=True)
    # Temperature and threshold see the validation part only; the test part is looked at once, after them.
    targets = prepared.targets[trained.validation_rows]
    temperature = fit_temperature(trained.validation_logits, targets)
    threshold = fit_threshold(scaled_probabilities(trained.validation_logits, temperature), targets)
    parts = {SplitPart.VALIDATION: _PartPredictions(trained.validation_rows, trained.validation_logits)}
    if len(prepared.rows(SplitPart.TEST)):
        parts[SplitPart.TEST] = _test(trained, prepared, run.device)
    figures = {part: each.figures(prepared, temperature, threshold, config.seed) for part, each in parts.items()}
    lines = [line for part, each in parts.items() for line in each.lines(part, prepared, temperature, threshold)]
    run.reporter.tell("write", 0, 1, at_once=True)
    difference = _write_model(out_dir, trained, prepared, temperature)
    write_whole(out_dir / SPLIT, split_csv(prepared).encode())
    write_whole(out_dir / PREDICTIONS, predictions_as_csv(prepared.labels, lines).encode())
    document: RunDocument = {
        "schema": 1,
        "schema_version": SCHEMA_VERSION,
        "recipe": config.recipe.value,
        "chosen_recipe": recipe.value,
        **trained.summary,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "config": config.as_json(),
        "labels": list(prepared.labels),
        "model": trained.spec.as_json(),
        "parameters": parameter_count(trained.network),
        "split": split_document(prepared, cross_validated=recipe not in NETWORK_KINDS and not prepared.stored_split),
        "history": trained.history,
        "temperature": temperature,
        "threshold": threshold,
        "validation": figures[SplitPart.VALIDATION],
        "test": figures.get(SplitPart.TEST),
        "warnings": [*prepared.warnings, *trained.warnings, *_onnx_warnings(difference)],
        "data_fingerprint": prepared.fingerprint,
        "device": str(run.device),
        "versions": versions(),
        "onnx_difference": difference,
        "files": {name: sha256_of(out_dir / name) for name in (MODEL, ONNX, SPLIT, PREDICTIONS)},
        "seconds": time.perf_counter() - began_s,
        "cpu_seconds": time.process_time() - began_cpu_s,
    }
    write_card(out_dir / CARD, document)
    write_json(out_dir / RUN, document)  # last: where it stands, all it names is there
    (out_dir / choose_features.FEATURES_FILE).unlink(missing_ok=True)
    run.reporter.tell("write", 1, 1, at_once=True)
    return TrainingResult(out_dir, document)


def choose_recipe(config: TrainingConfig, data: TrainingData) -> tuple[Recipe, str]:
    """Returns what *auto* stands for here, and why ("" where the training itself will say)."""
    clips = clips_among(data.samples)
    if config.recipe is Recipe.SEQUENCE and clips < len(data.samples):
        raise UnusableTrainingData(f"sequence: expected clips only, got {len(data.samples) - clips} pictures")
    if config.recipe is Recipe.AUTO and clips == len(data.samples):
        return Recipe.SEQUENCE, ""
    if config.recipe is Recipe.AUTO:
        return Recipe.AUTO, ""
    return config.recipe, f"The recipe {config.recipe} was chosen by hand."


def network_spec(recipe: Recipe, labels: int, config: TrainingConfig) -> ModelSpec:
    """Returns the network of a recipe that trains a whole one."""
    clips = recipe is Recipe.SEQUENCE
    inputs, frames = ((CLIP,), config.frames) if clips else ((PICTURE,), 0)
    return ModelSpec(NETWORK_KINDS[recipe], outputs_for(labels), inputs, config.picture_size, frames, config.dropout)


def _train_recipe(recipe: Recipe, why: str, prepared: PreparedData, run: Run) -> tuple[Recipe, _Trained, PreparedData]:
    """Returns the recipe that was taken in the end and the samples as it saw them, too."""
    if recipe is Recipe.SEQUENCE and run.config.recipe is Recipe.AUTO:
        return _train_clips(prepared, run)
    trained = (_train_network if recipe in NETWORK_KINDS else _train_linear_probe)(recipe, why, prepared, run)
    return recipe, trained, prepared


def _train_clips(prepared: PreparedData, run: Run) -> tuple[Recipe, _Trained, PreparedData]:
    """Tries both ways to read a clip and returns the one with the least loss on clips that were held out.

    A head on a network that knows pictures learns from a few dozen clips, but knows of movement only how much there
    is; one that learns to read frames in order needs hundreds, and is the only one that tells left from right.
    """
    spec = InputSpec(AUTO_PICTURE_PX, None, run.config.frames)
    _, seen, broken = see_all(prepared.samples, spec, lambda done, total: run.reporter.tell("read", done, total))
    if broken:  # it was readable a moment ago: without it the others would get wrong labels
        raise broken[0][1]
    enlarged = replace(prepared, seen=tuple(seen))
    head = _train_linear_probe(Recipe.AUTO, "", enlarged, run)
    try:
        order = _train_network(Recipe.SEQUENCE, "", prepared, replace(run, config=_as_sequence(run.config)))
    except TrainingDiverged:
        head.summary["why"] = (
            "With these settings the training of a network that reads frames in order diverged, so a linear classifier "
            "on a pretrained network was used."
        )
        return Recipe.AUTO, head, enlarged
    # The head was checked on every clip in turn. Its loss on the few that the other one was checked with alone would
    # be a throw of dice: of thirty clips these are six.
    losses = [_log_loss(each.validation_logits, prepared.targets[each.validation_rows]) for each in (head, order)]
    is_head = losses[0] <= losses[1]
    chosen = head if is_head else order
    chosen.summary["why"] = (
        f"Two models were compared: a linear classifier on a pretrained network (loss {losses[0]:.2f} on "
        f"{len(head.validation_rows)} held-out clips) and a network that reads frames in order (loss {losses[1]:.2f} "
        f"on {len(order.validation_rows)}). The {'first' if is_head else 'second'} does better."
    )
    return (Recipe.AUTO, head, enlarged) if is_head else (Recipe.SEQUENCE, order, prepared)


def _as_sequence(config: TrainingConfig) -> TrainingConfig:
    """Returns the settings that suit a network which reads clips, where somebody has not chosen otherwise."""
    usual = defaults(Recipe.AUTO)
    unchosen = {
        name: value
        for name, value in RECIPE_SETTINGS[Recipe.SEQUENCE].items()
        if getattr(config, name) == getattr(usual, name)
    }
    return replace(config, **unchosen)


def _log_loss(logits: Float64, targets: Rows) -> float:
    logs = log_probabilities(torch.from_numpy(logits))
    return float(-logs[torch.arange(len(targets)), torch.from_numpy(targets.astype(np.int64))].mean())


def _train_network(recipe: Recipe, why: str, prepared: PreparedData, run: Run) -> _Trained:
    spec = network_spec(recipe, len(prepared.labels), run.config)
    tensors = prepared.tensors(spec.inputs)
    rows = prepared.rows(SplitPart.VALIDATION)
    learned = learn(build(spec), tensors, prepared.rows(SplitPart.TRAIN), rows, run)
    tell = partial(run.reporter.tell, "evaluate", 0, 1)
    logits = _numpy(logits_of(learned.network, tensors, rows, run.device, tell))
    summary: TrainingSummary = {
        "why": why,
        "stopped": learned.stopped,
        "batch_size": learned.batch_size,
        "pictures_per_s": learned.pictures_per_s,
        "loading_share": learned.loading_share,
    }
    return _Trained(learned.network, spec, rows, logits, learned.history, summary, list(learned.warnings))


def _train_linear_probe(recipe: Recipe, why: str, prepared: PreparedData, run: Run) -> _Trained:
    choices: Sequence[tuple[str, ...]] = choose_features.AUTO_CHOICES
    if recipe is Recipe.FACE_HEAD:
        choices = choose_features.FACE_PROBE_CHOICES
    elif recipe is Recipe.AUTO and clips_among(prepared.samples) == len(prepared.samples):
        choices = choose_features.CLIP_CHOICES
    result = choose_features.train_linear_probe(prepared, choices, run)
    rows = prepared.rows(SplitPart.VALIDATION) if prepared.stored_split else prepared.learn_rows()
    learned = prepared.learn_rows()
    logits = result.held_out.logits[np.searchsorted(learned, rows)]
    summary: TrainingSummary = {
        "why": why if recipe is Recipe.FACE_HEAD else result.why,
        "stopped": "finished",
        "features": result.held_out.name,
        "strength": result.held_out.inverse_regularisation,
        "tried": result.tried,
        "pictures_per_s": result.pictures_per_s,
    }
    return _Trained(result.network, result.spec, rows, logits, result.history, summary, [])


def _test(trained: _Trained, prepared: PreparedData, device: torch.device) -> _PartPredictions:
    rows = prepared.rows(SplitPart.TEST)
    tensors = prepared.tensors(trained.spec.inputs)
    network = trained.network
    if isinstance(network, Features):
        return _PartPredictions(
            rows, _numpy(choose_features.probe_logits(network, trained.spec.branches, tensors, rows, device))
        )
    return _PartPredictions(rows, _numpy(logits_of(network.to(device).eval(), tensors, rows, device)))


def _numpy(logits: Tensor) -> Float64:
    return logits.double().numpy()


def _write_model(out_dir: Path, trained: _Trained, prepared: PreparedData, temperature: float) -> float:
    """Writes the model for torch and for ONNX Runtime; returns the greatest difference between their scores."""
    network, spec = trained.network.cpu().eval(), trained.spec
    model = {"spec": spec.as_json(), "labels": list(prepared.labels), "state": network.state_dict()}
    save_tensors(out_dir / MODEL, model)
    write_whole(out_dir / ONNX, onnx_bytes(network, spec, temperature))
    some = [view[:COMPARED] for view in prepared.tensors(spec.inputs).views]
    return onnx_difference(network, spec.inputs, some, temperature, out_dir / ONNX)


def _onnx_warnings(difference: float) -> list[RunWarning]:
    if difference <= SAME_OUTPUT:
        return []
    text = f"the ONNX file's scores differ from torch's by up to {difference:.1e}"
    return [{"code": "onnx_differs", "text": text, "files": []}]


def split_csv(prepared: PreparedData) -> str:
    """Returns a CSV of which sample went where, and with which others it belongs together."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["file", "label", "source", "group", "fold", "part"])
    for sample, group, fold in zip(prepared.samples, prepared.groups, prepared.fold, strict=True):
        part = SplitPart.TEST if fold < 0 else SplitPart.VALIDATION if fold == 0 else SplitPart.TRAIN
        writer.writerow(guarded_row([str(sample.path), sample.label, sample.source, group, fold, part]))
    return text.getvalue()


def versions() -> dict[str, str]:
    import onnxruntime  # deferred: loads onnxruntime

    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "onnxruntime": onnxruntime.__version__,
        "threads": str(torch.get_num_threads()),
    }
