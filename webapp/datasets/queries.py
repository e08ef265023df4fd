"""Reads for the pages of datasets; the number of queries does not grow with what is shown."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet

from webapp.datasets.models import Dataset, Label, Sample, Version
from webapp.jobs import job_state
from webapp.jobs import words as jobs_words
from webapp.jobs.models import Job, JobKind

PAGE_SIZE = 24
COVERS = 4
"""Pictures on a card of the list."""
IN_DATASET = Q(removed_at=None)


@dataclass(frozen=True, slots=True)
class DatasetCard:
    """A dataset in the list."""

    dataset: Dataset
    count: int
    labelled: int
    labels: int
    versions: int
    covers: list[int]
    """Numbers of a few samples."""


@dataclass(frozen=True, slots=True)
class LabelCount:
    """A label and how many samples bear it; `share` is of the most frequent one, in percent."""

    label: Label
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Overview:
    """The head of every page of a dataset."""

    dataset: Dataset
    count: int
    labelled: int
    unlabelled: int
    """Neither labelled nor left out: what there is still to do."""
    excluded: int
    labels: list[LabelCount]
    sources: int
    versions: int
    job: dict[str, object] | None
    """The work that is going on, as the socket tells it."""


def samples_of(dataset: Dataset) -> QuerySet[Sample]:
    return dataset.samples.filter(removed_at=None)


def page_of_cards(datasets: QuerySet[Dataset], number: str | None) -> "Page[DatasetCard]":
    page = Paginator(datasets.order_by("-created_at", "pk"), PAGE_SIZE).get_page(number)
    page.object_list = _cards(list(page.object_list))  # type: ignore[assignment]
    return page  # type: ignore[return-value]


def _cards(datasets: Sequence[Dataset]) -> list[DatasetCard]:
    ids = [dataset.pk for dataset in datasets]
    samples = Sample.objects.filter(IN_DATASET, dataset__in=ids)
    counts = {row["dataset"]: row for row in samples.values("dataset").annotate(n=Count("pk"), done=Count("label"))}
    labels = dict(Label.objects.filter(dataset__in=ids).values_list("dataset").annotate(n=Count("pk")))
    kept = Version.objects.filter(dataset__in=ids, deleted_at=None)
    versions = dict(kept.values_list("dataset").annotate(n=Count("pk")))
    covers: dict[object, list[int]] = {pk: [] for pk in ids}
    firsts = Sample.objects.filter(IN_DATASET, dataset__in=ids, number__lte=COVERS * 10).order_by("dataset", "number")
    for pk, number in firsts.values_list("dataset", "number"):
        if len(covers[pk]) < COVERS:
            covers[pk].append(number)
    nothing = {"n": 0, "done": 0}
    return [
        DatasetCard(
            dataset,
            counts.get(dataset.pk, nothing)["n"],
            counts.get(dataset.pk, nothing)["done"],
            labels.get(dataset.pk, 0),
            versions.get(dataset.pk, 0),
            covers[dataset.pk],
        )
        for dataset in datasets
    ]


def label_tally(dataset: Dataset) -> dict[tuple[int | None, bool], int]:
    """Counts the samples of each label, included and excluded; read from one index alone."""
    rows = samples_of(dataset).values_list("label", "is_left_out").annotate(n=Count("pk"))
    return {(label_id, is_left_out): n for label_id, is_left_out, n in rows}


def overview(dataset: Dataset) -> Overview:
    samples = samples_of(dataset)
    tally = label_tally(dataset)
    by_label: dict[int, int] = defaultdict(int)
    for (label_id, _is_out), n in tally.items():
        if label_id is not None:
            by_label[label_id] += n
    most = max(by_label.values(), default=0) or 1
    labels = [
        LabelCount(label, by_label.get(label.pk, 0), 100 * by_label.get(label.pk, 0) / most)
        for label in dataset.labels.all()
    ]
    return Overview(
        dataset,
        sum(tally.values()),
        sum(by_label.values()),
        tally.get((None, False), 0),
        sum(n for (_label_id, is_out), n in tally.items() if is_out),
        labels,
        samples.values("source").distinct().count(),
        dataset.versions.filter(deleted_at=None).count(),
        current_work(dataset),
    )


def current_work(dataset: Dataset) -> dict[str, object] | None:
    """Returns the running import, else other work on the dataset."""
    active = Job.objects.filter(subject_id=dataset.pk, parent=None, finished_at=None).order_by("created_at")
    order = (JobKind.IMPORT, JobKind.CHECKUP, JobKind.MEASURE)
    jobs = sorted(active, key=lambda job: order.index(job.kind) if job.kind in order else len(order))
    return jobs_words.payload_with_words(job_state.state_of(jobs[0]).payload()) if jobs else None
