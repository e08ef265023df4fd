"""What the page of an unfinished run shows."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.training.config import defaults, from_json
from webapp.datasets.versions.words import label_table, split_summary
from webapp.jobs import words as jobs_words
from webapp.jobs.models import Status
from webapp.training.models import RequestedAction, RunState, TrainingRun
from webapp.training.runs import progress_words, queries
from webapp.training.setting_words import ALL, RECIPE_WORDS, value_of

DEVICES = {"cpu": gettext_lazy("Processor"), "cuda": gettext_lazy("Graphics card")}
RESUMABLE_ERRORS = ("disk_full", "gpu_gone", "crashed", "internal")
"""Endings behind which a checkpoint is good for going on; after the others it would only end the same way."""
LAST_EPOCHS = 200
"""Rows of the table of epochs; the curves show all."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial of a search. `loss` None: broken off early, because others were clearly better."""

    number: int
    loss: float | None
    is_best: bool
    settings: str


def context(run: TrainingRun, can_manage: bool) -> dict[str, Any]:
    ahead = queries.ahead_of(run.job) if run.state == RunState.WAITING else 0
    is_learning = run.state == RunState.RUNNING and run.moment.get("stage") in ("learn", "tune")
    return learned(run) | {
        "run": run,
        "can_manage": can_manage,
        "job": queries.words_of(run.job) if run.job and run.state in (RunState.WAITING, RunState.RUNNING) else None,
        "sentences": progress_words.going_on(run, ahead),
        "failure": jobs_words.explain(run.job.error_code, run.job.kind)
        if run.job and run.state == RunState.FAILED
        else None,
        "has_checkpoint": bool(run.history) and run.job is not None and run.job.error_code in RESUMABLE_ERRORS,
        "pause_words": progress_words.pausing(run),
        "facts": _facts(run),
        "moment": run.moment,
        "recipe_words": RECIPE_WORDS[from_json(run.config).recipe],
        "settings": _changed_settings(run),
        "summary": split_summary(run.data) if run.data else None,
        "table": label_table(run.data) if run.data else [],
        "can_pause": can_manage and run.state in (RunState.WAITING, RunState.RUNNING),
        "can_resume": can_manage and run.state in (RunState.PAUSED, RunState.FAILED),
        "can_cancel": can_manage and run.state in (RunState.WAITING, RunState.RUNNING, RunState.PAUSED),
        "can_keep": can_manage and is_learning and run.wish != RequestedAction.KEEP and _has_something(run),
        "is_kept": run.wish == RequestedAction.KEEP and run.job is not None and run.job.status == Status.RUNNING,
    }


def learned(run: TrainingRun) -> dict[str, Any]:
    """Its curves, its epochs (or ways to look) and trials in numbers."""
    return {
        "best": progress_words.best_epoch(run.history),
        "epochs": run.history[-LAST_EPOCHS:],
        "curves": curves(run),
        "is_choosing": run.moment.get("stage") == "choose",
        "trials": _trials(run),
    }


def curves(run: TrainingRun) -> dict[str, list[Any]]:
    """For uPlot: parallel lists over the epochs."""
    names = ("epoch", "train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
    return {name: [entry.get(name) for entry in run.history] for name in names}


def _has_something(run: TrainingRun) -> bool:
    """A network that learns by epochs, or a search with at least one trial that came to its end."""
    if run.moment.get("stage") == "tune":
        return run.search.get("best_loss") is not None
    return bool(run.history) and bool(run.moment.get("epochs"))


def _facts(run: TrainingRun) -> list[tuple[str, str]]:
    moment = run.moment
    found = []
    if moment.get("stage") == "learn" and moment.get("epochs"):
        number = {"n": moment.get("epoch", 1), "all": moment["epochs"]}
        found.append((_("Epoch"), _("%(n)d of at most %(all)d") % number))
    if moment.get("device"):
        found.append((_("Computes on"), str(DEVICES.get(moment["device"], moment["device"]))))
    if moment.get("pictures_per_s"):
        found.append((_("Speed"), _("%(n)d pictures a second") % {"n": round(moment["pictures_per_s"])}))
    if moment.get("batch_size"):
        found.append((_("Batch"), str(moment["batch_size"])))
    if moment.get("learning_rate"):
        found.append((_("Learning rate"), f"{moment['learning_rate']:.2g}"))
    return found


def _trials(run: TrainingRun) -> list[Trial]:
    """The best first, those that were broken off last."""
    rows = run.search.get("all", [])
    best = run.search.get("best_loss")
    ordered = sorted(rows, key=lambda row: (row["loss"] is None, row["loss"] or 0, row["number"]))
    return [
        Trial(row["number"] + 1, row["loss"], row["loss"] is not None and row["loss"] == best, _said(row["settings"]))
        for row in ordered
    ]


def _changed_settings(run: TrainingRun) -> list[tuple[str, str]]:
    """Those that are not the recipe's own."""
    config = from_json(run.config)
    usual = defaults(config.recipe)
    values = {name: getattr(config, name) for name in ALL if getattr(config, name) != getattr(usual, name)}
    return [(str(ALL[name].name), value_of(name, value)) for name, value in values.items()]


def _said(settings: dict[str, Any]) -> str:
    return " · ".join(f"{ALL[name].name} {value_of(name, value)}" for name, value in settings.items() if name in ALL)
