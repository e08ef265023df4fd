"""Writes datasets, runs and predictions as the API sends them."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from webapp.api.learning_types import DatasetOut, PredictionOut, RunOut, SampleOut, VersionOut
from webapp.datasets.models import Dataset, Sample, Version
from webapp.jobs import job_state
from webapp.jobs import words as jobs_words
from webapp.jobs.models import Status
from webapp.training.models import Explanation, TrainingRun


def dataset_out(dataset: Dataset) -> DatasetOut:
    """Writes a dataset that came with its labels."""
    return DatasetOut(
        id=dataset.pk,
        name=dataset.name,
        purpose=dataset.purpose,
        kind=dataset.kind,
        created_at=dataset.created_at,
        labels=[label.name for label in sorted(dataset.labels.all(), key=lambda each: (each.position, each.pk))],
    )


def sample_out(sample: Sample) -> SampleOut:
    """Writes a sample that came with its label."""
    return SampleOut(
        number=sample.number,
        name=sample.name,
        label=sample.label.name if sample.label else None,
        is_left_out=sample.is_left_out,
        media_type=sample.media_type,
        width=sample.width,
        height=sample.height,
        duration_s=sample.duration_s,
        size_bytes=sample.size_bytes,
        sha256=sample.sha256,
        source=sample.source_name,
        video_id=sample.video_id,
        time_s=sample.time_s,
        person_id=sample.person_id,
    )


def version_out(version: Version, samples: int) -> VersionOut:
    return VersionOut(
        id=version.pk,
        number=version.number,
        note=version.note,
        created_at=version.created_at,
        fingerprint=version.fingerprint,
        samples=samples,
    )


def run_out(run: TrainingRun, in_use: Collection[UUID]) -> RunOut:
    """Writes a run that came with its job; `in_use` are the runs whose models are."""
    result: dict[str, Any] = run.result or {}
    figures = result.get("test") or result.get("validation") or {}
    return RunOut(
        id=run.pk,
        number=run.number,
        dataset_id=run.dataset_id,
        dataset=run.dataset_name,
        version=run.version_number,
        kind=run.kind,
        recipe=run.recipe,
        trials=run.trials,
        note=run.note,
        state=run.state.value,
        percent=job_state.state_of(run.job).percent if run.job else None,
        created_at=run.created_at,
        labels=list(result.get("labels", [])),
        accuracy=figures.get("accuracy"),
        is_model_in_use=run.pk in in_use,
    )


def prediction_out(found: Explanation) -> PredictionOut:
    """Writes what a model said of a file; it came with its job."""
    status = Status(found.job.status) if found.job else Status.DONE
    has_failed = status in (Status.FAILED, Status.CANCELLED)
    return PredictionOut(
        id=found.pk,
        file_name=found.file_name,
        state=status.value,
        label=found.result.get("said"),
        scores=found.result.get("scores", {}),
        problem=str(jobs_words.explain(found.job.error_code).happened) if has_failed and found.job else None,
    )
