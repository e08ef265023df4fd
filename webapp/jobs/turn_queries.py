"""Whose turn it is among waiting jobs of one kind: where neither the team nor the person began anything for longest.

Without, many long jobs of one person hold up a short one of everybody else. The later of the two times counts: neither
more teams of one person nor more people of one team bring more turns. Each message in the queue still starts one job,
though not always the one that it names.
"""

from collections import defaultdict, deque
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from webapp.jobs.models import Job, JobKind, Status, Turn
from webapp.team_scope import across_teams

IN_TURN = (JobKind.EXPORT,)
NEVER = datetime.min.replace(tzinfo=UTC)
MOST_ORDERED = 200
"""Nobody needs to know more than that so many are ahead."""

Whose = tuple[UUID, int | None]
"""A team and a person of it."""


def next_of(kind: str) -> UUID | None:
    """Returns the job that is to begin next, None where none waits."""
    return next(iter(order_of(kind, 1)), None)


@across_teams()
def order_of(kind: str, most: int = MOST_ORDERED) -> list[UUID]:
    """Returns the jobs that begin next, at most so many, in the order in which they do unless others are added."""
    waiting: dict[Whose, deque[tuple[int, UUID]]] = defaultdict(deque)
    jobs = Job.objects.filter(kind=kind, status=Status.QUEUED, parent=None).order_by("created_at")
    for age, (pk, team, person) in enumerate(jobs.values_list("pk", "team", "created_by")):
        waiting[team, person].append((age, pk))
    if len(waiting) == 1:  # one's own begin by age
        return [pk for own in waiting.values() for _age, pk in own][:most]
    begins = _Begins(kind, waiting)
    order: list[UUID] = []
    while waiting and len(order) < most:
        whose = min(waiting, key=lambda each: (begins.last(each), waiting[each][0]))
        order.append(waiting[whose].popleft()[1])
        if not waiting[whose]:
            del waiting[whose]
        begins.note(whose)
    return order


class _Begins:
    """When work of a kind began last of each team and person, and would if the jobs noted began now."""

    def __init__(self, kind: str, whose: dict[Whose, deque[tuple[int, UUID]]]) -> None:
        rows = Turn.objects.filter(kind=kind)
        self.of_team = dict(rows.filter(team__in={team for team, _ in whose}).values_list("team", "began_at"))
        self.of_person = dict(rows.filter(user__in={person for _, person in whose}).values_list("user", "began_at"))
        self.now = timezone.now()

    def last(self, whose: Whose) -> tuple[datetime, datetime]:
        team, person = whose
        persons = NEVER if person is None else self.of_person.get(person, NEVER)
        return max(self.of_team.get(team, NEVER), persons), persons  # the second tells people of one team apart

    def note(self, whose: Whose) -> None:
        team, person = whose
        self.now += timedelta(microseconds=1)
        self.of_team[team] = self.now
        if person is not None:
            self.of_person[person] = self.now
