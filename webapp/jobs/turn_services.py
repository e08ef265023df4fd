"""Keeps when work of a queue began last, of which team and person, where deleting the work does not reach."""

from webapp.jobs import queues, turn_queries
from webapp.jobs.models import Job, Turn


def note_start(job: Job) -> None:
    """Counts the turn of the job's team and person; call it in the transaction that claims the job."""
    queue = queues.queue_of(job.kind)
    began = {"began_at": turn_queries.after_all_turns(queue)}
    Turn.objects.update_or_create(queue=queue, team=job.team, defaults=began)
    if job.created_by is not None:
        Turn.objects.update_or_create(queue=queue, user=job.created_by, defaults=began)
