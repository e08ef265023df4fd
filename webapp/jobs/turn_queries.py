"""Whose turn it is among waiting jobs of one kind: where neither the team nor the person began anything for longest.

Without, many long jobs of one person hold up a short one of everybody else. The later of the two times counts: neither
more teams of one person nor more people of one team bring more turns. Each message in the queue still starts one job,
though not always the one that it names.
"""

from datetime import UTC, datetime
from uuid import UUID

from webapp.jobs.models import Job, JobKind, Status, Turn
from webapp.team_scope import across_teams

IN_TURN = (JobKind.EXPORT,)
"""Kinds whose pages tell no place in the queue, which is by age alone."""
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
    rows = Turn.objects.filter(kind=kind)
    of_team = dict(rows.filter(team__in={team for _, team, _ in waiting}).values_list("team", "began_at"))
    of_person = dict(rows.filter(user__in={person for *_, person in waiting}).values_list("user", "began_at"))

    def last(job: tuple[UUID, UUID, int | None]) -> tuple[datetime, datetime]:
        _, team, person = job
        persons = NEVER if person is None else of_person.get(person, NEVER)
        return max(of_team.get(team, NEVER), persons), persons  # the second tells people of one team apart

    return min(waiting, key=last)[0]
