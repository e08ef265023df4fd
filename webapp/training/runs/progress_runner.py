"""Records the progress that the library reports, in the row of the run and on open pages."""

import time
from dataclasses import asdict
from typing import Any

from django.db import transaction

from analysis.training.progress import KeepBest, TrainingProgress
from analysis.types import Progress
from webapp.jobs import lifecycle
from webapp.jobs.models import Job
from webapp.training.models import RequestedAction, TrainingRun

SHOW_EVERY_S = 2.0
"""How often speed and losses within an epoch are stored; bar and time left move in between."""
LEAST_BETWEEN_S = 0.25
"""Least time between two stored epochs; those of a tiny dataset take less."""
FIGURES = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "learning_rate", "pictures_per_s")
LASTING = ("device", "pictures_per_s", "batch_size", "note")
"""What stays true when the next stage begins."""
CURVES = ("learn", "choose")


class ProgressRecorder:
    """Called by the library with its progress. Raises `Cancelled` when the job has ended, `KeepBest` when asked for."""

    def __init__(self, job: Job, run: TrainingRun) -> None:
        self.job, self.run = job, run
        self.moment: dict[str, Any] = {name: run.moment[name] for name in LASTING if name in run.moment}
        self.history: list[dict[str, Any]] = list(run.history)
        self.is_searching = False
        self.trials: tuple[float, float] = (0, max(run.trials, 1))
        self.shown_s = float("-inf")

    def __call__(self, progress: Progress) -> None:
        assert isinstance(progress, TrainingProgress)
        stage, done, total = progress.stage, progress.done, progress.total
        if self.is_searching:
            if stage == "tune":
                self.trials = (done, total)
            if stage != "read":  # each trial learns and evaluates
                stage, (done, total) = "tune", self.trials
        is_new = self._take(stage, done, total, progress)
        pause_s = LEAST_BETWEEN_S if is_new else SHOW_EVERY_S
        if self.moment.get("stage") != stage or time.monotonic() - self.shown_s >= pause_s:
            self.show(stage, done, total)
        else:
            lifecycle.report(self.job, stage, done, total)
        if stage == "learn" and progress.epochs and self.history and self.is_keep_requested():
            raise KeepBest

    def _take(self, stage: str, done: float, total: float, progress: TrainingProgress) -> bool:
        """Takes a report in. Returns whether an epoch has ended (or one more feature set was tried)."""
        if stage != self.moment.get("stage"):
            self.moment = {name: self.moment[name] for name in LASTING if name in self.moment}
            self.shown_s = float("-inf")
        figures = {name: value for name, value in asdict(progress).items() if value not in (None, "", 0)}
        self.moment |= figures | {"stage": stage, "done": done, "total": total}
        if stage not in CURVES or progress.validation_loss is None or not progress.epoch:
            return False
        # An epoch told again after an interruption takes the place of what was known of it and of later ones.
        entry = {"epoch": progress.epoch} | {name: getattr(progress, name) for name in FIGURES}
        self.history = [*(each for each in self.history if each["epoch"] < progress.epoch), entry]
        return True

    def show(self, stage: str, done: float, total: float) -> None:
        """Stores everything and tells open pages. Raises `Cancelled`, storing nothing, when the worker was given up."""
        with transaction.atomic():
            lifecycle.report(self.job, stage, done, total, new_results=True)
            self.store(moment=self.moment, history=self.history)
        self.shown_s = time.monotonic()

    def store(self, **fields: Any) -> None:
        """Updates the row of the run."""
        TrainingRun.objects.filter(pk=self.run.pk).update(**fields)

    def is_keep_requested(self) -> bool:
        """Returns whether somebody asked to end with the best so far."""
        return TrainingRun.objects.filter(pk=self.run.pk, wish=RequestedAction.KEEP).exists()

    def after_trial(self, search: dict[str, Any]) -> None:
        """Records a search after each trial. Raises `KeepBest` when that was asked for and one trial has a result."""
        with transaction.atomic():
            lifecycle.report(self.job, "tune", *self.trials, new_results=True)
            self.store(search=search)
        if search["best_loss"] is not None and self.is_keep_requested():
            raise KeepBest

    def search_ended(self, search: dict[str, Any]) -> None:
        """Records the end of a search; the request is done, and the curves start afresh with the final training."""
        self.is_searching, self.history = False, []
        self.store(search=search | {"is_over": True}, wish=RequestedAction.NOTHING, history=[])
