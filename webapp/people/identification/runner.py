"""Recognises the people of a new analysis among those of the team: sure ones join, doubtful ones are asked about."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from analysis.faces.group import mean_vector
from analysis.faces.search import IDENTIFICATION_THRESHOLDS, IdentificationThresholds, similarities
from analysis.types import Float32
from webapp.accounts.models import Team
from webapp.people import gallery_services, sample_codec, summary_services
from webapp.people.gallery_services import Known
from webapp.people.models import Face, Person, Suggestion, Track

MOST_DOUBTS = 3
"""So many people at most are suggested for one new person."""
MOST_DOUBTS_OF_KNOWN = 1
"""And for a group that joins somebody: more bring hardly any true pair (`python -m benchmarks review`)."""
SURER_OF_KNOWN = 0.12
"""So much above the least likeness for asking such a group has to be like the other: below, one pair in ten is true."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A group that may be somebody known."""

    group: int
    person: UUID
    likeness: float


@dataclass(frozen=True, slots=True)
class Asked:
    """Groups of one analysis that are nobody yet, by number, as one vector each; none for a group without views."""

    embedder: str
    vectors: dict[int, Float32]


@dataclass(frozen=True, slots=True)
class Found:
    """By group number: who joins whom, and what a human has to say."""

    joins: dict[int, UUID]
    doubts: list[Doubt]


def prepare(groups: Sequence[Sequence[Track]], *, known_as: Mapping[int, UUID], team: Team) -> Asked:
    """Reads what the comparison needs, so that `find` is quick while others wait for it."""
    new = [number for number in range(len(groups)) if number not in known_as]
    if not new:
        return Asked("", {})
    embedder = groups[new[0]][0].analysis.embedder
    if embedder not in IDENTIFICATION_THRESHOLDS:
        return Asked(embedder, {})
    vectors = _vectors([groups[number] for number in new])
    gallery_services.known_people(team.pk, embedder)
    return Asked(embedder, {new[position]: vector for position, vector in vectors.items()})


def find(
    asked: Asked,
    groups: Sequence[Sequence[Track]],
    *,
    known_as: Mapping[int, UUID],
    forbidden: Sequence[Collection[UUID]],
    team: Team,
) -> Found:
    """Compares the groups that are nobody yet with everybody. Two who are seen at one moment never become one person.

    Call it while the team's people are held (`numbers.hold`): of two analyses that end at the same time the second
    has to see whom the first has made.
    """
    if not asked.vectors:
        return Found({}, [])
    known = gallery_services.known_people(team.pk, asked.embedder)
    numbers = list(asked.vectors)
    table = similarities(known.gallery, np.stack(list(asked.vectors.values())))
    for column, number in enumerate(numbers):
        for row in _rows_of(known, forbidden[number]):
            table[row, column] = -1.0
    return _decide(table, known, numbers, groups, known_as, IDENTIFICATION_THRESHOLDS[asked.embedder])


def suggest(found: Found, people: Sequence[Person], team: Team) -> None:
    """Writes down the doubts about the people that the groups have become; pairs that are asked about stay."""
    doubts: dict[frozenset[UUID], Suggestion] = {}
    for doubt in found.doubts:
        who = people[doubt.group]
        if who.pk != doubt.person:
            row = Suggestion(team=team, first=who, second_id=doubt.person, likeness=doubt.likeness)
            doubts.setdefault(frozenset((who.pk, doubt.person)), row)
    concerned = {person for pair in doubts for person in pair}
    known = {
        frozenset(pair)
        for ids in summary_services.batches(sorted(concerned))
        for pair in Suggestion.objects.filter(first__in=ids).values_list("first", "second")
    }
    new = [row for pair, row in doubts.items() if pair not in known]
    Suggestion.objects.bulk_create(new, batch_size=summary_services.BATCH)


def _decide(
    table: Float32,
    known: Known,
    numbers: Sequence[int],
    groups: Sequence[Sequence[Track]],
    known_as: Mapping[int, UUID],
    limits: IdentificationThresholds,
) -> Found:
    """Most alike first. Whoever has a limit of their own is held to that."""
    join_from, suggest_from = limits_of(known, limits)
    present: dict[UUID, list[int]] = defaultdict(list)
    for number, person in known_as.items():
        present[person].append(number)
    joins: dict[int, UUID] = {}
    doubts: list[Doubt] = []
    rows, columns = np.nonzero(table >= np.minimum(suggest_from, join_from)[:, None])
    for position in np.argsort(-table[rows, columns], kind="stable"):
        row, column = int(rows[position]), int(columns[position])
        number, person, likeness = numbers[column], known.people[row], float(table[row, column])
        if any(_together(groups[number], groups[other]) for other in present[person]):
            continue
        if number not in joins and likeness >= join_from[row]:
            joins[number] = person
            present[person].append(number)
        elif likeness >= suggest_from[row] + (SURER_OF_KNOWN if number in joins else 0.0):
            doubts.append(Doubt(number, person, likeness))
    return Found(joins, _best_doubts(doubts, joins))


def _best_doubts(doubts: Sequence[Doubt], joins: Mapping[int, UUID]) -> list[Doubt]:
    """Also of groups that join somebody: who is like two people says that these two may be one."""
    kept: dict[int, list[Doubt]] = defaultdict(list)
    for doubt in doubts:
        if len(kept[doubt.group]) < (MOST_DOUBTS_OF_KNOWN if doubt.group in joins else MOST_DOUBTS):
            kept[doubt.group].append(doubt)
    return [doubt for of_group in kept.values() for doubt in of_group]


def limits_of(known: Known, limits: IdentificationThresholds) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """From where each of the people joins, and is asked about."""
    own = Person.objects.exclude(join_from=None, suggest_from=None).filter(pk__in=known.people)
    by_person = {pk: (join, ask) for pk, join, ask in own.values_list("pk", "join_from", "suggest_from")}
    join_from = np.full(len(known.people), limits.accept_from, np.float32)
    suggest_from = np.full(len(known.people), limits.review_from, np.float32)
    for row, person in enumerate(known.people):
        join, ask = by_person.get(person, (None, None))
        join_from[row] = limits.accept_from if join is None else join
        suggest_from[row] = limits.review_from if ask is None else ask
    return join_from, suggest_from


def _vectors(groups: Sequence[Sequence[Track]]) -> dict[int, Float32]:
    """One vector for each group by its position, better views counting more; none for a group without views."""
    group_of = {track.pk: position for position, group in enumerate(groups) for track in group}
    views: dict[int, list[tuple[Float32, float]]] = defaultdict(list)
    for ids in summary_services.batches(group_of):
        faces = Face.objects.filter(track__in=ids).order_by("pk").values_list("track", "embedding", "quality")
        for track, embedding, quality in faces:
            assert track is not None  # filtered
            views[group_of[track]].append((sample_codec.unpack_vector(embedding), quality))
    return {
        position: mean_vector(np.stack([v for v, _ in of_group]), np.array([q for _, q in of_group], np.float32))
        for position, of_group in sorted(views.items())
    }


def _rows_of(known: Known, people: Collection[UUID]) -> list[int]:
    return [row for row, person in enumerate(known.people) if person in people] if people else []


def _together(group: Sequence[Track], other: Sequence[Track]) -> bool:
    return any(t.start_s <= o.end_s and o.start_s <= t.end_s for t in group for o in other)
