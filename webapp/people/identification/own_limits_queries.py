"""What a team's own people say about its limits: how alike two of them are at most, and one of them at least.

Both are what identification compares: an appearance, pooled from its clear views, with the most similar template of a
person, or with the most similar other appearance of the same one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from analysis.faces.group import Bool, mean_vector
from analysis.types import Float32
from webapp.people import clarity_queries, constraint_queries, gallery_queries, sample_codec
from webapp.people.batches import batches
from webapp.people.models import STANDING, Face, Person, ReferenceSet
from webapp.people.track_queries import shown_tracks

MOST_PEOPLE = 2_000
"""Named people, those who are seen most first, and people who were told apart."""
MOST_APPEARANCES = 4_000
"""The newest of them."""
BATCH = 500
"""Appearances that are compared at once: with 12,000 templates a table of 24 MB."""
MOST_TO_CHECK = 5

Int = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FacePair:
    """Two faces, how similar what they stand for is, and the appearance (its first track) that the first is of."""

    similarity: float
    person: Person
    face: UUID
    track: int
    other: Person
    other_face: UUID


@dataclass(frozen=True, slots=True)
class OwnLimits:
    """What was compared. `between`: the most alike pair of two people; `within`: the least alike one of one person."""

    people: int = 0
    between: FacePair | None = None
    within: FacePair | None = None
    to_check: list[FacePair] = field(default_factory=list)
    """Appearances that are nearer to another person than to their own, worst first."""

    @property
    def is_suspect(self) -> bool:
        """Whether an appearance probably shows somebody else than it says."""
        is_crossed = self.between and self.within and self.within.similarity < self.between.similarity
        return bool(self.to_check or is_crossed)


@dataclass(frozen=True, slots=True)
class Appearance:
    """The first track, whose it is as a row of the people, the best face, and the pooled vector (d,)."""

    track: int
    row: int
    face: UUID
    vector: Float32


@dataclass(frozen=True, slots=True)
class Templates:
    """Vectors (n, d) with the row of the person and the best face of each."""

    people: Sequence[Person]
    vectors: Float32
    rows: Int
    faces: Sequence[UUID]


def of_team(team_id: UUID, embedder: str) -> OwnLimits:
    """Compares the team's named and told-apart people with one another and with themselves."""
    apart = constraint_queries.rejected_pairs(team_id, constraint_queries.family_of(team_id))
    templates = _templates(_known(team_id, apart), team_id, embedder)
    if templates is None:
        return OwnLimits()
    appearances = _appearances(templates.people, embedder)
    if not appearances:
        return OwnLimits(len(templates.people))
    own, mates = _nearest_of_own(appearances)
    others, columns = _nearest_of_others(appearances, templates, _differ(templates.people, apart))

    def pair(place: int, similarity: float, other: int, other_face: UUID) -> FacePair:
        each = appearances[place]
        return FacePair(
            similarity, templates.people[each.row], each.face, each.track, templates.people[other], other_face
        )

    def to_other(place: int) -> FacePair:
        column = int(columns[place])
        return pair(place, float(others[place]), int(templates.rows[column]), templates.faces[column])

    furthest, nearest = int(np.argmin(own)), int(np.argmax(others))
    mate = appearances[int(mates[furthest])]
    wrong = np.flatnonzero((others > own) & np.isfinite(own))
    worst = wrong[np.argsort(own[wrong] - others[wrong], kind="stable")][:MOST_TO_CHECK]
    return OwnLimits(
        len(templates.people),
        to_other(nearest) if np.isfinite(others[nearest]) else None,
        pair(furthest, float(own[furthest]), mate.row, mate.face) if np.isfinite(own[furthest]) else None,
        [to_other(int(place)) for place in worst],
    )


def _known(team_id: UUID, apart: Iterable[frozenset[UUID]]) -> list[Person]:
    """Returns those of whom people said who they are, or who they are not."""
    standing = Person.objects.filter(STANDING, team=team_id, appearances__gt=0)
    named = list(standing.exclude(name="").order_by("-appearances", "number")[:MOST_PEOPLE])
    told = {person for pair in apart for person in pair} - {person.pk for person in named}
    room = sorted(told)[: max(MOST_PEOPLE - len(named), 0)]
    return named + [person for ids in batches(room) for person in standing.filter(pk__in=ids)]


