"""Keeps the gallery templates: the few views of each person that new faces are compared with.

They are good views from as many videos as possible. One row for each person holds them all, so that those of 60,000
people are read in a moment. Call `refresh` in every transaction that changes whose a track is, which tracks are shown,
or who was merged or deleted.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from heapq import nsmallest
from uuid import UUID

from webapp.people import present_queries, sample_codec, summary_services
from webapp.people.gallery_queries import STORED
from webapp.people.models import Face, ReferenceSet

TEMPLATES_PER_PERSON = 6
TEMPLATES_PER_VIDEO = 3


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
