"""Whose turn it is among the jobs that wait in a queue: where neither team nor person began anything for longest.

Without, many long jobs of one person hold up a short one of everybody else. The later of the two times counts: neither
more teams of one person nor more people of one team bring more turns. Of one person's jobs in a team those come first
that somebody waits for (`queues.KINDS`), then the oldest.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Case, Max, OuterRef, Q, Subquery, Value, When
from django.utils import timezone

from webapp.jobs import queues
from webapp.jobs.models import Job, Status, Turn
from webapp.team_scope import across_teams

NEVER = datetime.min.replace(tzinfo=UTC)
MOST_ORDERED = 200
"""Nobody needs to know more than that so many are ahead."""

Whose = tuple[UUID, int | None]
"""A team and a person of it."""

Waiting = defaultdict[Whose, deque[tuple[int, UUID, str]]]
"""Age (as a place among all), id and kind of what waits of each."""


@dataclass(frozen=True, slots=True)
class QueueLine:
    """What the workers of a queue have (counts by kind), and what they begin next (kinds by id, in order)."""

    at_work: Mapping[str, int]
    order: Mapping[UUID, str]


def next_of(queue: str) -> UUID | None:
    """Returns the job that is to begin next, None where none waits."""
    return next(iter(line_of(queue, 1).order), None)


@across_teams()
def line_of(queue: str, most: int = MOST_ORDERED) -> QueueLine:
    """Returns the line before a queue with so many jobs at most; what is added meanwhile may come between."""
    at_work, waiting, begins = _read(queue, most)
    order: dict[UUID, str] = {}
    while waiting and len(order) < most:
        whose = min(waiting, key=lambda each: (begins.last(each), waiting[each][0]))
        _age, pk, kind = waiting[whose].popleft()
        order[pk] = kind
        if not waiting[whose]:
            del waiting[whose]
        begins.note(whose)
    return QueueLine(at_work, order)


def after_all_turns(queue: str) -> datetime:
    """Returns a time after all that are kept, which is now unless the clock was set back."""
    return _after(Turn.objects.filter(queue=queue).aggregate(latest=Max("began_at"))["latest"])


def _after(latest: datetime | None) -> datetime:
    return max(timezone.now(), (latest or NEVER) + timedelta(microseconds=1))


def _read(queue: str, most: int) -> "tuple[Counter[str], Waiting, _Begins]":
    """Returns what workers have, what waits of each person in each team, each in its order, and when theirs began."""
    kinds = queues.KINDS[queue]
    place = Case(*(When(kind=kind, then=Value(place)) for place, kind in enumerate(kinds)))
    claimed = Q(status=Status.RUNNING, claim_id__isnull=False)
    jobs = Job.objects.filter(Q(status=Status.QUEUED) | claimed, kind__in=kinds).order_by(place, "created_at", "pk")
    began = Turn.objects.filter(queue=queue).values("began_at")
    of_team = Subquery(began.filter(team=OuterRef("team")))
    of_person = Subquery(began.filter(user=OuterRef("created_by")))
    at_work: Counter[str] = Counter()
    waiting: Waiting = defaultdict(deque)
    begins = _Begins()
    columns = jobs.values_list("pk", "kind", "status", "team", "created_by", of_team, of_person)
    for age, (pk, kind, status, team, person, *last) in enumerate(columns):
        if status == Status.RUNNING:
            at_work[kind] += 1
        elif len(own := waiting[team, person]) < most:
            own.append((age, pk, kind))
            begins.learn((team, person), *last)
    return at_work, waiting, begins


class _Begins:
    """When work of a queue began last of each team and person, and would if the jobs noted began now."""

    def __init__(self) -> None:
        self.of_team: dict[UUID, datetime] = {}
        self.of_person: dict[int, datetime] = {}
        self.now = timezone.now()

    def learn(self, whose: Whose, teams: datetime | None, persons: datetime | None) -> None:
        team, person = whose
        self.of_team[team] = teams or NEVER
        if person is not None:
            self.of_person[person] = persons or NEVER
        self.now = max(self.now, _after(teams), _after(persons))

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