def _templates(people: Sequence[Person], team_id: UUID, embedder: str) -> Templates | None:
    by_key = {person.pk: person for person in people}
    rows = [
        row
        for ids in batches(by_key)
        for row in ReferenceSet.objects.filter(team=team_id, embedder=embedder, person__in=ids).order_by("pk")
    ]
    if not rows:
        return None
    vectors = np.concatenate([gallery_queries.unpacked(row) for row in rows])
    faces = [UUID(face) for row in rows for face in row.face_ids]
    places = np.repeat(np.arange(len(rows)), [row.count for row in rows])
    return Templates([by_key[row.person_id] for row in rows], vectors, places, faces)


def _appearances(people: Sequence[Person], embedder: str) -> list[Appearance]:
    """Returns the newest appearances that have a clear view, each pooled by quality."""
    row_of = {person.pk: row for row, person in enumerate(people)}
    found: list[tuple[int, int, UUID]] = []
    for ids in batches(row_of):
        tracks = shown_tracks().filter(person__in=ids, analysis__embedder=embedder).order_by("-pk")
        rows = tracks.values_list("pk", "joined_to", "person")[:MOST_APPEARANCES]
        found += [(pk, first or pk, person) for pk, first, person in rows if person]
    newest = sorted(found, reverse=True)[:MOST_APPEARANCES]
    whose = {pk: (first, row_of[person]) for pk, first, person in newest}
    views: dict[tuple[int, int], list[tuple[float, UUID, Float32]]] = defaultdict(list)
    columns = ("pk", "track", "embedding", *clarity_queries.MEASURED)
    for tracks_of_batch in batches(whose):
        faces = Face.objects.filter(track__in=tracks_of_batch).order_by("pk")
        for pk, track, embedding, quality, *measured in faces.values_list(*columns):
            if track is not None and clarity_queries.is_clear_row(quality, *measured):
                views[whose[track]].append((quality, pk, sample_codec.unpack_vector(embedding)))
    return [Appearance(track, row, max(each)[1], _pooled(each)) for (track, row), each in sorted(views.items())]


def _pooled(views: Sequence[tuple[float, UUID, Float32]]) -> Float32:
    qualities = np.array([quality for quality, _, _ in views], np.float32)
    return mean_vector(np.stack([vector for _, _, vector in views]), qualities)


def _differ(people: Sequence[Person], apart: Iterable[frozenset[UUID]]) -> Bool:
    """Returns (people, people): who is certainly somebody else, by another name or because somebody said so."""
    row_of: Mapping[UUID, int] = {person.pk: row for row, person in enumerate(people)}
    names = np.array([person.folded_name for person in people])
    named = names != ""
    differ: Bool = named[:, None] & named[None] & (names[:, None] != names[None])
    for pair in apart:
        rows = [row_of[person] for person in pair if person in row_of]
        if len(rows) == 2:
            differ[rows[0], rows[1]] = differ[rows[1], rows[0]] = True
    return differ


def _nearest_of_others(appearances: Sequence[Appearance], templates: Templates, differ: Bool) -> tuple[Float32, Int]:
    """Returns similarity (a,) and template (a,) of the nearest other person of each appearance; -inf without one."""
    similarities, columns = np.empty(len(appearances), np.float32), np.empty(len(appearances), np.int64)
    for begin in range(0, len(appearances), BATCH):
        part = appearances[begin : begin + BATCH]
        table = np.stack([each.vector for each in part]) @ templates.vectors.T
        table[~differ[[each.row for each in part]][:, templates.rows]] = -np.inf
        columns[begin : begin + len(part)] = table.argmax(axis=1)
        similarities[begin : begin + len(part)] = table.max(axis=1)
    return similarities, columns


def _nearest_of_own(appearances: Sequence[Appearance]) -> tuple[Float32, Int]:
    """Returns similarity (a,) and place (a,) of the nearest other appearance of the same person; inf without one."""
    places: dict[int, list[int]] = defaultdict(list)
    for place, each in enumerate(appearances):
        places[each.row].append(place)
    similarities, mates = np.full(len(appearances), np.inf, np.float32), np.zeros(len(appearances), np.int64)
    for of_person in places.values():
        if len(of_person) < 2:
            continue
        vectors = np.stack([appearances[place].vector for place in of_person])
        for begin in range(0, len(of_person), BATCH):
            part = np.arange(begin, min(begin + BATCH, len(of_person)))
            table = vectors[part] @ vectors.T
            table[np.arange(len(part)), part] = -np.inf
            here = np.array(of_person)[part]
            mates[here] = np.array(of_person)[table.argmax(axis=1)]
            similarities[here] = table.max(axis=1)
    return similarities, mates
