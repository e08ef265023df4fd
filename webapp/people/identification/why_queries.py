"""Explains why an appearance has its name: the nearest views of that person, the runner-up, the quality."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from analysis.faces.search import nearest
from webapp.people import present_queries, sample_codec
from webapp.people.identification import confidence_words, similar_people_queries
from webapp.people.models import Face, Moved, Person, Track, Verdict

NEAREST = 4
COMPARED = 400
"""The best views of the person, with which the face is compared."""
CLOSE = 0.08
"""With a smaller difference in cosine the runner-up could just as well be the one."""
GOOD, FAIR = 0.55, 0.3
"""Quality of a view, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Near:
    """A view of the same person and its similarity in percent."""

    face: Face
    percent: int


@dataclass(frozen=True, slots=True)
class Reason:
    """What the page shows about one appearance."""

    face: Face
    person: Person
    near: list[Near]
    runner_up: Person | None
    runner_up_percent: int
    sentences: list[str]


def of_track(track: Track, person: Person) -> Reason | None:
    """Returns None for an appearance that has no view to compare."""
    face = Face.objects.filter(track=track).select_related("analysis").order_by("-quality", "pk").first()
    if face is None:
        return None
    vector = sample_codec.unpack_vector(face.embedding)
    near = _nearest_views(track, face, person, vector)
    scores = similar_people_queries.by_similarity(person.team_id, face.analysis.embedder, vector[None]).nearest(
        1, [person.pk]
    )
    others = present_queries.by_key(scores)
    runner_up = next(iter(others.values()), None)
    second = confidence_words.percent(scores[runner_up.pk]) if runner_up else 0
    sentences = [_who_decided(track, person, near), _margin(near, runner_up, second), _quality(face)]
    return Reason(face, person, near, runner_up, second, [each for each in sentences if each])


def _nearest_views(track: Track, face: Face, person: Person, vector: np.ndarray) -> list[Near]:
    """Takes views of other appearances; where there is only this one, its own."""
    views = Face.objects.filter(track__person=person, analysis__embedder=face.analysis.embedder).exclude(pk=face.pk)
    elsewhere = views.exclude(track=track).exclude(track__joined_to=track.joined_to_id or track.pk)
    rows = _best(elsewhere) or _best(views)
    if not rows:
        return []
    found, similarity = nearest(np.stack([sample_codec.unpack_vector(blob) for _, blob in rows]), vector, NEAREST)
    faces = Face.objects.select_related("analysis__video").in_bulk([rows[row][0] for row in found])
    return [
        Near(faces[rows[row][0]], confidence_words.percent(float(value)))
        for row, value in zip(found, similarity, strict=True)
    ]


def _best(views: QuerySet[Face]) -> list[tuple[UUID, bytes]]:
    best = views.order_by("-quality", "pk").values_list("pk", "embedding")[:COMPARED]
    return [(pk, bytes(blob)) for pk, blob in best]


def _who_decided(track: Track, person: Person, near: list[Near]) -> str:
    is_confirmed = Verdict.objects.filter(track=track, stands=True, is_same=True).exists()
    moved = Moved.objects.filter(track=track, after=person, event__undone_at=None).select_related("event__made_by")
    event = next((each.event for each in moved.order_by("-event__made_at")[:1]), None)
    if event is not None:
        who = event.made_by or _("Someone")
        return _("%(who)s said on %(day)s that this is %(person)s.") % {
            "who": who,
            "day": date_format(localtime(event.made_at), "j M Y"),
            "person": person,
        }
    if is_confirmed:
        return _("Someone confirmed that this is %(person)s.") % {"person": person}
    if not near:
        return _("This is the only picture of %(person)s, so there is nothing to compare it with.") % {"person": person}
    return _("%(percent)d %% match with the closest picture of %(person)s.") % {
        "percent": near[0].percent,
        "person": person,
    }


def _margin(near: list[Near], runner_up: Person | None, second: int) -> str:
    if runner_up is None or not near:
        return ""
    values = {"person": runner_up, "percent": second}
    if near[0].percent - second < 100 * CLOSE:
        return _("%(person)s is almost as close a match (%(percent)d %%), so check carefully.") % values
    return _("The next closest match is %(person)s, with only %(percent)d %%.") % values


def _quality(face: Face) -> str:
    if face.quality >= GOOD:
        return _("The picture is good: sharp and seen from the front.")
    if face.quality >= FAIR:
        return _("The picture is fair: a little small, turned or blurred.")
    return _("The picture is poor: small, turned away or blurred, so a mistake is more likely.")
