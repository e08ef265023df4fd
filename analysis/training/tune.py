"""Search for better settings: bounded, pruned early, stored, resumable; never looks at the test part."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from analysis.errors import BadTrainingConfig, TrainingDiverged
from analysis.training.checkpoint import write_json
from analysis.training.config import Augmentation, Optimizer, Recipe, Schedule, TrainingConfig, defaults, from_json
from analysis.training.data import Part, TrainingData, clips_among
from analysis.training.loop import learn
from analysis.training.models import build
from analysis.training.prepare import Prepared, prepare
from analysis.training.progress import KeepBest, Reporter
from analysis.training.train import NETWORK_KINDS, choose_device, network_spec, run_fingerprint, set_reproducible
from analysis.types import OnProgress

if TYPE_CHECKING:
    import optuna

STUDY_FILE, RESULT_FILE = "study.db", "tune.json"
FIRST_UNPRUNED = 4
"""Trials that run to their end, so that there is something to compare with."""
MOST_TRIALS = 1_000


def tune(
    config: TrainingConfig,
    data: TrainingData,
    out_dir: Path,
    trials: int,
    on_progress: OnProgress,
    after_trial: Callable[[dict[str, Any]], None] = lambda so_far: None,
) -> dict[str, Any]:
    """Least validation loss within `trials` and `config.minutes`; goes on where an earlier search in the folder ended.

    The callback may raise `Cancelled`: finished trials stay. `after_trial` gets what `tune.json` would hold so far and
    may raise `KeepBest` to end the search there. Returns the content of `tune.json`.
    """
    import optuna

    if not 1 <= trials <= MOST_TRIALS:
        raise BadTrainingConfig(f"trials: expected a number from 1 to {MOST_TRIALS}, got {trials}")
    config = _with_network(config, data)
    device = choose_device(config)
    set_reproducible(config)
    reporter = Reporter(on_progress, str(device))
    prepared = prepare(config, config.recipe, _without_test(data), reporter, config.threads)
    out_dir.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{(out_dir / STUDY_FILE).resolve()}",
        study_name=run_fingerprint(replace(config, minutes=1.0), prepared),
        load_if_exists=True,
        direction="minimize",
        sampler=optuna.samplers.TPESampler(seed=config.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=FIRST_UNPRUNED),
    )
    ends_s = time.monotonic() + config.minutes * 60
    while len(_ended(study)) < trials and time.monotonic() < ends_s:
        trial = study.ask()
        _run_trial(study, trial, suggest(trial, config), prepared, device, reporter, len(_ended(study)), trials)
        try:
            after_trial(_document(study, config))
        except KeepBest:
            break
    document = _document(study, config)
    if document["best_loss"] is None:
        raise TrainingDiverged("no trial came to its end in the time allowed; allow more minutes")
    write_json(out_dir / RESULT_FILE, document)
    return document


def _with_network(config: TrainingConfig, data: TrainingData) -> TrainingConfig:
    """Heads on frozen features find their one setting themselves; a search is for networks that learn."""
    if config.recipe in NETWORK_KINDS:
        return config
    recipe = Recipe.SEQUENCE if clips_among(data.samples) == len(data.samples) else Recipe.FINETUNE
    return defaults(recipe, seed=config.seed, minutes=config.minutes, device=config.device, threads=config.threads)


def tuned_config(config: TrainingConfig, data: TrainingData, document: dict[str, Any]) -> TrainingConfig:
    """What to train with after a search with `config`, from what `tune` returned."""
    return from_json(_with_network(config, data).as_json() | document["best_settings"])


def _without_test(data: TrainingData) -> TrainingData:
    return TrainingData(data.labels, data.part(None, Part.TRAIN, Part.VALIDATION))


def suggest(trial: optuna.Trial, config: TrainingConfig) -> TrainingConfig:
    """Settings that matter, each within an order of magnitude or two around the usual."""
    values: dict[str, Any] = {
        "learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True),
        "optimizer": Optimizer(trial.suggest_categorical("optimizer", [Optimizer.ADAM.value, Optimizer.ADAMW.value])),
        "schedule": Schedule(trial.suggest_categorical("schedule", [each.value for each in Schedule])),
        "dropout": trial.suggest_float("dropout", 0.0, 0.5),
        "weight_decay": trial.suggest_float("weight_decay", 1e-5, 1e-1, log=True),
        "label_smoothing": trial.suggest_categorical("label_smoothing", [0.0, 0.05, 0.1]),
        "batch_size": trial.suggest_categorical("batch_size", [16, 32, 64]),
    }
    if config.recipe is not Recipe.SEQUENCE:
        chosen = trial.suggest_categorical("augmentation", [each.value for each in Augmentation])
        values["augmentation"] = Augmentation(chosen)
    return replace(config, **values)


def _run_trial(
    study: optuna.Study,
    trial: optuna.Trial,
    config: TrainingConfig,
    prepared: Prepared,
    device: torch.device,
    reporter: Reporter,
    done: int,
    total: int,
) -> None:
    import optuna

    def after_epoch(epoch: int, loss: float) -> None:
        trial.report(loss, epoch)
        reporter.tell("tune", done + epoch / config.epochs, total, at_once=True, epoch=epoch, validation_loss=loss)
        if trial.should_prune():
            raise optuna.TrialPruned

    ending, value = optuna.trial.TrialState.FAIL, None
    try:
        value = validation_loss(config, prepared, device, reporter, after_epoch)
        ending = optuna.trial.TrialState.COMPLETE
    except optuna.TrialPruned:
        ending = optuna.trial.TrialState.PRUNED
    except TrainingDiverged:
        ending = optuna.trial.TrialState.FAIL
    finally:
        # Also when the callback cancels: no trial is left that seems to run.
        study.tell(trial, value, ending)


def validation_loss(
    config: TrainingConfig, prepared: Prepared, device: torch.device, reporter: Reporter, after_epoch: Any
) -> float:
    """The least on the validation part; it is measured without smoothing and weights, so that trials compare."""
    spec = network_spec(config.recipe, len(prepared.labels), config)
    torch.manual_seed(config.seed)
    rows = prepared.rows(Part.VALIDATION)
    learned = learn(
        build(spec),
        prepared.tensors(spec.inputs),
        prepared.rows(Part.TRAIN),
        rows,
        config,
        device,
        None,
        "",
        reporter,
        after_epoch,
    )
    return min(float(entry["validation_loss"]) for entry in learned.history)


def _ended(study: optuna.Study) -> list[Any]:
    import optuna

    endings = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    return [trial for trial in study.trials if trial.state in endings]


def _document(study: optuna.Study, config: TrainingConfig) -> dict[str, Any]:
    import optuna

    ended = _ended(study)
    complete = [trial for trial in ended if trial.state is optuna.trial.TrialState.COMPLETE]
    best = min(complete, key=lambda trial: float(trial.value), default=None)
    return {
        "schema": 1,
        "recipe": config.recipe.value,
        "trials": len(ended),
        "pruned": len(ended) - len(complete),
        "best_loss": None if best is None else float(best.value),
        "best_settings": {} if best is None else best.params,
        "all": [{"number": t.number, "state": t.state.name, "loss": t.value, "settings": t.params} for t in ended],
    }
