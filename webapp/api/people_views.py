"""People: their names, who they are merged with, and where they appear."""

from http import HTTPStatus
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from webapp import access
from webapp.accounts.name_rules import readable_name
from webapp.accounts.request_types import SignedInRequest
from webapp.api.cursor_queries import page_of_rows
from webapp.api.errors import ApiError
from webapp.api.resource_formats import person_out, spans_out
from webapp.api.resource_types import (
    MergeIn,
    Paged,
    PageQuery,
    PersonIn,
    PersonOut,
    PersonQuery,
    VideoAppearancesOut,
)
from webapp.exports.appearance_queries import appearances_in
from webapp.people import queries
from webapp.people.acts import conflict_queries, services
from webapp.people.acts.events import EditConflict
from webapp.people.models import STANDING, Person, Presence

router = Router(tags=["People"])
BY_NUMBER = ("number",)
NEWEST_FIRST = ("-created_at", "pk")


def _one(people: QuerySet[Person], person_id: UUID) -> Person:
    return get_object_or_404(people.filter(STANDING), pk=person_id)


def _conflict(detail: str, **more: str) -> ApiError:
    return ApiError(HTTPStatus.CONFLICT, detail, **more)


def _changed_meanwhile() -> ApiError:
    return _conflict(_("Somebody else changed this first, so nothing was done. Read it again."))


@router.get("/people", response=Paged[PersonOut], operation_id="list_people", summary="List people")
def list_people(request: SignedInRequest, query: Query[PersonQuery]) -> Paged[PersonOut]:
    """Lists the people who appear in the team's videos, by their numbers."""
    people = access.visible_people(request.user).filter(STANDING, appearances__gt=0, is_hidden=query.hidden)
    if query.named is not None:
        people = people.filter(is_unnamed=not query.named)
    if query.q:
        people = queries.called(people, query.q)
    rows, more = page_of_rows(people, BY_NUMBER, query.cursor, query.limit)
    return Paged[PersonOut](items=[person_out(person) for person in rows], next_cursor=more)


@router.get("/people/{uuid:person_id}", response=PersonOut, operation_id="get_person", summary="Read a person")
def get_person(request: SignedInRequest, person_id: UUID) -> PersonOut:
    """Reads a person. Whoever was merged into somebody else is no longer there."""
    return person_out(_one(access.visible_people(request.user), person_id))


@router.patch("/people/{uuid:person_id}", response=PersonOut, operation_id="name_person", summary="Name a person")
def name_person(request: SignedInRequest, person_id: UUID, body: PersonIn) -> PersonOut:
    """Names a person. Where somebody has that name, 409 says who (`person_id`): merge them, or send `as_new`."""
    person, name = _one(access.editable_people(request.user), person_id), readable_name(body.name)
    if body.name and not name:
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, _("Enter a name that others can read."))
    other = queries.same_name(person, name) if name and not body.as_new else None
    if other is not None:
        raise _conflict(_("Somebody else has this name."), person_id=str(other.pk))
    try:
        services.name_person(person, name=name, user=request.user)
    except EditConflict as error:
        raise _changed_meanwhile() from error
    return person_out(_one(access.editable_people(request.user), person_id))


@router.delete(
    "/people/{uuid:person_id}", response={204: None}, operation_id="delete_person", summary="Delete a person"
)
def delete_person(request: SignedInRequest, person_id: UUID) -> Status[None]:
    """Hides a person everywhere; later analyses do not bring them back. The history of people undoes it."""
    person = _one(access.editable_people(request.user), person_id)
    try:
        services.delete_person(person, user=request.user)
    except EditConflict as error:
        raise _changed_meanwhile() from error
    return Status(204, None)


@router.post(
    "/people/{uuid:person_id}/merge", response=PersonOut, operation_id="merge_people", summary="Merge people into one"
)
def merge_people(request: SignedInRequest, person_id: UUID, body: MergeIn) -> PersonOut:
    """Gives all appearances of `people` to this person, called `name` from now on, which one of them is called.

    409 where they are seen together or were told apart, unless `sure`.
    """
    editable = access.editable_people(request.user)
    target = _one(editable, person_id)
    others = [_one(editable.exclude(pk=target.pk), key) for key in dict.fromkeys(body.people)]
    if not body.sure and any(conflict_queries.against_merging(other, target) for other in others):
        words = _(
            "They are seen together, or were told apart, so nothing was merged. Send “sure” to merge all the same."
        )
        raise _conflict(words)
    try:
        services.merge_people(*others, target=target, user=request.user, name=body.name)
    except EditConflict as error:
        raise _changed_meanwhile() from error
    return person_out(_one(editable, person_id))


@router.get(
    "/people/{uuid:person_id}/appearances",
    response=Paged[VideoAppearancesOut],
    operation_id="list_person_appearances",
    summary="Where a person appears",
)
def list_person_appearances(
    request: SignedInRequest, person_id: UUID, query: Query[PageQuery]
) -> Paged[VideoAppearancesOut]:
    """Lists the videos in which a person appears, and when, newest video first. Needs the right to export."""
    person = _one(access.visible_people(request.user), person_id)
    present = Presence.objects.filter(person=person, analysis=OuterRef("current_analysis"))
    videos = access.exportable_videos(request.user).filter(Exists(present))
    rows, more = page_of_rows(videos, NEWEST_FIRST, query.cursor, query.limit)
    items = [
        VideoAppearancesOut(video_id=video.pk, title=video.title, spans=spans_out(row))
        for video in rows
        for row in appearances_in(video, [person.pk])
    ]
    return Paged[VideoAppearancesOut](items=items, next_cursor=more)
