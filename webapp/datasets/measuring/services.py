"""Queues measuring and new suggestions; light enough for the web server, which loads no networks."""

from webapp.accounts.models import User
from webapp.datasets.models import Dataset
from webapp.jobs import lifecycle
from webapp.jobs.models import Job, JobKind, Status

GROWN_BY = 0.1
GROWN_BY_SAMPLES = 10


def request_measuring(dataset: Dataset, *, user: User | None = None) -> Job | None:
    """Queues measuring and suggestions unless a job waits; one that runs may be past the new samples."""
    if Job.objects.filter(subject_id=dataset.pk, kind=JobKind.MEASURE, status=Status.QUEUED).exists():
        return None
    return lifecycle.create(JobKind.MEASURE, team=dataset.team, subject_id=dataset.pk, created_by=user)


def request_suggestions(dataset: Dataset) -> None:
    """Queues new suggestions when clearly more is labelled than last time."""
    labelled = dataset.samples.filter(removed_at=None, label__isnull=False).count()
    before = Dataset.objects.values_list("labels_at_suggestion", flat=True).get(pk=dataset.pk)
    if abs(labelled - before) >= max(GROWN_BY_SAMPLES, GROWN_BY * before):
        request_measuring(dataset)
