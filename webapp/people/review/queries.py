"""The review queue, "same person?": the question whose answer is worth most comes first."""

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
"""Open pairs that are ranked at a time, the most similar ones, and that the button counts: all 5,000 take 0.2 s."""
READ_AT_ONCE, MOST_READ = 500, 5_000
"""Rows. Other answers may have settled many of them, or they are about people who were hidden since."""
RANKED_STARTS = 40
"""People whose whole group is computed, those with the best pairs first: all 5,000 would take seconds."""


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
"""Pairs without an answer of their own; what follows from other answers is found below."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A person who is asked about. Of two, the one with the higher `firmness` keeps name and portrait."""

    is_named: bool
    appearances: int
    number: int

    @property
    def firmness(self) -> tuple[bool, int, int]:
        """Named before unnamed, then more appearances, then the lower number."""
        return self.is_named, self.appearances, -self.number


@dataclass(frozen=True, slots=True)
class Pair:
    """An open question about two people."""

    suggestion: int
    people: frozenset[UUID]
    similarity: float
    was_skipped: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """All open pairs of the people of today."""

    pairs: list[Pair]
    standing: dict[UUID, Standing]
    settled: set[constraint_queries.Pair]
    has_more: bool
    """Not all rows were read."""


@dataclass(frozen=True, slots=True)
class ReviewQuestion:
    """What the page shows. `keeps` keeps name and portrait if they are the same."""

    suggestion: int
    other: Person
    keeps: Person
    similarity: float
    other_views: list[Face]
    keeps_views: list[Face]
    also: list[Person]
    """More people who are probably `keeps`, to answer for a whole group at once."""
    has_more: bool
    """More pairs are open than were counted."""


def badge(team: Team) -> str:
    """Returns how many pairs are open, for a button: "14", "100+" or ""."""
    queue = _queue(team, MOST_COUNTED)
    if not queue.pairs:
        return ""
    return f"{min(len(queue.pairs), MOST_COUNTED)}+" if queue.has_more else str(len(queue.pairs))


def next_question(team: Team) -> tuple[ReviewQuestion | None, int]:
    """Returns the question whose answer is worth most, skipped ones last, and how many pairs are open."""
    queue = _queue(team)
    if not queue.pairs:
        return None, 0
    group = _best_group(queue)
    people = Person.objects.in_bulk(group)
    together = conflict_queries.seen_together(group)
    keeps = max(group, key=lambda key: queue.standing[key].firmness)
    pairs = [pair for pair in queue.pairs if keeps in pair.people and pair.people <= set(group)]
    best = max(pairs, key=lambda pair: (not pair.was_skipped, pair.similarity, -pair.suggestion))
    (other,) = best.people - {keeps}
    also = _without_conflicts([keeps, other], [key for key in group if key not in best.people], together)
    shown, kept = people[other], people[keeps]
    further = [people[key] for key in also]
    views = _views(shown), _views(kept)
    question = ReviewQuestion(best.suggestion, shown, kept, best.similarity, *views, further, queue.has_more)
    return question, len(queue.pairs)


def skip(team: Team, suggestion: int) -> bool:
    """Moves a suggestion to the end of the queue. Returns False where the team has none of this number."""
    return bool(Suggestion.objects.filter(team=team, pk=suggestion).update(skipped_at=timezone.now()))


def skip_unticked(team: Team, keeps: Person, unticked: Collection[Person]) -> None:
    """Moves those who were unticked in a group to the end: nobody said that they are two people."""
    pairs = {frozenset((keeps.pk, person.pk)) for person in unticked}
    rows = [pair.suggestion for pair in _queue(team).pairs if pair.people in pairs]
    Suggestion.objects.filter(team=team, pk__in=rows).update(skipped_at=timezone.now())


