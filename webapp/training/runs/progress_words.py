"""What is going on in a training run, in sentences."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webapp.training.models import RunState, TrainingRun

CLEARLY_APART = 0.12
"""So much more right on what it learns from than on what it has not seen: it learns by heart."""
Epoch = Mapping[str, Any]


def best_epoch(history: Sequence[Epoch]) -> Epoch | None:
    """The one whose model is kept: the least loss on the validation part."""
    return min(history, key=lambda entry: float(entry["validation_loss"]), default=None)


def going_on(run: TrainingRun, ahead: int = 0) -> list[str]:
    """`ahead`: other pieces of work that the worker does first."""
    if run.state == RunState.PAUSED:
        return [_paused(run)]
    if run.state == RunState.WAITING:
        return [_waiting(run, ahead)]
    if run.state != RunState.RUNNING:
        return []
    stage = run.moment.get("stage", "")
    words = _STAGES[stage](run) if stage in _STAGES else [_("The worker gets ready.")]
    return [*words, *_memory(run)]


def _waiting(run: TrainingRun, ahead: int) -> str:
    if run.history:
        return _("Goes on behind epoch %(n)d as soon as a worker is free.") % {"n": run.history[-1]["epoch"]}
    if ahead:
        return ngettext(
            "Starts when %(n)d other piece of work is done.", "Starts when %(n)d other pieces of work are done.", ahead
        ) % {"n": ahead}
    return _("Starts as soon as a worker is free.")


def _paused(run: TrainingRun) -> str:
    """Also what is lost by it: never more than the epoch that was under way."""
    stage = run.moment.get("stage")
    if stage == "tune":
        words = _("Paused in trial %(n)d. It goes on behind the last complete epoch of that; the minutes so far count.")
        return words % {"n": _trial_number(run)}
    if run.history and stage == "learn":
        done = int(run.history[-1]["epoch"])
        words = _("Paused behind epoch %(n)d. It goes on from there when you say so.") % {"n": done}
        if int(run.moment.get("epoch", 0)) > done:
            words += " " + _("What it had begun of epoch %(n)d is learned again.") % {"n": done + 1}
        return words
    return _("Paused. It goes on when you say so.")


def pausing(run: TrainingRun) -> str:
    """What the button would do, before it is pressed."""
    if run.moment.get("stage") in ("learn", "tune"):
        return _("Stops at once. When it goes on, the epoch that is under way is learned again.")
    return _("Stops at once. When it goes on, the step that is under way begins again.")


def _reading(run: TrainingRun) -> list[str]:
    return [_("Every picture is read once and brought to the size that the network takes.")]


def _features(run: TrainingRun) -> list[str]:
    return [
        _("Networks that know pictures already look at every sample once. Only a small head has to learn after that.")
    ]


def _choosing(run: TrainingRun) -> list[str]:
    words = [_("Several ways to look are tried; what counts is how well each does on pictures that it has not seen.")]
    best = best_epoch(run.history)
    if best is not None:
        share = round(100 * best["validation_accuracy"])
        words.append(_("The best so far is right for %(percent)d %% of those.") % {"percent": share})
    return words


def _learning(run: TrainingRun) -> list[str]:
    best = best_epoch(run.history)
    if best is None:
        return [_("The first epoch: every picture is shown once.")]
    return [_progress_of(run, best), *_by_heart(run.history[-1])]


def _progress_of(run: TrainingRun, best: Epoch) -> str:
    """ "No better for 4 epochs; stops in 3"."""
    since = run.history[-1]["epoch"] - best["epoch"]
    if not since:
        return _("Still getting better with each look.")
    patience = int(run.config.get("patience", 0))
    worse = ngettext("No better for %(n)d epoch", "No better for %(n)d epochs", since) % {"n": since}
    if patience > since:
        return _("%(worse)s; stops in %(n)d.") % {"worse": worse, "n": patience - since}
    if patience:
        return _("%(worse)s; stops now.") % {"worse": worse}
    return _("%(worse)s; the model of epoch %(n)d is the one that is kept.") % {"worse": worse, "n": best["epoch"]}


def _by_heart(last: Epoch) -> list[str]:
    apart = (last["train_accuracy"] or 0) - (last["validation_accuracy"] or 0)
    if apart < CLEARLY_APART:
        return []
    words = _(
        "It knows the pictures that it learns from (%(known)d %% right) much better than others (%(new)d %%): it "
        "learns by heart. More samples, or stronger random changes, help."
    )
    shares = {"known": round(100 * last["train_accuracy"]), "new": round(100 * last["validation_accuracy"])}
    return [words % shares]


def _evaluating(run: TrainingRun) -> list[str]:
    return [_("Learning is over. Now comes the honest part: the test samples, which the model has never seen.")]


def _writing(run: TrainingRun) -> list[str]:
    return [_("The model is stored, also as ONNX, together with its card.")]


def _searching(run: TrainingRun) -> list[str]:
    """Trial and epoch, how much time is left for further ones, and how good the best is."""
    numbers = {"n": _trial_number(run), "all": run.trials}
    words = [_("Trial %(n)d of at most %(all)d; each learns with other settings.") % numbers]
    if run.search.get("spent_s"):
        minutes = {"spent": round(run.search["spent_s"] / 60), "all": round(float(run.config["minutes"]))}
        words.append(_("%(spent)d of %(all)d minutes are over; after those no new trial begins.") % minutes)
    if run.search.get("best_loss") is not None:
        words.append(_("Least loss so far: %(loss).3f.") % {"loss": run.search["best_loss"]})
    return words


def _trial_number(run: TrainingRun) -> int:
    return min(int(run.moment.get("done", 0)) + 1, run.trials)


def _memory(run: TrainingRun) -> list[str]:
    """Said by the library in English only; what it did shows in the size of the batch."""
    batch, wished = run.moment.get("batch_size"), int(run.config.get("batch_size", 0))
    if run.trials or not batch or batch >= wished:
        return []
    return [
        _("Memory ran out, so it now looks at %(n)d pictures at a time instead of %(wished)d.")
        % {"n": batch, "wished": wished}
    ]


_STAGES = {
    "read": _reading,
    "features": _features,
    "choose": _choosing,
    "learn": _learning,
    "evaluate": _evaluating,
    "write": _writing,
    "tune": _searching,
}
