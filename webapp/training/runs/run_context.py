"""The template context of an unfinished run's page."""

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

DEVICES = {"cpu": gettext_lazy("CPU"), "cuda": gettext_lazy("GPU")}
RESUMABLE_ERRORS = ("disk_full", "gpu_gone", "crashed", "internal")
"""Failures after which its checkpoint can be resumed; after others it would only fail again."""
LAST_EPOCHS = 200
"""Rows in the table of epochs; the curves show all."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial of a settings search. `loss` None: stopped early, because others were clearly better."""

    number: int
    loss: float | None
    is_best: bool
    settings: str


def context(run: TrainingRun, can_manage: bool) -> dict[str, Any]:
    """Returns what the page of a run that is not done shows, with the buttons that may be pressed."""
    ahead = queries.ahead_of(run.job) if run.state == RunState.WAITING else 0
    is_learning = run.state == RunState.RUNNING and run.moment.get("stage") in ("learn", "tune")
    return learning_context(run) | {
        "run": run,
        "can_manage": can_manage,
        "job": queries.words_of(run.job) if run.job and run.state in (RunState.WAITING, RunState.RUNNING) else None,
        "sentences": progress_words.progress_sentences(run, ahead),
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
        "can_keep": can_manage and is_learning and run.wish != RequestedAction.KEEP and _has_a_model(run),
        "is_kept": run.wish == RequestedAction.KEEP and run.job is not None and run.job.status == Status.RUNNING,
    }


def learning_context(run: TrainingRun) -> dict[str, Any]:
    """Returns the curves of a run, its epochs (or feature sets) and its trials in numbers."""
    return {
        "best": progress_words.best_epoch(run.history),
        "epochs": run.history[-LAST_EPOCHS:],
        "curves": curves(run),
        "is_choosing": run.moment.get("stage") == "choose",
        "trials": _trials(run),
    }


def curves(run: TrainingRun) -> dict[str, list[Any]]:
    """Returns parallel lists over the epochs, as uPlot takes them."""
    names = ("epoch", "train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
    return {name: [entry.get(name) for entry in run.history] for name in names}


def _has_a_model(run: TrainingRun) -> bool:
    """Whether there is a model to keep: after an epoch, or in a search after a finished trial."""
    if run.moment.get("stage") == "tune":
        return run.search.get("best_loss") is not None
    return bool(run.history) and bool(run.moment.get("epochs"))


def _facts(run: TrainingRun) -> list[tuple[str, str]]:
    moment = run.moment
    found = []
    if moment.get("stage") == "learn" and moment.get("epochs"):
        number = {"n": moment.get("epoch", 1), "all": moment["epochs"]}
        found.append((_("Epoch"), _("%(n)d of up to %(all)d") % number))
    if moment.get("device"):
        found.append((_("Device"), str(DEVICES.get(moment["device"], moment["device"]))))
    if moment.get("pictures_per_s"):
        found.append((_("Speed"), _("%(n)d pictures/s") % {"n": round(moment["pictures_per_s"])}))
    if moment.get("batch_size"):
        found.append((_("Batch size"), str(moment["batch_size"])))
    if moment.get("learning_rate"):
        found.append((_("Learning rate"), f"{moment['learning_rate']:.2g}"))
    return found


def _trials(run: TrainingRun) -> list[Trial]:
    """Returns the trials, the best first, those that were stopped early last."""
    rows = run.search.get("all", [])
    best = run.search.get("best_loss")
    ordered = sorted(rows, key=lambda row: (row["loss"] is None, row["loss"] or 0, row["number"]))
    return [
        Trial(
            row["number"] + 1,
            row["loss"],
            row["loss"] is not None and row["loss"] == best,
            _settings_text(row["settings"]),
        )
        for row in ordered
    ]


def _changed_settings(run: TrainingRun) -> list[tuple[str, str]]:
    """Returns the names and values of the settings that differ from the recipe's defaults."""
    config = from_json(run.config)
    standard = defaults(config.recipe)
    values = {name: getattr(config, name) for name in ALL if getattr(config, name) != getattr(standard, name)}
    return [(str(ALL[name].name), value_of(name, value)) for name, value in values.items()]


def _settings_text(settings: dict[str, Any]) -> str:
    return " · ".join(f"{ALL[name].name} {value_of(name, value)}" for name, value in settings.items() if name in ALL)
