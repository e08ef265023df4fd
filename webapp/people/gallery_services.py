"""Keeps the gallery templates: the few views of each person that new faces are compared with.

They are good views from as many videos as possible. One row for each person holds them all, so that those of 60,000
people are read in a moment. Call `refresh` in every transaction that changes whose a track is, which tracks are shown,
or who was merged or deleted.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from uuid import UUID

import numpy as np
from django.db.models import Count, Max, QuerySet, Sum

from analysis.faces.search import Gallery, compact
from analysis.types import Float32
from webapp.people import present_queries, sample_codec, summary_services
from webapp.people.models import Face, ReferenceSet

MOST_KEPT = 2
"""Galleries that this process keeps in memory; 60,000 people take 90 MB."""
TEMPLATES_PER_PERSON = 6
TEMPLATES_PER_VIDEO = 3
STORED = np.dtype("<f2")
"""Half precision changes a cosine by less than 0.001."""


@dataclass(frozen=True, slots=True)
class TeamGallery:
    """The people of a team and their templates for one embedder; rows of `gallery` in the order of `people`."""

    people: list[UUID]
    gallery: Gallery
    row_of: dict[UUID, int]


_kept: OrderedDict[tuple[UUID, str], tuple[dict[str, int | None], TeamGallery]] = OrderedDict()


def refresh(person_ids: Collection[UUID]) -> None:
    """Chooses the templates of these people again."""
    for ids in summary_services.batches(sorted(set(person_ids))):
        ReferenceSet.objects.filter(person__in=ids).delete()
        ReferenceSet.objects.bulk_create(_sets(ids))


def _sets(ids: Sequence[UUID]) -> list[ReferenceSet]:
    teams = {person.pk: person.team_id for person in present_queries.by_key(ids).values()}
    chosen = _best_views(list(teams))
    wanted = [face for faces in chosen.values() for face in faces]
    vectors = {
        pk: sample_codec.unpack_vector(embedding).astype(STORED).tobytes()
        for pks in summary_services.batches(wanted)
        for pk, embedding in Face.objects.filter(pk__in=pks).values_list("pk", "embedding")
    }
    return [
        ReferenceSet(
            team_id=teams[person],
            person_id=person,
            embedder=embedder,
            count=len(faces),
            vectors=b"".join(vectors[face] for face in faces),
            face_ids=[str(face) for face in faces],
        )
        for (person, embedder), faces in chosen.items()
    ]


def _best_views(ids: Sequence[UUID]) -> dict[tuple[UUID, str], list[UUID]]:
    """Returns faces by person and embedder: the best of each video first, then the second best of each, and so on."""
    of_video: dict[tuple[UUID, str, UUID], list[tuple[float, UUID]]] = defaultdict(list)
    for view in summary_services.shown_views(ids):
        of_video[view.person, view.embedder, view.analysis].append((-view.quality, view.face))
    ranked: dict[tuple[UUID, str], list[tuple[int, float, UUID]]] = defaultdict(list)
    for (person, embedder, _), views in of_video.items():
        best = enumerate(nsmallest(TEMPLATES_PER_VIDEO, views))
        ranked[person, embedder] += [(rank, worse, pk) for rank, (worse, pk) in best]
    return {key: [pk for *_, pk in nsmallest(TEMPLATES_PER_PERSON, views)] for key, views in ranked.items()}


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
