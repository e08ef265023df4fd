"""Reads the gallery templates of a team."""

from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db.models import Count, Max, QuerySet, Sum

from analysis.faces.search import Gallery, compact
from analysis.types import Float32
from webapp.people.models import ReferenceSet

MOST_KEPT = 2
"""Galleries that this process keeps in memory; 60,000 people take 90 MB."""
STORED = np.dtype("<f2")
"""Half precision changes a cosine by less than 0.001."""


@dataclass(frozen=True, slots=True)
class TeamGallery:
    """The people of a team and their templates for one embedder; rows of `gallery` in the order of `people`."""

    people: list[UUID]
    gallery: Gallery
    row_of: dict[UUID, int]


_kept: OrderedDict[tuple[UUID, str], tuple[dict[str, int | None], TeamGallery]] = OrderedDict()


def team_gallery(team_id: UUID, embedder: str) -> TeamGallery:
    """Returns the templates of everybody who is shown somewhere. Kept in this process until one of them changes."""
    sets = ReferenceSet.objects.filter(team=team_id, embedder=embedder)
    stamp = sets.aggregate(newest=Max("pk"), sets=Count("pk"), sum=Sum("pk"))
    key = (team_id, embedder)
    if key not in _kept or _kept[key][0] != stamp:
        _kept.pop(key, None)
        while len(_kept) >= MOST_KEPT:
            _kept.popitem(last=False)
        _kept[key] = (stamp, _read(sets))
    return _kept[key][1]


def _read(sets: QuerySet[ReferenceSet]) -> TeamGallery:
    rows = list(sets.values_list("person", "count", "vectors"))
    if not rows:
        return TeamGallery([], Gallery(np.zeros((0, 1), np.float32), np.zeros(0, np.int64)), {})
    counts = np.array([count for _, count, _ in rows])
    packed = np.frombuffer(b"".join(blob for _, _, blob in rows), STORED)
    vectors: Float32 = packed.reshape(counts.sum(), -1).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    people = [person for person, _, _ in rows]
    return TeamGallery(people, compact(Gallery(vectors, starts)), {person: row for row, person in enumerate(people)})


def unpacked(row: ReferenceSet) -> Float32:
    """Returns the templates of a row, (count, d)."""
    packed = np.frombuffer(row.vectors, STORED)
    return packed.reshape(row.count, -1).astype(np.float32)
