"""Search for better settings: bounded, pruned early, stored, resumable; never looks at the test part."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from analysis.errors import BadTrainingConfig, NoDiskSpace, TrainingDiverged, is_disk_full
from analysis.training.config import Augmentation, Optimizer, Recipe, Schedule, TrainingConfig, defaults, from_json
from analysis.training.data.prepare import PreparedData, prepare
from analysis.training.data.samples import SplitPart, TrainingData, clips_among
from analysis.training.loop import learn
from analysis.training.model_folder import CHECKPOINT, write_json
from analysis.training.models.build import build
from analysis.training.progress import KeepBest
from analysis.training.run import Run, begin_run, run_fingerprint
from analysis.training.train import NETWORK_KINDS, network_spec
from analysis.types import OnProgress

if TYPE_CHECKING:
    import optuna

STUDY_FILE, RESULT_FILE = "study.db", "tune.json"
SPENT_S, DIVERGED = "spent_s", "diverged"
"""Notes in the study: seconds that all attempts together took; that a trial's loss was no number."""
FIRST_UNPRUNED = 4
"""Trials that run to their end, so that there is something to compare with."""
MOST_TRIALS = 1_000


class _Clock:
    """The seconds that a search took, over all interruptions: kept in the study, at least after each epoch."""

    def __init__(self, study: optuna.Study) -> None:
        self.study = study
        self.before_s = float(study.user_attrs.get(SPENT_S, 0.0))
        self.began_s = time.monotonic()

    @property
    def spent_s(self) -> float:
        return self.before_s + time.monotonic() - self.began_s

    def note(self) -> None:
        self.study.set_user_attr(SPENT_S, self.spent_s)


def tune(
    config: TrainingConfig,
    data: TrainingData,
    out_dir: Path,
    trials: int,
    on_progress: OnProgress,
    after_trial: Callable[[dict[str, Any]], None] = lambda so_far: None,
) -> dict[str, Any]:
    """Searches the least validation loss within `trials` and `config.minutes`; resumes an earlier search in the folder.

    The callback may raise `Cancelled`: finished trials stay, and the one that was under way goes on behind its last
    complete epoch. `after_trial` gets what `tune.json` would hold so far and may raise `KeepBest` to end the search
    there. Returns the content of `tune.json`. Raises NoDiskSpace, TrainingDiverged.
    """
    if not 1 <= trials <= MOST_TRIALS:
        raise BadTrainingConfig(f"trials: expected a number from 1 to {MOST_TRIALS}, got {trials}")
    config = _with_network(config, data)
    run = begin_run(config, on_progress)
    without_test = TrainingData(data.labels, data.part(None, SplitPart.TRAIN, SplitPart.VALIDATION))
    prepared = prepare(config, config.recipe, without_test, run.reporter)
    out_dir.mkdir(parents=True, exist_ok=True)
    with _full_disk_named(out_dir):
        study = _open_study(config, prepared, out_dir)
        clock = _Clock(study)
        # At least one trial comes to its end, so that a search which was interrupted late has a result.
        while len(_ended(study)) < trials and (clock.spent_s < config.minutes * 60 or not _tried(study)):
            trial = study.ask()
            done = len(_ended(study))
            suggested = suggest(trial, config)
            own = replace(run, config=suggested, out_dir=out_dir, fingerprint=run_fingerprint(suggested, prepared))
            _run_trial(clock, trial, prepared, own, done, trials)
            try:
                after_trial(_document(study, config))
            except KeepBest:
                break
        document = _document(study, config)
    if document["best_loss"] is None:
        raise TrainingDiverged("the loss was no number in any trial")
    write_json(out_dir / RESULT_FILE, document)
    return document


@contextmanager
def _full_disk_named(folder: Path) -> Iterator[None]:
    """Turns what Optuna's database says of a full disk into NoDiskSpace."""
    from optuna.exceptions import StorageInternalError  # deferred: rarely needed
    from sqlalchemy.exc import SQLAlchemyError  # deferred: rarely needed

    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        if is_disk_full(error):
            raise NoDiskSpace(f"{folder / STUDY_FILE}: no space left") from error
        raise


