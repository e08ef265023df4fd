"""Who looks like whom: lists sorted by likeness, for merging and for finding a face of a photo."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from analysis.faces.search import similarities
from analysis.types import Float32
from webapp.people import gallery_services, present_queries, queries
from webapp.people.gallery_services import Known
from webapp.people.models import Person, ReferenceSet


@dataclass(frozen=True, slots=True)
class Alike:
    """How like everybody of a team is to some views, as the cosine of the most alike pair; kept as one array."""

    known: Known
    cosines: Float32
    """(people,) in the order of `known.people`."""

    def to(self, person: UUID) -> float | None:
        row = self.known.row_of.get(person)
        return None if row is None else float(self.cosines[row])

    def most(self, count: int, without: Collection[UUID] = ()) -> dict[UUID, float]:
        """The most alike ones, best first. Sorts only so many as can be asked for: 60,000 are felt."""
        if not len(self.cosines):
            return {}
        last = min(count + len(without), len(self.cosines)) - 1
        rows = np.argpartition(-self.cosines, last)[: last + 1]
        rows = rows[np.lexsort((rows, -self.cosines[rows]))]
        found = [(self.known.people[row], float(self.cosines[row])) for row in rows]
        return dict([each for each in found if each[0] not in without][:count])


def candidates(person: Person, text: str, limit: int) -> list[tuple[Person, float | None]]:
    """People whom this one may be merged with, most alike first; those without comparable views at the end."""
    others = queries.in_order(Person.objects.filter(team=person.team_id)).exclude(pk=person.pk)
    views = ReferenceSet.objects.filter(person=person)
    tables = [by_likeness(person.team_id, row.embedder, gallery_services.unpacked(row)) for row in views]
    if text:
        found = list(queries.called(others, text)[: limit * 4])
    else:
        best = [key for table in tables for key in table.most(limit, [person.pk])]
        there = present_queries.by_key(best)
        found = [each for each in there.values() if each.appearances]
        found += list(others.exclude(pk__in=best)[: max(limit - len(found), 0)])
    scores = {each.pk: _best(table.to(each.pk) for table in tables) for each in found}
    found.sort(key=lambda each: -1.0 if (score := scores[each.pk]) is None else score, reverse=True)
    return [(each, scores[each.pk]) for each in found[:limit]]


def _best(cosines: Iterable[float | None]) -> float | None:
    return max((each for each in cosines if each is not None), default=None)


def likeness(first: Person, second: Person) -> float | None:
    """Cosine of their most alike views; None where no model has seen both."""
    sets = ReferenceSet.objects.filter(person__in=[first, second])
    views: dict[str, dict[UUID, Float32]] = {}
    for row in sets:
        views.setdefault(row.embedder, {})[row.person_id] = gallery_services.unpacked(row)
    both = [each for each in views.values() if len(each) == 2]
    return max((float((each[first.pk] @ each[second.pk].T).max()) for each in both), default=None)


def by_likeness(team_id: UUID, embedder: str, views: Float32) -> Alike:
    """Of everybody of the team who stands; `views` is (n, d)."""
    known = gallery_services.known_people(team_id, embedder)
    return Alike(
        known, similarities(known.gallery, views).max(axis=1) if len(known.people) else np.zeros(0, np.float32)
    )
