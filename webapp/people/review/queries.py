"""The review queue: "same person?", the most telling question first. Answers are acts like all others."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from analysis.faces.review_order import expected_gain, gain_of_group, whole_group
from webapp.accounts.models import Team
from webapp.people import constraint_queries
from webapp.people.acts import conflict_queries
from webapp.people.models import Apart, Face, Person, ReferenceSet, Suggestion

VIEWS = 4
MOST_AT_ONCE = 11
"""So many people at most are confirmed by one answer: what a phone shows with little scrolling."""
MOST_OPEN, MOST_COUNTED = 1_000, 100
"""Open pairs that are weighed at a time, the most alike, and that the button counts: all of 5,000 take 0.2 s."""
READ_AT_ONCE, MOST_READ = 500, 5_000
"""Rows; many may have been settled by other answers, or be about people who are hidden by now."""
LOOKED_AT = 40
"""People whose whole group is worked out, those with the best pairs first: all of 5,000 would take seconds."""


STANDS_FOR_ITSELF = ~Exists(
    Person.objects.filter(
        Q(pk=OuterRef("first"), merged_into=OuterRef("second"))
        | Q(pk=OuterRef("second"), merged_into=OuterRef("first"))
    )
) & ~Exists(
    Apart.objects.filter(
        Q(first=OuterRef("first"), second=OuterRef("second")) | Q(first=OuterRef("second"), second=OuterRef("first")),
        team=OuterRef("team"),
        stands=True,
    )
)
"""Not answered itself; what follows from other answers is found out below."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is asked about. Ordered by how firmly they stand: whoever is firmer keeps name and portrait."""

    is_named: bool
    appearances: int
    number: int

    @property
    def firmness(self) -> tuple[bool, int, int]:
        return self.is_named, self.appearances, -self.number


@dataclass(frozen=True, slots=True)
class Pair:
    """An open question about two people."""

    suggestion: int
    people: frozenset[UUID]
    likeness: float
    was_skipped: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """Everything that is open: by what people are today, settled pairs are gone."""

    pairs: list[Pair]
    standing: dict[UUID, Standing]
    settled: set[constraint_queries.Pair]
    has_more: bool
    """Not all rows were looked at."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the page shows. `keeps` stays if they are the same."""

    suggestion: int
    other: Person
    keeps: Person
    likeness: float
    other_views: list[Face]
    keeps_views: list[Face]
    also: list[Person]
    """Further people who are most likely `keeps`: for answering for a whole group at once."""
    has_more: bool
    """More is open than was counted."""


def open_count(team: Team) -> int:
    return len(_queue(team).pairs)


def badge(team: Team) -> str:
    """How many pairs are open, for a button: "14", "100+", or nothing."""
    queue = _queue(team, MOST_COUNTED)
    if not queue.pairs:
        return ""
    return f"{min(len(queue.pairs), MOST_COUNTED)}+" if queue.has_more else str(len(queue.pairs))


def next_question(team: Team) -> tuple[Question | None, int]:
    """The question whose answer is worth most, skipped ones last, and how many pairs are open."""
    queue = _queue(team)
    if not queue.pairs:
        return None, 0
    group = _best_group(queue)
    people = Person.objects.in_bulk(group)
    together = conflict_queries.seen_together(group)
    keeps = max(group, key=lambda key: queue.standing[key].firmness)
    pairs = [pair for pair in queue.pairs if keeps in pair.people and pair.people <= set(group)]
    best = max(pairs, key=lambda pair: (not pair.was_skipped, pair.likeness, -pair.suggestion))
    (other,) = best.people - {keeps}
    also = _without_conflicts([keeps, other], [key for key in group if key not in best.people], together)
    shown, kept = people[other], people[keeps]
    further = [people[key] for key in also]
    views = _views(shown), _views(kept)
    asked = Question(best.suggestion, shown, kept, best.likeness, *views, further, queue.has_more)
    return asked, len(queue.pairs)


def skip(team: Team, suggestion: int) -> bool:
    return bool(Suggestion.objects.filter(team=team, pk=suggestion).update(skipped_at=timezone.now()))


def skip_left_out(team: Team, keeps: Person, left_out: Collection[Person]) -> None:
    """Those who were taken out of a whole group: nobody said that they are two people, so they are asked about last."""
    pairs = {frozenset((keeps.pk, person.pk)) for person in left_out}
    rows = [pair.suggestion for pair in _queue(team).pairs if pair.people in pairs]
    Suggestion.objects.filter(team=team, pk__in=rows).update(skipped_at=timezone.now())


