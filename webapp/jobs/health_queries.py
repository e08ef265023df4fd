"""Whether somebody takes the work that waits."""

from datetime import timedelta

from django.utils import timezone

from webapp.jobs import queues
from webapp.jobs.models import Job, Status, Turn
from webapp.team_scope import across_teams

UNSERVED_AFTER_S = 30


@across_teams()
def unserved_queues() -> list[str]:
    """Returns the queues in which work has waited for `UNSERVED_AFTER_S` while no worker has begun or done any."""
    before = timezone.now() - timedelta(seconds=UNSERVED_AFTER_S)
    waiting = set(Job.objects.filter(status=Status.QUEUED, queued_at__lt=before).values_list("kind", flat=True))
    if not waiting:
        return []
    claimed = Job.objects.filter(status=Status.RUNNING, claim_id__isnull=False)
    at_work = {queues.queue_of(kind) for kind in claimed.values_list("kind", flat=True)}
    began = set(Turn.objects.filter(began_at__gte=before).values_list("queue", flat=True))
    return sorted({queues.queue_of(kind) for kind in waiting} - at_work - began)
