"""Tentative identities: whom the first faces of a running analysis probably show, for the pages until it ends.

They decide nothing: no track, event or count depends on them, and they go in the transaction that stores the people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from analysis.faces.search import similarities
from webapp.jobs import live_updates
from webapp.people import clarity_queries, gallery_queries, sample_codec
from webapp.people.identification import runner
from webapp.people.introduction import queries as introduction_queries
from webapp.people.models import Face, LiveGuess
from webapp.videos.models import Analysis


@dataclass(frozen=True, slots=True)
class TentativeMatch:
    """The most similar person of the team, similar enough to be accepted."""

    person: UUID
    similarity: float


def identify(faces: Iterable[Face], team_id: UUID, embedder: str) -> dict[int, TentativeMatch]:
    """Returns the best match of the clear views of each rough group, where it is above the accept threshold."""
    grouped = [face for face in faces if face.preliminary_group is not None and clarity_queries.is_clear(face)]
    if not grouped or not introduction_queries.is_known(embedder):
        return {}
    known = gallery_queries.team_gallery(team_id, embedder)
    if not known.people:
        return {}
    table = similarities(known.gallery, np.stack([sample_codec.unpack_vector(face.embedding) for face in grouped]))
    accept_from, _review_from = runner.thresholds_of(known, team_id, embedder)
    table[table < accept_from[:, None]] = -1.0
    found: dict[int, TentativeMatch] = {}
    for column, face in enumerate(grouped):
        row = int(table[:, column].argmax())
        similarity = float(table[row, column])
        assert face.preliminary_group is not None  # filtered
        best = found.get(face.preliminary_group)
        if similarity > 0 and (best is None or similarity > best.similarity):
            found[face.preliminary_group] = TentativeMatch(known.people[row], similarity)
    return found


def store(analysis: Analysis, found: Mapping[int, TentativeMatch]) -> None:
    """Keeps the better matches and tells open pages. Call it in the transaction that stores the faces."""
    rows = LiveGuess.objects.filter(analysis=analysis, preliminary_group__in=found)
    before = dict(rows.values_list("preliminary_group", "likeness"))
    better = [
        LiveGuess(analysis=analysis, preliminary_group=group, person_id=match.person, likeness=match.similarity)
        for group, match in found.items()
        if match.similarity > before.get(group, 0.0)
    ]
    if not better:
        return
    LiveGuess.objects.bulk_create(
        better,
        update_conflicts=True,
        update_fields=["person", "likeness"],
        unique_fields=["analysis", "preliminary_group"],
    )
    live_updates.publish_people(analysis.video.team_id)


def discard(analysis: Analysis) -> None:
    """Removes the tentative identities of an analysis."""
    LiveGuess.objects.filter(analysis=analysis).delete()
