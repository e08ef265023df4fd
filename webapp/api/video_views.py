"""Videos, their analyses, and who appears in them."""

from http import HTTPStatus
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from webapp import access
from webapp.accounts.name_rules import readable_name
from webapp.accounts.request_types import SignedInRequest
from webapp.api.cursor_queries import page_of_list, page_of_rows
from webapp.api.errors import ApiError
from webapp.api.resource_formats import analysis_out, appearances_out, video_out
from webapp.api.resource_types import (
    AnalysisIn,
    AnalysisOut,
    AppearanceOut,
    Paged,
    PageQuery,
    VideoIn,
    VideoOut,
    VideoQuery,
)
from webapp.exports.appearance_queries import appearances_in
from webapp.library import queries
from webapp.people.models import Presence
from webapp.videos import services
from webapp.videos.models import Video

router = Router(tags=["Videos"])
NEWEST_FIRST = ("-created_at", "pk")
JOINED = ("current_job", "duplicate_of", "upload", "team")


def _seen(request: SignedInRequest, video_id: UUID) -> Video:
    return _one(access.visible_videos(request.user), video_id)


def _edited(request: SignedInRequest, video_id: UUID) -> Video:
    return _one(access.editable_videos(request.user), video_id)


def _one(videos: QuerySet[Video], video_id: UUID) -> Video:
    return get_object_or_404(videos.select_related(*JOINED), pk=video_id)


@router.get("/videos", response=Paged[VideoOut], operation_id="list_videos", summary="List videos")
def list_videos(request: SignedInRequest, query: Query[VideoQuery]) -> Paged[VideoOut]:
    """Lists the videos of the team, newest first."""
    found = queries.filtered(access.visible_videos(request.user), text=query.q, state=query.state or "")
    if query.person:
        present = Presence.objects.filter(person=query.person, person__in=access.visible_people(request.user))
        found = found.filter(current_analysis__in=present.values("analysis"))
    rows, more = page_of_rows(found.select_related(*JOINED), NEWEST_FIRST, query.cursor, query.limit)
    return Paged[VideoOut](items=[video_out(video) for video in rows], next_cursor=more)


@router.get("/videos/{uuid:video_id}", response=VideoOut, operation_id="get_video", summary="Read a video")
def get_video(request: SignedInRequest, video_id: UUID) -> VideoOut:
    """Reads a video, and how far it is. Ask every few seconds until `is_final`."""
    return video_out(_seen(request, video_id))


@router.patch("/videos/{uuid:video_id}", response=VideoOut, operation_id="rename_video", summary="Rename a video")
def rename_video(request: SignedInRequest, video_id: UUID, body: VideoIn) -> VideoOut:
    """Gives a video another title."""
    video, title = _edited(request, video_id), readable_name(body.title)
    if not title:
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, _("Enter a title of 1 to 255 characters."))
    services.rename_video(video, title=title)
    return video_out(_edited(request, video_id))


@router.delete("/videos/{uuid:video_id}", response={204: None}, operation_id="delete_video", summary="Delete a video")
def delete_video(request: SignedInRequest, video_id: UUID) -> Status[None]:
    """Deletes a video. On the page *Recently deleted* it can be restored for a while."""
    services.delete_video(_edited(request, video_id), user=request.user)
    return Status(204, None)


@router.get(
    "/videos/{uuid:video_id}/analyses",
    response=Paged[AnalysisOut],
    operation_id="list_analyses",
    summary="List the analyses of a video",
)
def list_analyses(request: SignedInRequest, video_id: UUID, query: Query[PageQuery]) -> Paged[AnalysisOut]:
    """Lists all analyses that were made of a video, newest first."""
    video = _seen(request, video_id)
    analyses = video.analyses.select_related("job")
    rows, more = page_of_rows(analyses, NEWEST_FIRST, query.cursor, query.limit)
    return Paged[AnalysisOut](items=[analysis_out(each, video) for each in rows], next_cursor=more)


@router.post(
    "/videos/{uuid:video_id}/analyses",
    response={202: VideoOut},
    operation_id="start_analysis",
    summary="Analyse a video again",
)
def start_analysis(request: SignedInRequest, video_id: UUID, body: AnalysisIn) -> Status[VideoOut]:
    """Starts another analysis of a video whose last one has ended. The people shown stay until it is done."""
    video = _edited(request, video_id)
    try:
        services.analyse_again(video, thoroughness=body.thoroughness or video.thoroughness, user=request.user)
    except services.CannotAnalyse as error:
        words = _("This video cannot be analysed now: it is being analysed, or its file is missing.")
        raise ApiError(HTTPStatus.CONFLICT, words) from error
    return Status(202, video_out(_edited(request, video_id)))


@router.get(
    "/videos/{uuid:video_id}/appearances",
    response=Paged[AppearanceOut],
    operation_id="list_video_appearances",
    summary="Who appears when in a video",
)
def list_video_appearances(request: SignedInRequest, video_id: UUID, query: Query[PageQuery]) -> Paged[AppearanceOut]:
    """Lists who appears when in a video, as time goes on. Needs the right to export, as the team has set it."""
    video = _one(access.exportable_videos(request.user), video_id)
    listed = appearances_out(appearances_in(video))
    rows, more = page_of_list(listed, lambda row: (row.start_s, str(row.person_id)), query.cursor, query.limit)
    return Paged[AppearanceOut](items=rows, next_cursor=more)
