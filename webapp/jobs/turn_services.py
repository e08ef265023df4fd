"""Keeps when work of a kind began last, of which team and person, where deleting the work does not reach."""

from django.utils import timezone

from webapp.jobs.models import Job, Turn


def note_start(job: Job) -> None:
    """Counts the turn of the job's team and person; call it in the transaction that claims the job."""
    began = {"began_at": timezone.now()}
    Turn.objects.update_or_create(kind=job.kind, team=job.team, defaults=began)
    if job.created_by is not None:
        Turn.objects.update_or_create(kind=job.kind, user=job.created_by, defaults=began)
