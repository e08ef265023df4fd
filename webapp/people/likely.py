"""Who looks like whom: lists sorted by likeness, for merging and for finding a face of a photo."""

from uuid import UUID

import numpy as np

from analysis.faces.search import likenesses
from analysis.types import Float32
from webapp.people import queries, references
from webapp.people.models import Person, ReferenceSet


def candidates(person: Person, text: str, limit: int) -> list[tuple[Person, float | None]]:
    """People whom this one may be merged with, most alike first; those without comparable views at the end."""
    others = queries.in_order(Person.objects.filter(team=person.team_id)).exclude(pk=person.pk)
    if text:
        others = others.filter(name__icontains=text)
    found = list(others[: limit * 4]) if text else []
    scores = _likenesses_to(person)
    if not text:
        best = sorted(scores, key=lambda key: -scores[key])[:limit]
        by_id = others.in_bulk(best)
        found = [by_id[key] for key in best if key in by_id]
        found += list(others.exclude(pk__in=best)[: limit - len(found)])
    found.sort(key=lambda each: -scores.get(each.pk, -1.0))
    return [(each, scores.get(each.pk)) for each in found[:limit]]


def likeness(first: Person, second: Person) -> float | None:
    """Cosine of their most alike views; None where no model has seen both."""
    sets = ReferenceSet.objects.filter(person__in=[first, second])
    views: dict[str, dict[UUID, Float32]] = {}
    for row in sets:
        views.setdefault(row.embedder, {})[row.person_id] = references.unpacked(row)
    both = [each for each in views.values() if len(each) == 2]
    return max((float((each[first.pk] @ each[second.pk].T).max()) for each in both), default=None)


def _likenesses_to(person: Person) -> dict[UUID, float]:
    scores: dict[UUID, float] = {}
    for row in ReferenceSet.objects.filter(person=person):
        scores |= by_likeness(person.team_id, row.embedder, references.unpacked(row))
    scores.pop(person.pk, None)
    return scores


def by_likeness(team_id: UUID, embedder: str, views: Float32) -> dict[UUID, float]:
    """Everybody of the team with the cosine of the most alike pair of views; `views` is (n, d)."""
    known = references.known_people(team_id, embedder)
    best = likenesses(known.gallery, views).max(axis=1) if len(known.people) else np.zeros(0, np.float32)
    return dict(zip(known.people, map(float, best), strict=True))
