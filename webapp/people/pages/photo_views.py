"""Find by photo: who in the team's videos looks like a face of an uploaded picture. The picture is not stored."""

import base64
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from analysis.cli.photo import PhotoFace, faces_in_subprocess
from analysis.errors import PictureTooLarge, UnreadablePicture
from webapp import access
from webapp.accounts.context_processors import team_of
from webapp.accounts.models import Team
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import AuditSubject, record
from webapp.http.body_limit_middleware import MAX_BODY_BYTES, takes_bodies_of
from webapp.people import gallery_queries, present_queries
from webapp.people.identification import confidence_words, similar_people_queries
from webapp.people.introduction import queries as introduction_queries
from webapp.people.models import Face, Person, ReferenceSet

logger = logging.getLogger(__name__)

MOST_MATCHES = 6


@dataclass(frozen=True, slots=True)
class Match:
    """A person who looks like the face, and their most similar view."""

    person: Person
    percent: int
    is_sure: bool
    view: Face | None


@dataclass(frozen=True, slots=True)
class SearchedFace:
    """A face of the picture. `picture` is a data: URL, so that nothing has to be stored."""

    picture: str
    matches: list[Match]


@takes_bodies_of(MAX_BODY_BYTES)
@require_http_methods(["GET", "HEAD", "POST"])
def photo(request: HttpRequest) -> HttpResponse:
    """Shows the form, or the matches of the picture that was posted."""
    team = team_of(request)
    team = get_object_or_404(access.photo_search_teams(request.user), pk=team.pk if team else None)
    if request.method != "POST":
        return _answer(request, 200)
    sent = request.FILES.get("photo")
    if not isinstance(sent, UploadedFile):
        return _answer(request, 400, problem=_("Choose a picture first."))
    try:
        found = faces_in_subprocess(sent.read(), introduction_queries.current_file(team.pk))
    except TimeoutError:
        return _answer(request, 503, problem=_("The server is busy with other pictures. Try again in a minute."))
    except PictureTooLarge:
        return _answer(request, 400, problem=_("This picture is too large. Make it smaller and try again."))
    except UnreadablePicture as error:
        logger.info("A photo could not be read: %s", error)
        return _answer(request, 400, problem=_("This file is not a readable picture. Try a JPEG or PNG."))
    searched = [_searched(face, team, found.embedder) for face in found.faces]
    _record(request, team, sent.name or "", searched)
    searched.sort(key=lambda each: -max((match.percent for match in each.matches), default=0))
    return _answer(request, 200, searched=searched, has_looked=True)


def _record(request: HttpRequest, team: Team, name: str, searched: Sequence[SearchedFace]) -> None:
    found = [str(match.person) for face in searched for match in face.matches]
    subject = AuditSubject(SubjectKind.TEAM, str(team.pk), str(team))
    after = {"picture": name, "faces": len(searched), "found": found}
    record(request, Action.SEARCHED_BY_PHOTO, subject, team_id=team.pk, after=after)


def _answer(request: HttpRequest, status: int, **context: object) -> HttpResponse:
    response = render(request, "people/photo.html", context | {"most_bytes": MAX_BODY_BYTES}, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _searched(face: PhotoFace, team: Team, embedder: str) -> SearchedFace:
    scores = similar_people_queries.by_similarity(team.pk, embedder, face.embedding[None]).nearest(MOST_MATCHES)
    thresholds = introduction_queries.thresholds_for(embedder).identification
    best = [key for key in scores if scores[key] >= thresholds.review_from]
    people = present_queries.by_key(best)
    views = _nearest_views(list(people), embedder, face)
    matches = [
        Match(people[key], confidence_words.percent(scores[key]), scores[key] >= thresholds.accept_from, views.get(key))
        for key in best
        if key in people
    ]
    return SearchedFace("data:image/jpeg;base64," + base64.b64encode(face.picture_jpeg).decode(), matches)


def _nearest_views(people: Sequence[UUID], embedder: str, face: PhotoFace) -> dict[UUID, Face]:
    nearest: dict[UUID, UUID] = {}
    for row in ReferenceSet.objects.filter(person__in=people, embedder=embedder):
        nearest[row.person_id] = UUID(row.face_ids[int(np.argmax(gallery_queries.unpacked(row) @ face.embedding))])
    faces = Face.objects.select_related("analysis__video").in_bulk(nearest.values())
    return {person: faces[key] for person, key in nearest.items() if key in faces}
