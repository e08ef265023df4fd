"""Finds similar people: lists sorted by similarity, for merging and for finding a face of a photo."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from analysis.faces.search import similarities
from analysis.types import Float32
from webapp.people import gallery_queries, present_queries, queries
from webapp.people.gallery_queries import TeamGallery
from webapp.people.models import Person, ReferenceSet


@dataclass(frozen=True, slots=True)
class Similarities:
    """Similarity of everybody of a team to some views: the cosine of the most similar pair."""

    known: TeamGallery
    cosines: Float32
    """(people,) in the order of `known.people`."""

    def to(self, person: UUID) -> float | None:
        """Returns the cosine for one person; None for somebody who is not in the gallery."""
        row = self.known.row_of.get(person)
        return None if row is None else float(self.cosines[row])

    def nearest(self, count: int, without: Collection[UUID] = ()) -> dict[UUID, float]:
        """Returns the `count` most similar people, best first. Sorts only these, not all 60,000."""
        if not len(self.cosines):
            return {}
        last = min(count + len(without), len(self.cosines)) - 1
        rows = np.argpartition(-self.cosines, last)[: last + 1]
        rows = rows[np.lexsort((rows, -self.cosines[rows]))]
        found = [(self.known.people[row], float(self.cosines[row])) for row in rows]
        return dict([each for each in found if each[0] not in without][:count])


def candidates(person: Person, text: str, limit: int) -> list[tuple[Person, float | None]]:
    """Returns people to merge this one with, most similar first; those without comparable views come last."""
    others = queries.in_order(Person.objects.filter(team=person.team_id)).exclude(pk=person.pk)
    views = ReferenceSet.objects.filter(person=person)
    tables = [by_similarity(person.team_id, row.embedder, gallery_queries.unpacked(row)) for row in views]
    if text:
        found = list(queries.called(others, text)[: limit * 4])
    else:
        best = [key for table in tables for key in table.nearest(limit, [person.pk])]
        there = present_queries.by_key(best)
        found = [each for each in there.values() if each.appearances]
        found += list(others.exclude(pk__in=best)[: max(limit - len(found), 0)])
    scores = {each.pk: _best(table.to(each.pk) for table in tables) for each in found}
    found.sort(key=lambda each: -1.0 if (score := scores[each.pk]) is None else score, reverse=True)
    return [(each, scores[each.pk]) for each in found[:limit]]


def _best(cosines: Iterable[float | None]) -> float | None:
    return max((each for each in cosines if each is not None), default=None)


def similarity(first: Person, second: Person) -> float | None:
    """Returns the cosine of their most similar views; None where no embedder has seen both."""
    sets = ReferenceSet.objects.filter(person__in=[first, second])
    views: dict[str, dict[UUID, Float32]] = {}
    for row in sets:
        views.setdefault(row.embedder, {})[row.person_id] = gallery_queries.unpacked(row)
    both = [each for each in views.values() if len(each) == 2]
    return max((float((each[first.pk] @ each[second.pk].T).max()) for each in both), default=None)


def by_similarity(team_id: UUID, embedder: str, views: Float32) -> Similarities:
    """Compares everybody of the team with `views` (n, d)."""
    known = gallery_queries.team_gallery(team_id, embedder)
    return Similarities(
        known, similarities(known.gallery, views).max(axis=1) if len(known.people) else np.zeros(0, np.float32)
    )