def _queue(team: Team, most: int = MOST_OPEN) -> Queue:
    """Reads the most similar pairs first, until `most` open ones are found."""
    family = constraint_queries.family_of(team.pk)
    settled = constraint_queries.cannot_link_pairs(team.pk, family)
    rows = Suggestion.objects.filter(STANDS_FOR_ITSELF, team=team).order_by("-likeness", "pk")
    columns = rows.values_list("pk", "first", "second", "likeness", "skipped_at")
    best: dict[frozenset[UUID], Pair] = {}
    standing: dict[UUID, Standing] = {}
    has_more = True
    for start in range(0, MOST_READ, READ_AT_ONCE):
        read = list(columns[start : start + READ_AT_ONCE])
        found: dict[frozenset[UUID], Pair] = {}
        for pk, first, second, similarity, skipped_at in read:
            both = frozenset((family.root(first), family.root(second)))
            if len(both) == 2 and both not in settled and both not in best:
                found.setdefault(both, Pair(pk, both, similarity, skipped_at is not None))
        standing |= _standing({person for both in found for person in both} - standing.keys())
        best |= {both: pair for both, pair in found.items() if both <= standing.keys()}
        has_more = len(read) == READ_AT_ONCE
        if not has_more or len(best) >= most:
            break
    return Queue(list(best.values()), standing, settled, has_more)


def _standing(ids: set[UUID]) -> dict[UUID, Standing]:
    """Filters here for the reason that `webapp.people.present_queries` gives."""
    columns = ("pk", "is_unnamed", "appearances", "number", "is_hidden", "is_deleted", "merged_into")
    return {
        pk: Standing(not is_unnamed, count, number)
        for pk, is_unnamed, count, number, *gone in Person.objects.filter(pk__in=ids).values_list(*columns)
        if count and not any(gone)
    }


def _best_group(queue: Queue) -> list[UUID]:
    """Returns the people of the question whose answer is worth most, two at least."""
    open_pairs = [pair for pair in queue.pairs if not pair.was_skipped] or queue.pairs
    alike: dict[UUID, dict[UUID, float]] = defaultdict(dict)
    for pair in open_pairs:
        first, second = sorted(pair.people)
        alike[first][second] = alike[second][first] = pair.similarity
    size = {key: who.appearances for key, who in queue.standing.items()}

    def fits(group: Collection[UUID], key: UUID) -> bool:
        """Keeps out who was told apart from one of them; two named people are asked about as a pair."""
        names = sum(queue.standing[each].is_named for each in [*group, key])
        is_alone = len(group) == 1
        return (is_alone or names < 2) and not any(frozenset((each, key)) in queue.settled for each in group)

    def worth(start: UUID) -> tuple[float, tuple[bool, int, int]]:
        others = [(size[key], chance) for key, chance in groups[start]]
        return gain_of_group(size[start], others), queue.standing[start].firmness

    starts = sorted(
        alike, key=lambda key: -sum(expected_gain(value, size[key], size[each]) for each, value in alike[key].items())
    )
    groups = {start: whole_group(alike, start, fits, MOST_AT_ONCE) for start in starts[:RANKED_STARTS]}
    start = max(groups, key=worth)
    return [start, *(key for key, _chance in groups[start])]


def _without_conflicts(
    asked: Sequence[UUID], further: Sequence[UUID], together: set[constraint_queries.Pair]
) -> list[UUID]:
    """Returns those who are never on screen at once with one of the others; the rest get their own question."""
    kept: list[UUID] = []
    for key in further:
        if not any(frozenset((key, each)) in together for each in [*asked, *kept]):
            kept.append(key)
    return kept


def _views(person: Person) -> list[Face]:
    """Returns the portrait and then the gallery templates."""
    wanted: list[str] = [str(person.portrait_id)] if person.portrait_id else []
    for ids in ReferenceSet.objects.filter(person=person).values_list("face_ids", flat=True):
        wanted += [key for key in ids if key not in wanted]
    faces = Face.objects.select_related("analysis__video").in_bulk([UUID(key) for key in wanted[: VIEWS + 2]])
    return [faces[UUID(key)] for key in wanted if UUID(key) in faces][:VIEWS]
