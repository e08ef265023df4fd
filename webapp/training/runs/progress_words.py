"""Says in sentences what a training run is doing."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webapp.training.models import RunState, TrainingRun

OVERFITTING_GAP = 0.12
"""Training accuracy above validation accuracy by this much is called overfitting."""
Epoch = Mapping[str, Any]


def best_epoch(history: Sequence[Epoch]) -> Epoch | None:
    """Returns the epoch with the least validation loss, whose model is kept; None before the first."""
    return min(history, key=lambda entry: float(entry["validation_loss"]), default=None)


def progress_sentences(run: TrainingRun, ahead: int = 0) -> list[str]:
    """Returns what a run is doing, or why it is not; `ahead` jobs are done before a waiting one."""
    if run.state == RunState.PAUSED:
        return [_paused(run)]
    if run.state == RunState.WAITING:
        return [_waiting(run, ahead)]
    if run.state != RunState.RUNNING:
        return []
    stage = run.moment.get("stage", "")
    words = _STAGES[stage](run) if stage in _STAGES else [_("Getting ready…")]
    return [*words, *_memory(run)]


def _waiting(run: TrainingRun, ahead: int) -> str:
    if run.history:
        return _("Resumes after epoch %(n)d as soon as the server is free.") % {"n": run.history[-1]["epoch"]}
    if ahead:
        return ngettext("Starts soon: %(n)d job ahead.", "Starts soon: %(n)d jobs ahead.", ahead) % {"n": ahead}
    return _("Starts as soon as the server is free.")


def _paused(run: TrainingRun) -> str:
    """Says where it stopped and what is repeated: never more than the epoch that was under way."""
    stage = run.moment.get("stage")
    if stage == "tune":
        words = _(
            "Paused during trial %(n)d. Resumes after its last completed epoch. The time used so far still counts."
        )
        return words % {"n": _trial_number(run)}
    if run.history and stage == "learn":
        done = int(run.history[-1]["epoch"])
        words = _("Paused after epoch %(n)d. Resume whenever you like.") % {"n": done}
        if int(run.moment.get("epoch", 0)) > done:
            words += " " + _("Epoch %(n)d will start over.") % {"n": done + 1}
        return words
    return _("Paused. Resume whenever you like.")


def pausing(run: TrainingRun) -> str:
    """Says what the pause button would do."""
    if run.moment.get("stage") in ("learn", "tune"):
        return _("Stops now. The current epoch starts over when you resume.")
    return _("Stops now. The current step starts over when you resume.")


def _choosing(run: TrainingRun) -> list[str]:
    words = [_("Trying features from several networks. The one that does best on unseen pictures wins.")]
    best = best_epoch(run.history)
    if best is not None:
        share = round(100 * best["validation_accuracy"])
        words.append(_("The best so far gets %(percent)d %% of them right.") % {"percent": share})
    return words


def _learning(run: TrainingRun) -> list[str]:
    best = best_epoch(run.history)
    if best is None:
        return [_("First epoch: going through every picture once.")]
    return [_progress_of(run, best), *_overfitting(run.history[-1])]


def _progress_of(run: TrainingRun, best: Epoch) -> str:
    """Says how long ago the best epoch was: "No improvement for 4 epochs. Stops in 3." """
    since = run.history[-1]["epoch"] - best["epoch"]
    if not since:
        return _("Still improving.")
    patience = int(run.config.get("patience", 0))
    worse = ngettext("No improvement for %(n)d epoch", "No improvement for %(n)d epochs", since) % {"n": since}
    if patience > since:
        return _("%(worse)s. Stops after %(n)d more.") % {"worse": worse, "n": patience - since}
    if patience:
        return _("%(worse)s. Stopping now.") % {"worse": worse}
    return _("%(worse)s. The model from epoch %(n)d will be kept.") % {"worse": worse, "n": best["epoch"]}


def _overfitting(last: Epoch) -> list[str]:
    apart = (last["train_accuracy"] or 0) - (last["validation_accuracy"] or 0)
    if apart < OVERFITTING_GAP:
        return []
    words = _(
        "Overfitting: it gets %(known)d %% of its training pictures right, but only %(new)d %% of new ones. More "
        "samples or stronger random changes may help."
    )
    shares = {"known": round(100 * last["train_accuracy"]), "new": round(100 * last["validation_accuracy"])}
    return [words % shares]


def _searching(run: TrainingRun) -> list[str]:
    """Says which trial it is, how much of the time is used, and how good the best is."""
    numbers = {"n": _trial_number(run), "all": run.trials}
    words = [_("Trial %(n)d of up to %(all)d, each with different settings.") % numbers]
    if run.search.get("spent_s"):
        minutes = {"spent": round(run.search["spent_s"] / 60), "all": round(float(run.config["minutes"]))}
        words.append(_("%(spent)d of %(all)d minutes used. No new trial starts after that.") % minutes)
    if run.search.get("best_loss") is not None:
        words.append(_("Lowest loss so far: %(loss).3f.") % {"loss": run.search["best_loss"]})
    return words


def _trial_number(run: TrainingRun) -> int:
    return min(int(run.moment.get("done", 0)) + 1, run.trials)


def _memory(run: TrainingRun) -> list[str]:
    """Says that memory ran out, which shows only in a batch smaller than was asked for."""
    batch, wished = run.moment.get("batch_size"), int(run.config.get("batch_size", 0))
    if run.trials or not batch or batch >= wished:
        return []
    return [_("Memory ran out, so the batch size is now %(n)d instead of %(wished)d.") % {"n": batch, "wished": wished}]


_STAGES = {
    "read": lambda run: [_("Reading the pictures and resizing them for the network.")],
    "features": lambda run: [
        _("Pretrained networks process every sample once. After that, only a small classifier needs training.")
    ],
    "choose": _choosing,
    "learn": _learning,
    "evaluate": lambda run: [_("Training is done. Now testing it on samples it has never seen.")],
    "write": lambda run: [_("Saving the model, an ONNX copy and its model card.")],
    "tune": _searching,
}
