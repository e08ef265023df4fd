"""Whose turn it is among waiting jobs of one kind: of the team, then the person, whose work began longest ago.

Without, many long jobs of one person hold up a short one of everybody else. Each message in the queue still starts one
job, though not always the one that it names.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Max
from django.utils import timezone

from webapp.jobs.models import Job, JobKind, Status
from webapp.team_scope import across_teams

IN_TURN = (JobKind.EXPORT,)
"""Kinds whose pages tell no place in the queue, which is by age alone."""
REMEMBERED = timedelta(days=1)
NEVER = datetime.min.replace(tzinfo=UTC)


@across_teams()
def next_of(kind: str) -> UUID | None:
    """Returns the job that is to begin next, None where none waits."""
    waiting = list(
        Job.objects.filter(kind=kind, status=Status.QUEUED, parent=None)
        .order_by("created_at")
        .values_list("pk", "team", "created_by")
    )
    if len(waiting) < 2:
        return waiting[0][0] if waiting else None
    began = Job.objects.filter(kind=kind, started_at__gte=timezone.now() - REMEMBERED)
    of_person = {
        (team, person): at for team, person, at in began.values_list("team", "created_by").annotate(Max("started_at"))
    }
    of_team: dict[UUID, datetime] = {}
    for (team, _person), at in of_person.items():
        of_team[team] = max(at, of_team.get(team, NEVER))
    return min(waiting, key=lambda job: (of_team.get(job[1], NEVER), of_person.get(job[1:], NEVER)))[0]
