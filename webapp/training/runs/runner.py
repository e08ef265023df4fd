"""Runs a training in the worker: materialises the samples, searches for settings, trains, stores the model.

The library and torch are loaded inside of the functions, because only the child that computes may load them.
"""

import os
from functools import partial
from pathlib import Path

from django.db import transaction

from analysis.errors import Cancelled
from analysis.training.config import TrainingConfig, from_json
from analysis.training.model_folder import CHECKPOINT, RUN, write_json
from analysis.training.run_document import RunDocument, RunWarning
from analysis.weights import sha256_of
from webapp import storage
from webapp.jobs import lifecycle
from webapp.jobs.models import Job
from webapp.training.errors import GpuGone
from webapp.training.models import RequestedAction, TrainingRun
from webapp.training.runs.predictions_runner import store_predictions
from webapp.training.runs.progress_runner import ProgressRecorder
from webapp.training.runs.samples_runner import MaterialisedSamples, materialised

MODEL_FOLDER, SEARCH_FOLDER = "model", "search"
NOT_KEPT = (CHECKPOINT, "features.pt")
"""Of the model folder; everything else goes into the store."""


def run_training(job: Job) -> None:
    """Runs or resumes the training of a job, and stores its model. Raises Cancelled, GpuGone, AnalysisError."""
    runs = TrainingRun.objects.select_related("version", "team")
    run = runs.filter(job=job, deleted_at=None, paused_at=None).first()
    if run is None:
        lifecycle.cancel(job.pk)
        raise Cancelled
    place = storage.workplace(str(run.pk))
    if not any(place.rglob(CHECKPOINT)):
        run.history = []
    # Threads that spin while they wait take the cores from everybody; read when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        with lifecycle.beating(job):
            _train(ProgressRecorder(job, run), place)
    except RuntimeError as error:
        if _is_gpu_gone(error):
            raise GpuGone(str(error)) from error
        raise
    storage.leave_workplace(str(run.pk))


def _train(recorder: ProgressRecorder, place: Path) -> None:
    config = from_json(recorder.run.config)
    with materialised(recorder.run, place, partial(lifecycle.report, recorder.job, "read")) as material:
        from analysis.training.train import train  # deferred: loads torch

        if recorder.run.trials:
            config = _searched(recorder, config, material, place / SEARCH_FOLDER)
        result = train(config, material.data, place / MODEL_FOLDER, recorder)
        _store(recorder, result.folder, result.run, material)


def _searched(
    recorder: ProgressRecorder, config: TrainingConfig, material: MaterialisedSamples, place: Path
) -> TrainingConfig:
    """Returns the best settings found; a finished search is not repeated after an interruption."""
    from analysis.training.tune import tune, tuned_config  # deferred: loads torch

    search = recorder.run.search
    if not search.get("is_over"):
        recorder.is_searching = True
        search = tune(config, material.data, place, recorder.run.trials, recorder, recorder.after_trial)
        recorder.search_ended(search)
    return tuned_config(config, material.data, search)


def _store(recorder: ProgressRecorder, folder: Path, result: RunDocument, material: MaterialisedSamples) -> None:
    """Stores files first, rows and status last; a repeat after a crash replaces what is there."""

    run = recorder.run
    document: RunDocument = {**without_folders(result), "missing_files": material.missing}
    write_json(folder / RUN, document)
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and path.name not in NOT_KEPT)
    files = {name: sha256_of(folder / name) for name in names}
    with transaction.atomic():
        store_predictions(run, folder, material.sample_of_path)
        for name in names:
            storage.put_file(f"{run.files_prefix}/{name}", folder / name)
        recorder.store(
            result=document,
            files=files,
            history=result["history"],
            moment=recorder.moment,
            wish=RequestedAction.NOTHING,
        )
        lifecycle.finish(recorder.job)


def without_folders(result: RunDocument) -> RunDocument:
    """Returns the result with bare file names in its warnings, since it is shown and downloaded."""
    warnings: list[RunWarning] = [
        {**each, "files": [Path(file).name for file in each["files"]]} for each in result["warnings"]
    ]
    return {**result, "warnings": warnings}


def _is_gpu_gone(error: RuntimeError) -> bool:
    """Whether the card was unplugged, was reset or has crashed; not when it is merely full."""
    import torch  # deferred: loads torch

    return isinstance(error, torch.AcceleratorError)
