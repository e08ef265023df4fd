"""`python -m analysis train|predict|explain|tune`: options, progress on the terminal, files."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import UnreadablePicture
from analysis.training.config import Recipe, TrainingConfig, defaults
from analysis.training.model_folder import write_json
from analysis.training.run_document import figures_of

if TYPE_CHECKING:
    from analysis.training.train import TrainingResult
    from analysis.types import Progress

BAR_WIDTH = 24
Commands = Any
"""argparse's own type of "subparsers" has no public name."""


def add_training_commands(commands: Commands) -> None:
    """Adds `train`, `tune`, `predict` and `explain` with their options."""
    train = commands.add_parser("train", help="train a model on labelled pictures or clips")
    _add_data(train)
    _add_settings(train)
    train.set_defaults(run=run_train)

    tune = commands.add_parser("tune", help="search for better settings; never uses a test part")
    _add_data(tune, test=False)
    _add_settings(tune)
    tune.add_argument("--trials", type=int, default=20, metavar="N", help="number of trials (default: %(default)s)")
    tune.set_defaults(run=run_tune)

    predict = commands.add_parser("predict", help="label pictures or clips with a trained model")
    predict.add_argument("model", metavar="MODEL_DIR")
    predict.add_argument("paths", nargs="+", metavar="FILE_OR_FOLDER")
    predict.add_argument("--out", required=True, metavar="FILE", help="JSON file to write")
    predict.set_defaults(run=run_predict)

    explain = commands.add_parser("explain", help="show which parts of a picture a model bases its prediction on")
    explain.add_argument("model", metavar="MODEL_DIR")
    explain.add_argument("file", metavar="FILE")
    explain.add_argument("--out", required=True, metavar="FILE", help="PNG file to write")
    explain.add_argument("--label", metavar="LABEL", help="explain this label instead of the predicted one")
    explain.set_defaults(run=run_explain)


def _add_data(parser: argparse.ArgumentParser, *, test: bool = True) -> None:
    parser.add_argument(
        "data", metavar="DATA", help="folder with one subfolder per label and, optionally, a sources.csv"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the results")
    if test:
        parser.add_argument("--test", metavar="DIR", help="folder of the same form, used only for the final evaluation")


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """Adds an option for each field of TrainingConfig; defaults come from the recipe."""
    for each in fields(TrainingConfig):
        kind: Any = type(each.default)
        more: dict[str, Any] = {"type": kind, "metavar": each.name.upper()}
        if kind is bool:
            more = {"action": argparse.BooleanOptionalAction}
        elif hasattr(kind, "__members__"):
            more = {"choices": [choice.value for choice in kind]}
        help_text = f"{each.metadata['help']}"
        parser.add_argument(f"--{each.name.replace('_', '-')}", default=None, help=help_text, **more)


def config_of(args: argparse.Namespace) -> TrainingConfig:
    """Returns the settings given on the command line over the recipe's defaults. Raises BadTrainingConfig."""
    chosen = {}
    for each in fields(TrainingConfig):
        kind: Any = type(each.default)
        if getattr(args, each.name) is not None:
            chosen[each.name] = kind(getattr(args, each.name))
    return defaults(chosen.pop("recipe", Recipe.AUTO), **chosen)


def quiet_threads() -> None:
    """Makes idle OpenMP threads sleep, as spinning ones take the cores from everybody; call it before torch loads."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def run_train(args: argparse.Namespace) -> int:
    """Runs `train` and returns 0; raises AnalysisError."""
    config = config_of(args)
    quiet_threads()
    from analysis.training.data.samples import read_training_data  # deferred: rarely needed
    from analysis.training.train import train  # deferred: loads torch

    data = read_training_data(Path(args.data), Path(args.test) if args.test else None)
    _print_result(train(config, data, Path(args.out), TerminalProgress()))
    return 0


def _print_result(result: TrainingResult) -> None:
    from analysis.training.evaluation.intervals import accuracy_interval  # deferred: rarely needed

    run = result.run
    for warning in run["warnings"]:
        print(f"{warning['code']}: {warning['text']}", file=sys.stderr)
    print(run["why"])
    for part in ("validation", "test"):
        figures = figures_of(run, part)
        if figures is not None:
            low, high = accuracy_interval(figures)
            print(
                f"{part}: {figures['accuracy']:.4f} right ({low:.3f} to {high:.3f}) on {figures['count']}, "
                f"macro F1 {figures['macro_f1']:.4f}, calibration error {figures['expected_calibration_error']:.4f}"
            )
    print(f"{result.folder}: {run['seconds']:.0f} s, {run['cpu_seconds']:.0f} s of CPU time")


def run_tune(args: argparse.Namespace) -> int:
    """Runs `tune` and returns 0; raises AnalysisError."""
    config = config_of(args)
    quiet_threads()
    from analysis.training.data.samples import read_training_data  # deferred: rarely needed
    from analysis.training.tune import tune  # deferred: loads torch

    found = tune(config, read_training_data(Path(args.data)), Path(args.out), args.trials, TerminalProgress())
    print(f"best of {found['trials']} trials: validation loss {found['best_loss']:.4f} with {found['best_settings']}")
    return 0


def run_predict(args: argparse.Namespace) -> int:
    """Runs `predict` and returns 0; raises AnalysisError."""
    quiet_threads()
    from analysis.training.predict import load_model, predict_files  # deferred: loads cv2

    out = writable_file(args.out)
    entries, problems = predict_files(load_model(Path(args.model)), [Path(path) for path in args.paths])
    for problem in problems:
        print(f"{problem.code}: {problem}", file=sys.stderr)
    write_json(out, entries)
    return 0


def run_explain(args: argparse.Namespace) -> int:
    """Runs `explain` and returns 0; raises AnalysisError."""
    quiet_threads()
    from analysis.training.evaluation.explain import explain_file  # deferred: loads torch
    from analysis.training.predict import load_model  # deferred: loads torch

    out = writable_file(args.out)
    explained = explain_file(load_model(Path(args.model)), Path(args.file), out, args.label)
    print(f"{explained.label}: {explained.score:.3f}")
    return 0


def writable_file(name: str) -> Path:
    """Returns the path of a file to write; raises UnreadablePicture where its folder is missing."""
    out = Path(name)
    if not out.parent.is_dir():
        raise UnreadablePicture(f"{out.parent}: no such folder to write to")
    return out


class TerminalProgress:
    """A bar that is redrawn on a terminal; on anything else one line for each epoch and stage."""

    def __init__(self) -> None:
        self.last = ""

    def __call__(self, progress: Progress) -> None:
        words = self._words(progress)
        if sys.stderr.isatty():
            share = min(progress.done / progress.total, 1.0) if progress.total else 0.0
            bar = "#" * round(share * BAR_WIDTH)
            print(f"\r[{bar:.<{BAR_WIDTH}}] {words:90.90s}", end="", file=sys.stderr, flush=True)
        key = f"{progress.stage} {getattr(progress, 'epoch', 0)}"
        if key != self.last:
            self.last = key
            print("\n" * sys.stderr.isatty() + words, file=sys.stderr, flush=True)

    def _words(self, progress: Progress) -> str:
        parts = [progress.stage, f"{progress.done:.4g} of {progress.total:.4g}"]
        for name in ("train_loss", "validation_loss", "validation_accuracy", "pictures_per_s"):
            value = getattr(progress, name, None)
            if value is not None:
                parts.append(f"{name.replace('_', ' ')} {value:.4g}")
        return ", ".join([*parts, getattr(progress, "note", "") or ""]).rstrip(", ")