def _queue(team: Team, most: int = MOST_OPEN) -> Queue:
    """Reads on until so many open pairs are found, the most alike first."""
    family = constraint_queries.family_of(team.pk)
    settled = constraint_queries.pairs_apart(team.pk, family)
    rows = Suggestion.objects.filter(STANDS_FOR_ITSELF, team=team).order_by("-likeness", "pk")
    columns = rows.values_list("pk", "first", "second", "likeness", "skipped_at")
    best: dict[frozenset[UUID], Pair] = {}
    standing: dict[UUID, Standing] = {}
    has_more = True
    for start in range(0, MOST_READ, READ_AT_ONCE):
        read = list(columns[start : start + READ_AT_ONCE])
        found: dict[frozenset[UUID], Pair] = {}
        for pk, first, second, likeness, skipped_at in read:
            both = frozenset((family.root(first), family.root(second)))
            if len(both) == 2 and both not in settled and both not in best:
                found.setdefault(both, Pair(pk, both, likeness, skipped_at is not None))
        standing |= _standing({person for both in found for person in both} - standing.keys())
        best |= {both: pair for both, pair in found.items() if both <= standing.keys()}
        has_more = len(read) == READ_AT_ONCE
        if not has_more or len(best) >= most:
            break
    return Queue(list(best.values()), standing, settled, has_more)


def _standing(ids: set[UUID]) -> dict[UUID, Standing]:
    """Conditions are looked at here for the reason that `webapp.people.present_queries` gives."""
    columns = ("pk", "is_unnamed", "appearances", "number", "is_hidden", "is_deleted", "merged_into")
    return {
        pk: Standing(not is_unnamed, count, number)
        for pk, is_unnamed, count, number, *gone in Person.objects.filter(pk__in=ids).values_list(*columns)
        if count and not any(gone)
    }


def _best_group(queue: Queue) -> list[UUID]:
    """The people of the question that teaches most; two at least."""
    asked = [pair for pair in queue.pairs if not pair.was_skipped] or queue.pairs
    alike: dict[UUID, dict[UUID, float]] = defaultdict(dict)
    for pair in asked:
        first, second = sorted(pair.people)
        alike[first][second] = alike[second][first] = pair.likeness
    size = {key: who.appearances for key, who in queue.standing.items()}

    def fits(group: Collection[UUID], key: UUID) -> bool:
        """Nobody who was told apart from one of them; two who have names are asked about by themselves."""
        names = sum(queue.standing[each].is_named for each in [*group, key])
        is_alone = len(group) == 1
        return (is_alone or names < 2) and not any(frozenset((each, key)) in queue.settled for each in group)

    def worth(start: UUID) -> tuple[float, tuple[bool, int, int]]:
        others = [(size[key], chance) for key, chance in groups[start]]
        return gain_of_group(size[start], others), queue.standing[start].firmness

    starts = sorted(
        alike, key=lambda key: -sum(expected_gain(value, size[key], size[each]) for each, value in alike[key].items())
    )
    groups = {start: whole_group(alike, start, fits, MOST_AT_ONCE) for start in starts[:LOOKED_AT]}
    start = max(groups, key=worth)
    return [start, *(key for key, _chance in groups[start])]


def _without_conflicts(
    asked: Sequence[UUID], further: Sequence[UUID], together: set[constraint_queries.Pair]
) -> list[UUID]:
    """Whoever is on screen at the same moment as one of the others is left for a question of their own."""
    kept: list[UUID] = []
    for key in further:
        if not any(frozenset((key, each)) in together for each in [*asked, *kept]):
            kept.append(key)
    return kept


def _views(person: Person) -> list[Face]:
    """The portrait first, then those that new faces are compared with."""
    wanted: list[str] = [str(person.portrait_id)] if person.portrait_id else []
    for ids in ReferenceSet.objects.filter(person=person).values_list("face_ids", flat=True):
        wanted += [key for key in ids if key not in wanted]
    faces = Face.objects.select_related("analysis__video").in_bulk([UUID(key) for key in wanted[: VIEWS + 2]])
    return [faces[UUID(key)] for key in wanted if UUID(key) in faces][:VIEWS]
