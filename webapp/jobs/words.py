"""Says in words what a job is doing, and for each error code what happened and what to do next."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from webapp.jobs.job_state import JobState
from webapp.jobs.models import MAX_ATTEMPTS, JobKind, Status

Words = str | Promise


@dataclass(frozen=True, slots=True)
class FailureWords:
    """What happened and what to do next, one sentence each."""

    happened: Words
    next_step: Words


STAGES: dict[str, Words] = {
    "probe": gettext_lazy("Checking the file"),
    "hash": gettext_lazy("Reading the file"),
    "draw": gettext_lazy("Making the sample video"),
    "scan": gettext_lazy("Finding the first faces"),
    "detect": gettext_lazy("Analysing"),
    "group": gettext_lazy("Grouping faces by person"),
    "web_copy": gettext_lazy("Making a copy for the browser"),
    "poster": gettext_lazy("Making a thumbnail"),
    "look": gettext_lazy("Scanning files"),
    "import": gettext_lazy("Adding samples"),
    "sprites": gettext_lazy("Making preview pictures"),
    "measure": gettext_lazy("Analysing new samples"),
    "suggest": gettext_lazy("Suggesting labels"),
    "examine": gettext_lazy("Checking the dataset"),
    "read": gettext_lazy("Reading pictures"),
    "features": gettext_lazy("Computing features"),
    "choose": gettext_lazy("Choosing the best features"),
    "tune": gettext_lazy("Searching for the best settings"),
    "learn": gettext_lazy("Training"),
    "evaluate": gettext_lazy("Evaluating the model"),
    "write": gettext_lazy("Saving the model"),
    "explain": gettext_lazy("Computing the heat map"),
    "recognise": gettext_lazy("Finding labels"),
}

FAILURES: dict[str, FailureWords] = {
    "analysis": FailureWords(
        gettext_lazy("This video cannot be analysed."), gettext_lazy("Try a different copy of the file.")
    ),
    "unreadable_video": FailureWords(
        gettext_lazy("This file is not a video, or it is damaged."),
        gettext_lazy("Check that it plays on your computer, then upload it again."),
    ),
    "no_video_stream": FailureWords(
        gettext_lazy("There is sound in this file but no picture."), gettext_lazy("Choose the video file instead.")
    ),
    "forbidden_format": FailureWords(
        gettext_lazy("This file is a playlist or a stream, which only points to a video elsewhere."),
        gettext_lazy("Upload the video itself, for example as MP4, MOV, MKV, WebM or AVI."),
    ),
    "probe_limit": FailureWords(
        gettext_lazy("This file seems damaged: reading it took too long, so we stopped."),
        gettext_lazy("Convert it to MP4 and upload that file."),
    ),
    "picture_too_large": FailureWords(
        gettext_lazy("The frames of this video are too large to process."),
        gettext_lazy("Save it at 4K (3840 × 2160) or smaller, then upload that file."),
    ),
    "unreadable_picture": FailureWords(
        gettext_lazy("This picture cannot be read."), gettext_lazy("Save it as JPEG or PNG, then try again.")
    ),
    "missing_weights": FailureWords(
        gettext_lazy("A model file that is needed to find faces is missing on the server."),
        gettext_lazy("Ask the person who runs Rollcall to restart it with ./scripts/run, then analyse again."),
    ),
    "bad_training_config": FailureWords(
        gettext_lazy("One of the training settings has an invalid value."),
        gettext_lazy("Check the settings, or go back to the recommended ones."),
    ),
    "unusable_training_data": FailureWords(
        gettext_lazy("There are too few usable pictures to train on."),
        gettext_lazy("Use at least two labels, each with several pictures from different videos, then train again."),
    ),
    "leaking_split": FailureWords(
        gettext_lazy("The same video or person is in the training set and in another set."),
        gettext_lazy("Create a new version of the dataset, which keeps each video in one set."),
    ),
    "training_diverged": FailureWords(
        gettext_lazy("The training became unstable in its first steps."),
        gettext_lazy("Choose a smaller learning rate, or go back to the recommended settings."),
    ),
    "data_gone": FailureWords(
        gettext_lazy("The dataset version that this training uses has been deleted."),
        gettext_lazy("Create a new version of a dataset and train on that."),
    ),
    "gpu_gone": FailureWords(
        gettext_lazy("The graphics card stopped responding."),
        gettext_lazy("Resume the training. It continues after the last completed epoch, on the CPU if necessary."),
    ),
    "damaged_model": FailureWords(
        gettext_lazy("A file of this model is missing or has been changed."),
        gettext_lazy("Train the model again, or choose another one."),
    ),
    "duplicate": FailureWords(
        gettext_lazy("This video is already here."),
        gettext_lazy("Open the video that was uploaded earlier. This copy was not kept."),
    ),
    "disk_full": FailureWords(
        gettext_lazy("The server is out of disk space."),
        gettext_lazy("Delete videos that you no longer need, then try again."),
    ),
    "file_gone": FailureWords(gettext_lazy("The stored file is missing."), gettext_lazy("Upload the video again.")),
    "not_an_archive": FailureWords(
        gettext_lazy("This is not a ZIP file, or it is damaged."), gettext_lazy("Create the ZIP again and upload it.")
    ),
    "encrypted_archive": FailureWords(
        gettext_lazy("This ZIP is password-protected."), gettext_lazy("Create one without a password and upload it.")
    ),
    "archive_too_large": FailureWords(
        gettext_lazy("This ZIP would become suspiciously large when unpacked, so it was rejected."),
        gettext_lazy("Create a ZIP of the pictures only, or several smaller ones."),
    ),
    "broken_list": FailureWords(
        gettext_lazy("The list inside the ZIP cannot be read."),
        gettext_lazy("The line is shown below. Fix it, then upload the ZIP again."),
    ),
    "crashed": FailureWords(
        gettext_lazy("The analysis crashed several times."),
        gettext_lazy("Try again with Fast, or upload a copy saved as MP4."),
    ),
    "internal": FailureWords(
        gettext_lazy("Something went wrong on the server."),
        gettext_lazy("Try again. If it happens again, tell the person who runs Rollcall."),
    ),
}

OF_KIND: dict[tuple[str, str], FailureWords] = {
    (JobKind.TRAIN, "disk_full"): FailureWords(
        gettext_lazy("The server ran out of disk space, so the training stopped. Its progress is saved."),
        gettext_lazy("Delete videos or runs that you no longer need, then resume the training."),
    ),
    (JobKind.TRAIN, "crashed"): FailureWords(
        gettext_lazy("The training crashed several times."),
        gettext_lazy("It probably ran out of memory. Train again with a smaller batch size or a smaller picture size."),
    ),
}
"""Kinds of jobs for which the general words of a code would mislead."""

UPLOAD = "upload"
"""The kind of the states that uploads publish; they have no job."""


def explain(code: str, kind: str = "") -> FailureWords:
    """Returns words for an error code; those of an internal error for unknown codes (of a newer worker, say)."""
    return OF_KIND.get((kind, code)) or FAILURES.get(code, FAILURES["internal"])


def headline(state: JobState) -> str:
    """Returns the state in a few words: "Analysing · 62 %"."""
    if state.kind == JobKind.CHECK and state.status == Status.DONE:
        return _("Checked")  # the analysis is yet to come
    if state.status in (Status.DONE, Status.FAILED, Status.CANCELLED):
        return str(Status(state.status).label)
    if state.status == Status.QUEUED and not state.started:
        return _("Waiting")
    words = _("Uploading") if state.kind == UPLOAD else str(STAGES.get(state.stage) or _kind_label(state.kind))
    if state.percent is None:
        return words
    return _("%(stage)s · %(percent)d %%") % {"stage": words, "percent": state.percent}


def detail(state: JobState) -> str:
    """Returns the second line: time left, which attempt, or what happened and the next step."""
    if state.status == Status.FAILED:
        failure = explain(state.error, state.kind)
        return f"{failure.happened} {failure.next_step}"
    if state.status == Status.QUEUED:
        if not state.ahead:
            return _("Starts soon")
        return ngettext("%(n)d video ahead", "%(n)d videos ahead", state.ahead) % {"n": state.ahead}
    if state.status != Status.RUNNING:
        return ""
    parts = [time_left(state.low_s, state.high_s)]
    if state.attempts:
        attempt = {"attempt": state.attempts + 1, "most": MAX_ATTEMPTS}
        parts.append(_("attempt %(attempt)d of %(most)d after an interruption") % attempt)
    return " · ".join(part for part in parts if part)


def time_left(low_s: float | None, high_s: float | None) -> str:
    """Returns a range in words: "less than a minute left", "3–4 min left"; empty when unknown."""
    if low_s is None or high_s is None:
        return ""
    if high_s < 60:
        return _("less than a minute left")
    if high_s < 90 * 60:
        return _range(max(1, round(low_s / 60)), max(1, round(high_s / 60)), _("min"))
    return _range(max(1, round(low_s / 3600)), max(1, round(high_s / 3600)), _("h"))


def _range(low: int, high: int, unit: str) -> str:
    if low == high:
        return ngettext("about %(n)d %(unit)s left", "about %(n)d %(unit)s left", low) % {"n": low, "unit": unit}
    return _("%(low)d–%(high)d %(unit)s left") % {"low": low, "high": high, "unit": unit}


def _kind_label(kind: str) -> str:
    return str(JobKind(kind).label) if kind in JobKind.values else _("Working")


def payload_with_words(payload: dict[str, object]) -> dict[str, object]:
    """Returns the message as browsers get it, in the active language."""
    fields = {name: payload[name] for name in JobState.__dataclass_fields__}
    state = JobState(**fields)  # type: ignore[arg-type]
    return {**payload, "headline": headline(state), "detail": detail(state)}
