"""Explains why an appearance has its name: what was compared when it was decided, or who said so."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db.models import QuerySet

from analysis.faces.search import nearest
from webapp.people import clarity_queries, constraint_queries, present_queries, sample_codec
from webapp.people.identification import why_words
from webapp.people.models import Decision, DecisionKind, Face, Moved, Person, Track, Verdict
from webapp.people.track_queries import of_appearances

NEAREST = 4
COMPARED = 400
"""The best views of the person, with which the face is compared."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What the page shows about one appearance."""

    face: Face
    person: Person
    near: list[Face]
    """Most similar views of the same person, best first."""
    other: Person | None
    """Whoever else was closest when it was decided."""
    sentences: list[str]


def of_track(track: Track, person: Person) -> Reason | None:
    """Returns None for an appearance that has no view to compare."""
    first = track.joined_to_id or track.pk
    # Its tracklets first: in one query, databases would go through the faces of all videos.
    tracklets = list(Track.objects.filter(of_appearances([first])).values_list("pk", flat=True))
    found = Face.objects.filter(track__in=tracklets).select_related("analysis__video")
    views = list(found.order_by("-quality", "pk"))
    if not views:
        return None
    clear = [view for view in views if clarity_queries.is_clear(view)]
    face = next((view for view in [*clear, *views] if view.track_id == track.pk), views[0])
    decision = Decision.objects.filter(tracks=track).select_related("nearest", "runner_up").first()
    said = _said(track, person)
    sentences = [said] if said else _decided(track, person, decision, clear)
    if not said and decision and decision.limit is not None and decision.embedder != face.analysis.embedder:
        sentences.append(why_words.by_another_model())
    side_px = min(face.x2 - face.x1, face.y2 - face.y1)
    sentences.append(why_words.picture(clarity_queries.measures_of(face), side_px, face in clear, bool(said)))
    other = _other(decision, person) if decision and not said else None
    return Reason(face, person, _nearest_views(tracklets, face, person), other, [each for each in sentences if each])


def _said(track: Track, person: Person) -> str:
    """Says which human decided, or nothing."""
    moved = Moved.objects.filter(track=track, after=person, event__undone_at=None)
    latest = moved.select_related("event__made_by", "before").order_by("-event__made_at").first()
    if latest is not None:
        return why_words.by_human(latest, person)
    is_confirmed = Verdict.objects.filter(track=track, stands=True, is_same=True).exists()
    return why_words.confirmed(person) if is_confirmed else ""


def _decided(track: Track, person: Person, decision: Decision | None, clear: Sequence[Face]) -> list[str]:
    sentences = why_words.decided(decision, person, is_clear=bool(clear))
    if decision is not None:
        sentences.append(why_words.margin(decision))
        sentences.append(why_words.grouped(track.join_similarity, decision.grouped_from, person))
        sentences.append(_continuity(track, clear))
    return sentences


def _continuity(track: Track, clear: Sequence[Face]) -> str:
    """Says so where other parts of the appearance, not this one, told who it is."""
    if not clear:
        return why_words.nothing_clear()
    if any(view.track_id == track.pk for view in clear):
        return ""
    near = min(clear, key=lambda view: abs(view.time_s - track.start_s))
    return why_words.followed(max(near.time_s - near.analysis.video.playback_offset_s, 0.0))


def _other(decision: Decision, person: Person) -> Person | None:
    """Returns today's person for whoever else was closest; None where these two are one by now."""
    other = decision.nearest_id if decision.kind == DecisionKind.FOUNDED else decision.runner_up_id
    if other is None:
        return None
    today = constraint_queries.family_of(person.team_id).root(other)
    return None if today == person.pk else present_queries.by_key([today]).get(today)


def _nearest_views(tracklets: Sequence[int], face: Face, person: Person) -> list[Face]:
    """Takes views of other appearances; where there is only this one, its own."""
    views = Face.objects.filter(track__person=person, analysis__embedder=face.analysis.embedder).exclude(pk=face.pk)
    elsewhere = views.exclude(track__in=tracklets)
    rows = _best(elsewhere) or _best(views)
    if not rows:
        return []
    vector = sample_codec.unpack_vector(face.embedding)
    found, _similarity = nearest(np.stack([sample_codec.unpack_vector(blob) for _, blob in rows]), vector, NEAREST)
    faces = Face.objects.select_related("analysis__video").in_bulk([rows[row][0] for row in found])
    return [faces[rows[row][0]] for row in found]


def _best(views: QuerySet[Face]) -> list[tuple[UUID, bytes]]:
    best = views.order_by("-quality", "pk").values_list("pk", "embedding")[:COMPARED]
    return [(pk, bytes(blob)) for pk, blob in best]
