"""The few views of each person that new faces are compared with: good ones, from as many videos as possible.

One row a person holds all of them, so that those of 60,000 people are read in a moment. Call `refresh` in every
transaction that changes whose a track is, or which tracks are shown.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db.models import Count, F, Max, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from analysis.faces.search import Gallery, compact
from analysis.types import Float32
from webapp.people import samples, summaries
from webapp.people.models import Face, ReferenceSet

MOST_KEPT = 2
"""Teams whose references this process keeps at hand; 60,000 people take 90 MB."""
VIEWS = 6
VIEWS_PER_VIDEO = 3
STORED = np.dtype("<f2")
"""Half precision changes a likeness by less than 0.001."""


@dataclass(frozen=True, slots=True)
class Known:
    """The people of a team with what they look like to one embedder; rows of `gallery` in the order of `people`."""

    people: list[UUID]
    gallery: Gallery


_kept: OrderedDict[tuple[UUID, str], tuple[dict[str, int | None], Known]] = OrderedDict()


def refresh(person_ids: Collection[UUID]) -> None:
    for ids in summaries.batches(sorted(set(person_ids))):
        ReferenceSet.objects.filter(person__in=ids).delete()
        ReferenceSet.objects.bulk_create(_sets(ids))


def _sets(ids: Sequence[UUID]) -> list[ReferenceSet]:
    views: dict[tuple[UUID, str], list[Face]] = defaultdict(list)
    for face in _best_views(ids):
        views[face.whose, face.embedder].append(face)  # type: ignore[attr-defined]
    return [
        ReferenceSet(
            person_id=person,
            embedder=embedder,
            count=len(faces[:VIEWS]),
            vectors=b"".join(samples.unpack_vector(face.embedding).astype(STORED).tobytes() for face in faces[:VIEWS]),
            face_ids=[str(face.pk) for face in faces[:VIEWS]],
        )
        for (person, embedder), faces in views.items()
    ]


def _best_views(ids: Sequence[UUID]) -> list[Face]:
    """The best of each video first, then the second best of each, and so on."""
    shown = Face.objects.filter(
        track__person__in=ids,
        analysis=F("analysis__video__current_analysis"),
        analysis__video__deleted_at=None,
    )
    rank = Window(
        RowNumber(), partition_by=[F("track__person"), F("analysis")], order_by=[F("quality").desc(), F("pk")]
    )
    ranked = shown.annotate(whose=F("track__person"), embedder=F("analysis__embedder"), rank=rank)
    return list(
        ranked.filter(rank__lte=VIEWS_PER_VIDEO).only("pk", "embedding", "quality").order_by("rank", "-quality", "pk")
    )


def known_people(team_id: UUID, embedder: str) -> Known:
    """Everybody who stands and is shown somewhere. Kept in this process until anything about it changes."""
    standing = _standing(team_id, embedder)
    stamp = standing.aggregate(newest=Max("pk"), sets=Count("pk"), sum=Sum("pk"))
    key = (team_id, embedder)
    if key not in _kept or _kept[key][0] != stamp:
        _kept.pop(key, None)
        while len(_kept) >= MOST_KEPT:
            _kept.popitem(last=False)
        _kept[key] = (stamp, _read(standing))
    return _kept[key][1]


def _standing(team_id: UUID, embedder: str) -> QuerySet[ReferenceSet]:
    return ReferenceSet.objects.filter(
        person__team=team_id, person__merged_into=None, person__is_deleted=False, embedder=embedder
    )


def _read(standing: QuerySet[ReferenceSet]) -> Known:
    rows = list(standing.values_list("person", "count", "vectors"))
    if not rows:
        return Known([], Gallery(np.zeros((0, 1), np.float32), np.zeros(0, np.int64)))
    counts = np.array([count for _, count, _ in rows])
    packed = np.frombuffer(b"".join(blob for _, _, blob in rows), STORED)
    vectors: Float32 = packed.reshape(counts.sum(), -1).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    return Known([person for person, _, _ in rows], compact(Gallery(vectors, starts)))


def unpacked(row: ReferenceSet) -> Float32:
    """(count, d)."""
    packed = np.frombuffer(row.vectors, STORED)
    return packed.reshape(row.count, -1).astype(np.float32)