def _open_study(config: TrainingConfig, prepared: PreparedData, out_dir: Path) -> optuna.Study:
    """The one with these settings and data, or a new one. What an earlier attempt left unfinished is tried next."""
    import optuna  # deferred: rarely needed

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{(out_dir / STUDY_FILE).resolve()}",
        study_name=run_fingerprint(replace(config, minutes=1.0), prepared),
        load_if_exists=True,
        direction="minimize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=FIRST_UNPRUNED),
    )
    # With the seed alone, a search that goes on would draw the settings of its first trials again.
    study.sampler = optuna.samplers.TPESampler(seed=config.seed + len(study.trials))
    for trial in study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
        study.enqueue_trial(trial.params)
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def _with_network(config: TrainingConfig, data: TrainingData) -> TrainingConfig:
    """Returns settings of a network: linear probes find their one setting themselves."""
    if config.recipe in NETWORK_KINDS:
        return config
    recipe = Recipe.SEQUENCE if clips_among(data.samples) == len(data.samples) else Recipe.FINETUNE
    return defaults(recipe, seed=config.seed, minutes=config.minutes, device=config.device, threads=config.threads)


def tuned_config(config: TrainingConfig, data: TrainingData, document: dict[str, Any]) -> TrainingConfig:
    """Returns what to train with after a search with `config`; `document` is what `tune` returned."""
    return from_json(_with_network(config, data).as_json() | document["best_settings"])


def suggest(trial: optuna.Trial, config: TrainingConfig) -> TrainingConfig:
    """Draws settings that matter, each within an order of magnitude or two around the default."""
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


def _run_trial(clock: _Clock, trial: optuna.Trial, prepared: PreparedData, run: Run, done: int, total: int) -> None:
    """One that is cancelled or killed stays marked as running: `_open_study` finds it, its checkpoint lies there."""
    import optuna  # deferred: rarely needed

    def after_epoch(epoch: int, loss: float) -> None:
        trial.report(loss, epoch)
        clock.note()
        share = epoch / run.config.epochs
        run.reporter.tell("tune", done + share, total, at_once=True, epoch=epoch, validation_loss=loss)
        if trial.should_prune():
            raise optuna.TrialPruned

    ending, value = optuna.trial.TrialState.COMPLETE, None
    try:
        value = validation_loss(prepared, run, after_epoch)
    except optuna.TrialPruned:
        ending = optuna.trial.TrialState.PRUNED
    except TrainingDiverged:
        ending = optuna.trial.TrialState.FAIL
        trial.set_user_attr(DIVERGED, True)
    finally:
        clock.note()
    clock.study.tell(trial, value, ending)
    if run.out_dir:
        (run.out_dir / CHECKPOINT).unlink(missing_ok=True)


def validation_loss(prepared: PreparedData, run: Run, after_epoch: Callable[[int, float], None]) -> float:
    """Returns the least validation loss, without smoothing and label weights, so that trials compare."""
    spec = network_spec(run.config.recipe, len(prepared.labels), run.config)
    torch.manual_seed(run.config.seed)
    rows = prepared.rows(SplitPart.VALIDATION)
    tensors = prepared.tensors(spec.inputs)
    learned = learn(build(spec), tensors, prepared.rows(SplitPart.TRAIN), rows, run, after_epoch)
    return min(float(entry["validation_loss"]) for entry in learned.history)


def _tried(study: optuna.Study) -> bool:
    return bool(_ended(study)) or any(DIVERGED in trial.user_attrs for trial in study.trials)


def _ended(study: optuna.Study) -> list[Any]:
    import optuna  # deferred: rarely needed

    endings = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    return [trial for trial in study.trials if trial.state in endings]


def _document(study: optuna.Study, config: TrainingConfig) -> dict[str, Any]:
    import optuna  # deferred: rarely needed

    ended = _ended(study)
    complete = [trial for trial in ended if trial.state is optuna.trial.TrialState.COMPLETE]
    best = min(complete, key=lambda trial: float(trial.value), default=None)
    return {
        "schema": 1,
        "recipe": config.recipe.value,
        "trials": len(ended),
        "pruned": len(ended) - len(complete),
        "spent_s": round(float(study.user_attrs.get(SPENT_S, 0.0)), 1),
        "best_loss": None if best is None else float(best.value),
        "best_settings": {} if best is None else best.params,
        "all": [{"number": t.number, "state": t.state.name, "loss": t.value, "settings": t.params} for t in ended],
    }
