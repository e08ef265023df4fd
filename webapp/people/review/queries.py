"""The review, "same person?": the question that a person can answer and whose answer is worth most comes first."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from analysis.faces.review_order import NEARLY_SURE, gain_of_group, whole_group
from webapp.accounts.models import Team
from webapp.people import clarity_queries, constraint_queries
from webapp.people.acts import conflict_queries
from webapp.people.models import Face, Person, ReferenceSet, Suggestion
from webapp.people.review import queue_queries
from webapp.people.review.queue_queries import Pair, Queue

VIEWS = 4
MOST_AT_ONCE = 11
"""So many people at most are confirmed by one answer: what a phone shows with little scrolling."""
RANKED_STARTS = 40
"""People whose whole group is computed, those with the best pairs first: all 5,000 would take seconds."""
MOST_ASKED = 60
"""On the page of a video."""
CHECKED_ALONE = 3
"""Questions whose people are checked for a common picture one after the other, before all are checked at once."""


@dataclass(frozen=True, slots=True)
class GroupMember:
    """Somebody who is probably the same person as well. `is_sure`: so nearly sure that they are ticked in advance."""

    person: Person
    is_sure: bool


@dataclass(frozen=True, slots=True)
class ReviewQuestion:
    """What the page shows. `keeps` keeps name and portrait if they are the same."""

    suggestion: int
    other: Person
    keeps: Person
    similarity: float
    other_views: list[Face]
    keeps_views: list[Face]
    also: list[GroupMember]
    """More who are probably `keeps`, to answer for a whole group at once; empty unless `other` nearly surely is."""
    has_more: bool
    """More pairs are open than were counted."""
    chance: float
    """That these two are one person, 0..1."""
    was_skipped: bool


@dataclass(frozen=True, slots=True)
class NameQuestion:
    """Whether somebody without a name is somebody with one."""

    named: Person
    similarity: float


def badge(team: Team) -> str:
    """Returns how many pairs are open, for a button: "14", "100+" or ""."""
    most = queue_queries.MOST_COUNTED
    queue = queue_queries.read_queue(team, most)
    if not queue.pairs:
        return ""
    return f"{min(len(queue.pairs), most)}+" if queue.has_more else str(len(queue.pairs))


def next_question(team: Team) -> tuple[ReviewQuestion | None, int]:
    """Returns the question to ask next, skipped ones last, and how many pairs are open.

    Nobody is asked about two who are in one picture: pairs are checked again here, as people grow by merges.
    """
    queue, checked = queue_queries.read_queue(team), 0
    while queue.pairs:
        group = _best_group(queue)
        everybody = {key for pair in queue.pairs for key in pair.people}
        together = conflict_queries.seen_together([*group] if checked < CHECKED_ALONE else everybody)
        pair = _asked_pair(queue, group)
        if pair.people not in together:
            return _question(queue, group, pair, together), len(queue.pairs)
        queue, checked = queue.without(together), checked + 1
    return None, 0


def _asked_pair(queue: Queue, group: dict[UUID, float]) -> Pair:
    """Returns the likeliest pair of whoever keeps the name."""
    keeps = max(group, key=lambda key: queue.standing[key].firmness)
    pairs = [pair for pair in queue.pairs if keeps in pair.people and pair.people <= group.keys()]
    return max(pairs, key=lambda pair: (not pair.was_skipped, pair.chance, -pair.suggestion))


def _question(
    queue: Queue, group: dict[UUID, float], pair: Pair, together: set[constraint_queries.Pair]
) -> ReviewQuestion:
    keeps = max(group, key=lambda key: queue.standing[key].firmness)
    (other,) = pair.people - {keeps}
    is_sure = pair.chance >= NEARLY_SURE
    rest = [key for key in group if key not in pair.people]
    also = _without_conflicts([keeps, other], rest, together) if is_sure else []
    people = Person.objects.select_related("portrait").in_bulk([keeps, other, *also])
    return ReviewQuestion(
        pair.suggestion,
        people[other],
        people[keeps],
        pair.similarity,
        _views(people[other]),
        _views(people[keeps]),
        [GroupMember(people[key], group[key] * group[keeps] >= NEARLY_SURE) for key in also],
        queue.has_more,
        pair.chance,
        pair.was_skipped,
    )


def _best_group(queue: Queue) -> dict[UUID, float]:
    """Returns the people of the question that is worth most, two at least, each with the chance to be the first."""
    open_pairs = [pair for pair in queue.pairs if not pair.was_skipped] or queue.pairs
    chances: dict[UUID, dict[UUID, float]] = defaultdict(dict)
    worth: dict[UUID, float] = defaultdict(float)
    size = {key: who.appearances for key, who in queue.standing.items()}
    eases: dict[frozenset[UUID], float] = {}
    for pair in open_pairs:
        first, second = sorted(pair.people)
        chances[first][second] = chances[second][first] = pair.chance
        eases[pair.people] = pair.ease
        for key, other in ((first, second), (second, first)):
            worth[key] += pair.ease * gain_of_group(size[key], [(size[other], pair.chance)])

    def fits(group: Collection[UUID], key: UUID) -> bool:
        """Keeps out who was told apart from one of them; two named people are asked about as a pair."""
        names = sum(queue.standing[each].is_named for each in [*group, key])
        is_alone = len(group) == 1
        return (is_alone or names < 2) and not any(frozenset((each, key)) in queue.settled for each in group)

    def worth_of_group(start: UUID) -> tuple[float, tuple[bool, int, int]]:
        others = [(size[key], chance) for key, chance in groups[start]]
        asked = eases.get(frozenset((start, groups[start][0][0])), 0.0) if groups[start] else 0.0
        return asked * gain_of_group(size[start], others), queue.standing[start].firmness

    starts = sorted(chances, key=lambda key: -worth[key])
    groups = {start: whole_group(chances, start, fits, MOST_AT_ONCE) for start in starts[:RANKED_STARTS]}
    start = max(groups, key=worth_of_group)
    return {start: 1.0, **dict(groups[start])}


def _without_conflicts(
    asked: Sequence[UUID], further: Sequence[UUID], together: set[constraint_queries.Pair]
) -> list[UUID]:
    """Returns those who are never in one picture with one of the others; the rest get their own question."""
    kept: list[UUID] = []
    for key in further:
        if not any(frozenset((key, each)) in together for each in [*asked, *kept]):
            kept.append(key)
    return kept


def _views(person: Person) -> list[Face]:
    """Returns the portrait, then the best view of each template, then further clear views of the same appearances."""
    wanted: list[UUID] = [person.portrait_id] if person.portrait_id else []
    for ids in ReferenceSet.objects.filter(person=person).values_list("face_ids", flat=True):
        wanted += [key for key in map(UUID, ids) if key not in wanted]
    views = Face.objects.select_related("analysis__video")
    found = views.in_bulk(wanted[: VIEWS + 2])
    shown = [found[key] for key in wanted if key in found][:VIEWS]
    if shown and len(shown) < VIEWS:
        more = (
            views.filter(track__in={face.track_id for face in shown}).exclude(pk__in=wanted).order_by("-quality", "pk")
        )
        shown += [face for face in more[: 2 * VIEWS] if clarity_queries.is_clear(face)]
    return shown[:VIEWS]


def names_to_ask(team: Team, unnamed: Collection[UUID]) -> dict[UUID, NameQuestion]:
    """Returns for people without a name who they probably are; for each the likeliest who is not told apart."""
    stored = Suggestion.objects.filter(Q(first__in=unnamed) | Q(second__in=unnamed), team=team)
    if not unnamed or not stored.exists():
        return {}
    queue = queue_queries.read_queue(team, MOST_ASKED, about=unnamed)
    likeliest: dict[UUID, tuple[Pair, UUID]] = {}
    for pair in sorted(queue.pairs, key=lambda each: -each.chance):
        names = [key for key in pair.people if queue.standing[key].is_named]
        asked = pair.people & set(unnamed)
        if len(names) == 1 and asked and not pair.was_skipped:
            likeliest.setdefault(next(iter(asked)), (pair, names[0]))
    together = conflict_queries.seen_together({key for pair, _ in likeliest.values() for key in pair.people})
    people = Person.objects.in_bulk([named for _, named in likeliest.values()])
    return {
        key: NameQuestion(people[named], pair.similarity)
        for key, (pair, named) in likeliest.items()
        if pair.people not in together and named in people
    }
