"""Asking for a look at samples and for new suggestions; light enough for the web server, which loads no networks."""

from webapp.accounts.models import User
from webapp.datasets.models import Dataset, Sample
from webapp.jobs import lifecycle
from webapp.jobs.models import Job, JobKind, Status

GROWN_BY = 0.1
GROWN_BY_SAMPLES = 10


def request_measuring(dataset: Dataset, *, user: User | None = None) -> Job | None:
    """Queues the look at new samples (and new suggestions), unless one waits; one that runs may be past them."""
    if Job.objects.filter(subject_id=dataset.pk, kind=JobKind.MEASURE, status=Status.QUEUED).exists():
        return None
    return lifecycle.create(JobKind.MEASURE, team=dataset.team, subject_id=dataset.pk, created_by=user)


def request_suggestions(dataset: Dataset) -> None:
    """After labelling: anew when there is clearly more to learn from than last time."""
    labelled = Sample.objects.filter(dataset=dataset, removed_at=None, label__isnull=False).count()
    before = Dataset.objects.values_list("labels_at_suggestion", flat=True).get(pk=dataset.pk)
    if abs(labelled - before) >= max(GROWN_BY_SAMPLES, GROWN_BY * before):
        request_measuring(dataset)
