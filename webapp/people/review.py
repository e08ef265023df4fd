"""The review queue: "same person?", most telling pair first. Answers are merges and tellings-apart like all others."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from analysis.faces.review import expected_gain
from webapp.accounts.models import Team
from webapp.people import constraints
from webapp.people.models import STANDING, Apart, Face, Person, ReferenceSet, Suggestion

VIEWS = 4
ALSO = 11
MOST_READ = 5_000
"""Open pairs at a time, the most alike; more are counted once these are answered."""


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
class Pair:
    """An open question. `keeps` is who stays if they are the same."""

    suggestion: int
    other: UUID
    keeps: UUID
    likeness: float
    was_skipped: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What the page shows."""

    suggestion: int
    other: Person
    keeps: Person
    likeness: float
    other_views: list[Face]
    keeps_views: list[Face]
    also: list[Person]
    """Further people who may be `keeps`: for answering for a whole group at once."""


def open_count(team: Team) -> int:
    return len(_open_pairs(team))


def next_question(team: Team) -> tuple[Question | None, int]:
    """The pair whose answer is worth most, skipped ones last, and how many are open."""
    pairs = _open_pairs(team)
    if not pairs:
        return None, 0
    people = _people(pairs)
    best = max(pairs, key=lambda pair: (not pair.was_skipped, _worth(pair, people), -pair.suggestion))
    other, keeps = people[best.other], people[best.keeps]
    also = [people[p.other] for p in pairs if p.keeps == best.keeps and p.other != best.other and not p.was_skipped]
    unique = list({person.pk: person for person in also}.values())[:ALSO]
    return Question(best.suggestion, other, keeps, best.likeness, _views(other), _views(keeps), unique), len(pairs)


def skip(team: Team, suggestion: int) -> bool:
    return bool(Suggestion.objects.filter(team=team, pk=suggestion).update(skipped_at=timezone.now()))


def _open_pairs(team: Team) -> list[Pair]:
    """By what people are today: merged ones stand for whom they were merged into, settled pairs are gone."""
    family, settled = constraints.family_of(team.pk), constraints.pairs_apart(team.pk, constraints.family_of(team.pk))
    rows = Suggestion.objects.filter(STANDS_FOR_ITSELF, team=team).order_by("-likeness", "pk")[:MOST_READ]
    best: dict[frozenset[UUID], tuple[int, float, bool]] = {}
    for pk, first, second, likeness, skipped_at in rows.values_list("pk", "first", "second", "likeness", "skipped_at"):
        pair = frozenset((family.root(first), family.root(second)))
        if len(pair) == 2 and pair not in settled and pair not in best:
            best[pair] = (pk, likeness, skipped_at is not None)
    standing = _standing({person for pair in best for person in pair})
    return [
        _pair(pair, standing, *answer) for pair, answer in best.items() if all(person in standing for person in pair)
    ]


def _standing(ids: set[UUID]) -> dict[UUID, tuple[bool, int, int]]:
    """By person how firmly they stand: whoever is firmer keeps name and portrait."""
    people = Person.objects.filter(STANDING, pk__in=ids, is_hidden=False, appearances__gt=0)
    rows = people.values_list("pk", "is_unnamed", "appearances", "number")
    return {pk: (not is_unnamed, count, -number) for pk, is_unnamed, count, number in rows}


def _pair(
    pair: frozenset[UUID],
    standing: dict[UUID, tuple[bool, int, int]],
    suggestion: int,
    likeness: float,
    was_skipped: bool,
) -> Pair:
    other, keeps = sorted(pair, key=lambda person: standing[person])
    return Pair(suggestion, other, keeps, likeness, was_skipped)


def _people(pairs: list[Pair]) -> dict[UUID, Person]:
    return Person.objects.in_bulk({person for pair in pairs for person in (pair.other, pair.keeps)})


def _worth(pair: Pair, people: dict[UUID, Person]) -> float:
    return expected_gain(pair.likeness, people[pair.other].appearances, people[pair.keeps].appearances)


def _views(person: Person) -> list[Face]:
    """The portrait first, then those that new faces are compared with."""
    wanted: list[str] = [str(person.portrait_id)] if person.portrait_id else []
    for ids in ReferenceSet.objects.filter(person=person).values_list("face_ids", flat=True):
        wanted += [key for key in ids if key not in wanted]
    faces = Face.objects.select_related("analysis__video").in_bulk([UUID(key) for key in wanted[: VIEWS + 2]])
    return [faces[UUID(key)] for key in wanted if UUID(key) in faces][:VIEWS]
