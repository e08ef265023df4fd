"""Reads for the pages about training; the number of queries does not grow with the rows shown."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from webapp.datasets.models import Dataset, Version
from webapp.jobs import job_state
from webapp.jobs import words as jobs_words
from webapp.jobs.models import Job
from webapp.training.models import RunState, TrainingRun
from webapp.training.runs.progress_words import best_epoch

PAGE_SIZE = 24
RECENT = 5


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run in a list: `share` (0..1) was predicted right, of a test `right` out of `count` samples.

    `job`: its state as the socket sends it, while it waits, works or has failed.
    """

    run: TrainingRun
    job: dict[str, object] | None
    share: float | None
    right: int
    count: int
    """0 while the run is not evaluated."""
    is_tested: bool


def page_of_runs(runs: QuerySet[TrainingRun], number: str | None) -> "Page[RunRow]":
    """Returns a page of runs as rows, the newest first."""
    ordered = runs.select_related("job", "created_by").order_by("-created_at", "pk")
    page = Paginator(ordered, PAGE_SIZE).get_page(number)
    page.object_list = [row_of(run) for run in page.object_list]  # type: ignore[misc]
    return page  # type: ignore[return-value]


def recent_runs(runs: QuerySet[TrainingRun]) -> list[RunRow]:
    """Returns rows for the last few runs, the newest first."""
    return [row_of(run) for run in runs.select_related("job", "created_by").order_by("-created_at", "pk")[:RECENT]]


def row_of(run: TrainingRun) -> RunRow:
    """Returns the row of a run in a list; its accuracy is of the test, else of the validation so far."""
    tested = run.result.get("test") or run.result.get("validation")
    best = best_epoch(run.history)
    so_far = best["validation_accuracy"] if best else None
    share = tested["accuracy"] if tested else so_far
    is_shown = run.state in (RunState.WAITING, RunState.RUNNING, RunState.FAILED)
    job = words_of(run.job) if is_shown and run.job else None
    count = tested["count"] if tested else 0
    return RunRow(run, job, share, round(count * (share or 0)), count, bool(run.result.get("test")))


def words_of(job: Job) -> dict[str, Any]:
    """Returns the state of a job as the socket sends it, with words for people."""
    return jobs_words.payload_with_words(job_state.state_of(job).payload())


def ahead_of(job: Job | None) -> int:
    """Returns how many jobs the training workers do before this one, as turns stand now."""
    return 0 if job is None else job_state.places_in_queue([job]).get(job.pk, 0)


def versions_to_choose(dataset: Dataset) -> QuerySet[Version]:
    """Returns the versions that are not deleted, the newest first."""
    return dataset.versions.filter(deleted_at=None).order_by("-number")


def page_of_datasets(datasets: QuerySet[Dataset], number: str | None) -> "Page[Dataset]":
    """Returns a page of the datasets that have a version to train on, the newest first."""
    frozen = datasets.filter(versions__deleted_at=None, versions__isnull=False).distinct()
    return Paginator(frozen.order_by("-created_at", "pk"), PAGE_SIZE).get_page(number)
