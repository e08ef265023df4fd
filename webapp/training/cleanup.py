"""Periodic cleanup: purges deleted runs, and checkpoints that no run will resume from."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from webapp import storage
from webapp.jobs.models import ACTIVE, Job, Status
from webapp.training.models import TrainingRun
from webapp.undo_period import UNDO_PERIOD

logger = logging.getLogger(__name__)

WORKER_STOPS_WITHIN = timedelta(minutes=2)
"""A cancelled worker notices at its next report; until then it may still write."""
RESUMABLE = Q(job__status__in=(*ACTIVE, Status.FAILED)) | Q(paused_at__isnull=False)


def clean_up(**_: object) -> None:
    """Purges deleted runs and removes work folders; a few cheap queries when there is nothing to do."""
    for run in TrainingRun.objects.filter(deleted_at__lt=timezone.now() - UNDO_PERIOD).select_related("job"):
        if run.job is None or not run.job.is_active:
            purge(run)
    leave_workplaces()


def purge(run: TrainingRun) -> None:
    """Deletes files first, then rows: after a crash in between the row still says what has to go."""
    storage.leave_workplace(str(run.pk))
    storage.delete_prefix(run.files_prefix)
    with transaction.atomic():
        Job.objects.filter(subject_id=run.pk).delete()
        run.delete()
    logger.info("Run %s is purged", run.pk)


def leave_workplaces() -> None:
    """Removes the work folders of runs that were cancelled or are done; failed ones can be resumed."""
    names = storage.workplaces()
    if not names:
        return
    runs = TrainingRun.objects.filter(pk__in=[UUID(name) for name in names])
    still_writing = Q(job__finished_at__gt=timezone.now() - WORKER_STOPS_WITHIN)
    kept = {str(pk) for pk in runs.filter(RESUMABLE | still_writing).values_list("pk", flat=True)}
    for name in names:
        if name not in kept:
            storage.leave_workplace(name)
