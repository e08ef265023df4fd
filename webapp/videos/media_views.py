"""Files of videos behind a permission check. Their content types are fixed here, never guessed."""

from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import aget_object_or_404
from django.views.decorators.http import require_safe

from webapp import access
from webapp.accounts.request_limit_middleware import asked_often
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import subject_of
from webapp.audit.sighting_services import record_sent
from webapp.http.ranged_responses import stored_response
from webapp.videos.media_info import playable_type
from webapp.videos.models import Playback, Video

PICTURE_AGE_S = 600
"""Posters and sprites may be replaced once; the ETag makes asking again cheap."""


@asked_often
@require_safe
async def play(request: HttpRequest, video_id: UUID) -> HttpResponseBase:
    """Serves the original where browsers can play it, else the copy."""
    video = await _visible(request, video_id)
    if video.playback == Playback.COPY:
        response = await stored_response(request, video.copy_key, "video/mp4")
    elif video.playback == Playback.ORIGINAL:
        response = await stored_response(request, video.original_key, playable_type(video.container))
    else:
        raise Http404
    await _record(request, Action.PLAYED, video, response)
    return response


@asked_often
@require_safe
async def download(request: HttpRequest, video_id: UUID) -> HttpResponseBase:
    """Serves the original as a download under its own name."""
    video = await _visible(request, video_id)
    stored = (video.original_key, "application/octet-stream")
    response = await stored_response(request, *stored, download_name=video.file_name)
    await _record(request, Action.DOWNLOADED, video, response)
    return response


@asked_often
@require_safe
async def poster(request: HttpRequest, video_id: UUID) -> HttpResponseBase:
    video = await _visible(request, video_id)
    return await stored_response(request, video.poster_key, "image/jpeg", max_age_s=PICTURE_AGE_S)


@asked_often
@require_safe
async def sprites(request: HttpRequest, video_id: UUID) -> HttpResponseBase:
    video = await _visible(request, video_id)
    return await stored_response(request, video.sprites_key, "image/jpeg", max_age_s=PICTURE_AGE_S)


async def _record(request: HttpRequest, action: Action, video: Video, response: HttpResponseBase) -> None:
    subject = subject_of(SubjectKind.VIDEO, video, video.title)
    await sync_to_async(record_sent)(request, action, subject, response, team_id=video.team_id)


async def _visible(request: HttpRequest, video_id: UUID) -> Video:
    return await aget_object_or_404(access.visible_videos(request.user), pk=video_id)
