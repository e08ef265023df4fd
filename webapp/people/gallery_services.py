"""Keeps the gallery templates: what new faces are compared with, a few vectors of each person.

Each template is one appearance, pooled from its clear views by quality; the templates come from as many videos as
possible. Who has no clear view has no template, and nobody joins them. One row for each person holds them all, so that
those of 60,000 people are read in a moment. Call `refresh` in every transaction that changes whose a track is, which
tracks are shown, who was merged or deleted, or how clear views are.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from heapq import nsmallest
from uuid import UUID

import numpy as np

from analysis.faces.group import mean_vector
from analysis.types import Float32
from webapp.people import present_queries, sample_codec, summary_services
from webapp.people.batches import batches
from webapp.people.gallery_queries import STORED
from webapp.people.models import Face, ReferenceSet
from webapp.people.summary_services import ShownView

TEMPLATES_PER_PERSON = 6
TEMPLATES_PER_VIDEO = 3
VIEWS_PER_TEMPLATE = 5

Template = list[ShownView]
"""The clear views of one appearance, best first."""
Key = tuple[UUID, str]
"""Person and embedder."""


def refresh(person_ids: Collection[UUID]) -> None:
    """Makes the templates of these people again."""
    for ids in batches(sorted(set(person_ids))):
        ReferenceSet.objects.filter(person__in=ids).delete()
        ReferenceSet.objects.bulk_create(_sets(ids))


def _sets(ids: Sequence[UUID]) -> list[ReferenceSet]:
    teams = {person.pk: person.team_id for person in present_queries.by_key(ids).values()}
    chosen = _chosen(summary_services.shown_views(list(teams)))
    vectors = _vectors(view.face for templates in chosen.values() for views in templates for view in views)
    return [
        ReferenceSet(
            team_id=teams[person],
            person_id=person,
            embedder=embedder,
            count=len(templates),
            vectors=b"".join(_pooled(views, vectors).astype(STORED).tobytes() for views in templates),
            face_ids=[str(views[0].face) for views in templates],
            quality=max(views[0].quality for views in templates),
        )
        for (person, embedder), templates in chosen.items()
    ]


def _chosen(views: Iterable[ShownView]) -> dict[Key, list[Template]]:
    """Returns the templates: the best appearance of each video first, then the second best of each, and so on."""
    of_video: dict[tuple[UUID, str, UUID], dict[int, Template]] = defaultdict(lambda: defaultdict(list))
    for view in views:
        if view.is_clear:
            of_video[view.person, view.embedder, view.analysis][view.appearance].append(view)
    ranked: dict[Key, list[tuple[int, Template]]] = defaultdict(list)
    for (person, embedder, _), appearances in of_video.items():
        pooled = [nsmallest(VIEWS_PER_TEMPLATE, each, key=_rank) for each in appearances.values()]
        best = nsmallest(TEMPLATES_PER_VIDEO, pooled, key=lambda template: _rank(template[0]))
        ranked[person, embedder] += enumerate(best)
    return {
        key: [template for _, template in nsmallest(TEMPLATES_PER_PERSON, each, key=_place)]
        for key, each in ranked.items()
    }


def _rank(view: ShownView) -> tuple[bool, float, UUID]:
    return view.rank


def _place(ranked: tuple[int, Template]) -> tuple[int, tuple[bool, float, UUID]]:
    place, template = ranked
    return place, template[0].rank


def _vectors(faces: Iterable[UUID]) -> dict[UUID, Float32]:
    return {
        pk: sample_codec.unpack_vector(embedding)
        for pks in batches(faces)
        for pk, embedding in Face.objects.filter(pk__in=pks).values_list("pk", "embedding")
    }


def _pooled(views: Template, vectors: Mapping[UUID, Float32]) -> Float32:
    """Returns the mean vector (d,) of length 1, in which better views count more."""
    qualities = np.array([view.quality for view in views], np.float32)
    return mean_vector(np.stack([vectors[view.face] for view in views]), qualities)
