"""Sends the files of exports."""

from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import aget_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from webapp import access
from webapp.accounts.request_limit_middleware import asked_often
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import subject_of
from webapp.audit.sighting_services import record_sent
from webapp.exports import words
from webapp.exports.file_name_rules import file_name
from webapp.exports.models import Export
from webapp.http.ranged_responses import stored_response


@asked_often
@require_safe
async def download(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """Sends the file of a finished export, in ranges where asked for; one that has expired is gone at once."""
    return await _sent(request, await _ready(request, export_id), Action.DOWNLOADED)


@asked_often
@require_safe
async def play(request: HttpRequest, export_id: UUID) -> HttpResponseBase:
    """Sends the same for its page to show."""
    export = await _ready(request, export_id)
    return await _sent(request, export, Action.PLAYED if export.is_video else Action.SEEN)


async def _ready(request: HttpRequest, export_id: UUID) -> Export:
    in_time = access.visible_exports(request.user).filter(expires_at__gt=timezone.now())
    export = await aget_object_or_404(in_time.select_related("job"), pk=export_id)
    if not export.is_ready:
        raise Http404
    return export


async def _sent(request: HttpRequest, export: Export, action: Action) -> HttpResponseBase:
    title = await sync_to_async(words.title_of_export)(export)
    name = file_name(title, export.suffix) if action == Action.DOWNLOADED else ""
    content_type = "video/mp4" if export.is_video else "image/jpeg"
    response = await stored_response(request, export.file_key, content_type, download_name=name)
    subject = subject_of(SubjectKind.EXPORT, export, title)
    await sync_to_async(record_sent)(request, action, subject, response, team_id=export.team_id)
    return response
