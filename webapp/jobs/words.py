"""Says in words what a job is doing, and for each error code what happened and what to do next."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from webapp.http.list_words import sentences
from webapp.jobs.job_state import JobState
from webapp.jobs.models import MAX_ATTEMPTS, JobKind, Status

Words = str | Promise


@dataclass(frozen=True, slots=True)
class FailureWords:
    """What happened and what to do next, one sentence each."""

    happened: Words
    next_step: Words


STAGES: dict[str, Words] = {
    "upload": _("Uploading"),
    "upload_stopped": _("Upload stopped"),
    "probe": _("Checking the file"),
    "store": _("Storing the file"),
    "hash": _("Reading the file"),
    "draw": _("Making the sample video"),
    "scan": _("Finding the first faces"),
    "detect": _("Analysing"),
    "group": _("Grouping faces by person"),
    "web_copy": _("Making a copy for the browser"),
    "poster": _("Making a thumbnail"),
    "look": _("Scanning files"),
    "import": _("Adding samples"),
    "sprites": _("Making preview pictures"),
    "follow": _("Following faces from frame to frame"),
    "encode": _("Writing the copy and checking it"),
    "cut": _("Cutting out moments"),
    "join": _("Adding the sound"),
    "measure": _("Analysing new samples"),
    "suggest": _("Suggesting labels"),
    "examine": _("Checking the dataset"),
    "read": _("Reading pictures"),
    "features": _("Computing features"),
    "choose": _("Choosing the best features"),
    "tune": _("Searching for the best settings"),
    "learn": _("Training"),
    "evaluate": _("Evaluating the model"),
    "write": _("Saving the model"),
    "explain": _("Computing the heat map"),
    "recognise": _("Finding labels"),
    "views": _("Reading stored pictures of faces"),
    "regroup": _("Working out what would change"),
    "switch": _("Switching"),
}

FAILURES: dict[str, FailureWords] = {
    "analysis": FailureWords(_("This video cannot be analysed."), _("Try a different copy of the file.")),
    "unreadable_video": FailureWords(
        _("This file is not a video, or it is damaged."),
        _("Check that it plays on your computer, then upload it again."),
    ),
    "no_video_stream": FailureWords(
        _("There is sound in this file but no picture."), _("Choose the video file instead.")
    ),
    "still_picture": FailureWords(
        _("This is a picture, not a video."),
        _("To find out who is in it, open People and choose Find by photo."),
    ),
    "forbidden_format": FailureWords(
        _("This file is a playlist or a stream, which only points to a video elsewhere."),
        _("Upload the video itself, for example as MP4, MOV, MKV, WebM or AVI."),
    ),
    "probe_limit": FailureWords(
        _("This file seems damaged: reading it took too long, so we stopped."),
        _("Convert it to MP4 and upload that file."),
    ),
    "picture_too_large": FailureWords(
        _("The frames of this video are too large to process."),
        _("Save it at 4K (3840 × 2160) or smaller, then upload that file."),
    ),
    "unreadable_picture": FailureWords(_("This picture cannot be read."), _("Save it as JPEG or PNG, then try again.")),
    "unknown_picture": FailureWords(
        _("This file is not a picture of a known kind."), _("Save it as JPEG or PNG, then try again.")
    ),
    "picture_too_small": FailureWords(
        _("This picture has too few pixels to learn from."), _("Choose a larger one, then try again.")
    ),
    "missing_weights": FailureWords(
        _("A model file that is needed to find faces is missing on the server."),
        _("Ask the person who runs Rollcall to restart it with ./scripts/run, then analyse again."),
    ),
    "bad_embedder": FailureWords(
        _("The files of the face model are missing or cannot be used."),
        _("Ask the person who runs Rollcall to check the folder of face models, then prepare it again."),
    ),
    "bad_training_config": FailureWords(
        _("One of the training settings has an invalid value."),
        _("Check the settings, or go back to the recommended ones."),
    ),
    "unusable_training_data": FailureWords(
        _("There are too few usable pictures to train on."),
        _("Use at least two labels, each with several pictures from different videos, then train again."),
    ),
    "leaking_split": FailureWords(
        _("The same video or person is in the training set and in another set."),
        _("Create a new version of the dataset, which keeps each video in one set."),
    ),
    "training_diverged": FailureWords(
        _("The training became unstable in its first steps."),
        _("Choose a smaller learning rate, or go back to the recommended settings."),
    ),
    "data_gone": FailureWords(
        _("The dataset version that this training uses has been deleted."),
        _("Create a new version of a dataset and train on that."),
    ),
    "gpu_gone": FailureWords(
        _("The graphics card stopped responding."),
        _("Resume the training. It continues after the last completed epoch, on the CPU if necessary."),
    ),
    "damaged_model": FailureWords(
        _("A file of this model is missing or has been changed."), _("Train the model again, or choose another one.")
    ),
    "unusable_result": FailureWords(
        _("The analysis of this video is missing or incomplete."), _("Analyse the video again, then try once more.")
    ),
    "unknown_person": FailureWords(
        _("A chosen person is no longer in this video."), _("Reload the page and choose again.")
    ),
    "nothing_to_show": FailureWords(
        _("There is no moment that matches what you chose."),
        _("Choose other people, or a shorter minimum length, then try again."),
    ),
    "duplicate": FailureWords(
        _("This video is already here."), _("Open the video that was uploaded earlier. This copy was not kept.")
    ),
    "disk_full": FailureWords(
        _("The server is out of disk space."), _("Delete videos that you no longer need, then try again.")
    ),
    "quota_full": FailureWords(
        _("Your team has used all of its storage, so this was not made."),
        _("Delete videos or exports that you no longer need, or ask the person who runs this server for more."),
    ),
    "file_gone": FailureWords(_("The stored file is missing."), _("Upload the video again.")),
    "not_an_archive": FailureWords(
        _("This is not a ZIP file, or it is damaged."), _("Create the ZIP again and upload it.")
    ),
    "encrypted_archive": FailureWords(
        _("This ZIP is password-protected."), _("Create one without a password and upload it.")
    ),
    "unsupported_compression": FailureWords(
        _("This ZIP is packed by a method that cannot be read here."),
        _("Pack it again with the usual method (Deflate), then upload it."),
    ),
    "archive_too_large": FailureWords(
        _("This ZIP would become suspiciously large when unpacked, so it was rejected."),
        _("Create a ZIP of the pictures only, or several smaller ones."),
    ),
    "too_many_in_archive": FailureWords(
        _("This ZIP holds more files than can be read."), _("Divide it into several ZIPs.")
    ),
    "archive_limit": FailureWords(
        _("Reading this ZIP took too much memory or time, so it was stopped."),
        _("Divide it into several ZIPs. If it happens again, create the ZIP anew."),
    ),
    "broken_list": FailureWords(
        _("The list inside the ZIP cannot be read."), _("The line is shown below. Fix it, then upload the ZIP again.")
    ),
    "crashed": FailureWords(
        _("The analysis crashed several times."), _("Try again with Fast, or upload a copy saved as MP4.")
    ),
    "internal": FailureWords(
        _("Something went wrong on the server."),
        _("Try again. If it happens again, tell the person who runs Rollcall."),
    ),
}

OF_KIND: dict[tuple[str, str], FailureWords] = {
    (JobKind.EXPORT, "disk_full"): FailureWords(
        _("The server ran out of disk space, so this was not made."),
        _("Delete videos or exports that you no longer need, then make it again."),
    ),
    (JobKind.EXPORT, "file_gone"): FailureWords(
        _("The stored file of a video is missing."), _("Upload the video again, then export it.")
    ),
    (JobKind.EXPORT, "crashed"): FailureWords(
        _("Making this crashed several times."), _("Try again. If it happens again, export less at once.")
    ),
    (JobKind.TRAIN, "disk_full"): FailureWords(
        _("The server ran out of disk space, so the training stopped. Its progress is saved."),
        _("Delete videos or runs that you no longer need, then resume the training."),
    ),
    (JobKind.TRAIN, "crashed"): FailureWords(
        _("The training crashed several times."),
        _("It probably ran out of memory. Train again with a smaller batch size or a smaller picture size."),
    ),
}
"""Kinds of jobs for which the general words of a code would mislead."""


def explain(code: str, kind: str = "") -> FailureWords:
    """Returns words for an error code; those of an internal error for unknown codes (of a newer worker, say)."""
    return OF_KIND.get((kind, code)) or FAILURES.get(code, FAILURES["internal"])


def headline(state: JobState) -> str:
    """Returns the state in a few words: "Analysing · 62 %"."""
    if state.kind == JobKind.CHECK and state.status == Status.DONE:
        return gettext("Waiting")  # the analysis is yet to come
    if state.status in (Status.DONE, Status.FAILED, Status.CANCELLED):
        return str(Status(state.status).label)
    if state.status == Status.QUEUED and not state.started:
        return gettext("Waiting")
    if state.status == Status.QUEUED:
        return gettext("Waiting to finish") if 0 < state.total <= state.done else gettext("Waiting to continue")
    words = str(STAGES.get(state.stage) or _kind_label(state.kind))
    if state.percent is None:
        return words
    return gettext("%(stage)s · %(percent)d %%") % {"stage": words, "percent": state.percent}


def detail(state: JobState) -> str:
    """Returns the second line: time left, which attempt, or what happened and the next step."""
    if state.status == Status.FAILED:
        failure = explain(state.error, state.kind)
        return sentences(failure.happened, failure.next_step)
    if state.status == Status.QUEUED:
        if not state.ahead:
            return gettext("Continues soon") if state.started else gettext("Starts soon")
        if state.kind == JobKind.EXPORT:
            return ngettext("%(n)d export ahead", "%(n)d exports ahead", state.ahead) % {"n": state.ahead}
        if state.kind == JobKind.TRAIN:
            return ngettext("%(n)d training ahead", "%(n)d trainings ahead", state.ahead) % {"n": state.ahead}
        return ngettext("%(n)d video ahead", "%(n)d videos ahead", state.ahead) % {"n": state.ahead}
    if state.status != Status.RUNNING:
        return ""
    parts = [time_left(state.low_s, state.high_s)]
    if state.attempts:
        attempt = {"attempt": state.attempts + 1, "most": MAX_ATTEMPTS}
        parts.append(gettext("attempt %(attempt)d of %(most)d after an interruption") % attempt)
    return " · ".join(part for part in parts if part)


def time_left(low_s: float | None, high_s: float | None) -> str:
    """Returns a range in words: "less than a minute left", "3–4 min left"; empty when unknown."""
    if low_s is None or high_s is None:
        return ""
    if high_s < 60:
        return gettext("less than a minute left")
    low, high, unit = _rounded_range(low_s, high_s)
    if low == high:
        return ngettext("about %(n)d %(unit)s left", "about %(n)d %(unit)s left", low) % {"n": low, "unit": unit}
    return gettext("%(low)d–%(high)d %(unit)s left") % {"low": low, "high": high, "unit": unit}


def time_needed(low_s: float | None, high_s: float | None) -> str:
    """Returns in words how long something will take: "takes about 3 min"; empty when unknown."""
    if low_s is None or high_s is None:
        return ""
    if high_s < 60:
        return gettext("takes less than a minute")
    low, high, unit = _rounded_range(low_s, high_s)
    if low == high:
        return ngettext("takes about %(n)d %(unit)s", "takes about %(n)d %(unit)s", low) % {"n": low, "unit": unit}
    return gettext("takes %(low)d–%(high)d %(unit)s") % {"low": low, "high": high, "unit": unit}


def _rounded_range(low_s: float, high_s: float) -> tuple[int, int, str]:
    """Returns whole minutes, or hours of what takes long, and the unit."""
    unit_s, unit = (60, gettext("min")) if high_s < 90 * 60 else (3600, gettext("h"))
    return max(1, round(low_s / unit_s)), max(1, round(high_s / unit_s)), unit


def _kind_label(kind: str) -> str:
    return str(JobKind(kind).label) if kind in JobKind.values else gettext("Working")


def payload_with_words(payload: dict[str, object]) -> dict[str, object]:
    """Returns the message as browsers get it, in the active language."""
    state = JobState.of_payload(payload)
    return {**payload, "headline": headline(state), "detail": detail(state)}
