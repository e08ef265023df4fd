"""Sends who appears when as CSV, JSON or WebVTT, at once."""

from django.http import Http404, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from webapp.accounts.request_types import SignedInRequest
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import record_all, subject_of
from webapp.exports import appearance_formats
from webapp.exports.file_name_rules import file_name
from webapp.exports.start_views import nothing_to_export
from webapp.exports.subjects_context import ExportSubjects, NothingChosen, TooMany, subjects_of
from webapp.http.zip_responses import streamed_response

TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json", "vtt": "text/vtt; charset=utf-8"}


@require_GET
def download(request: SignedInRequest, form: str) -> HttpResponseBase:
    """Sends the appearances in the videos, or of the people in all their videos; subtitles of several as a ZIP."""
    if form not in TYPES:
        raise Http404
    try:
        wanted = subjects_of(request.user, request.GET)
    except (NothingChosen, TooMany) as error:
        return nothing_to_export(request, error)
    subjects = [subject_of(SubjectKind.VIDEO, video, video.title) for video in wanted.named_videos]
    subjects += [subject_of(SubjectKind.PERSON, person) for person in wanted.people]
    record_all(request, Action.EXPORTED, subjects, team_id=wanted.team.pk, after={"appearances": form})
    return _response(wanted, form)


def _response(wanted: ExportSubjects, form: str) -> StreamingHttpResponse:
    blocks = appearance_formats.BLOCKS[form](wanted.videos, [person.pk for person in wanted.people])
    is_zip = form == "vtt" and len(wanted.videos) > 1
    suffix, content_type = (".zip", "application/zip") if is_zip else (f".{form}", TYPES[form])
    if wanted.named_videos:
        title = wanted.named_videos[0].title if len(wanted.videos) == 1 else _("Appearances")
    else:
        title = str(wanted.people[0])
    return streamed_response(file_name(title, suffix), content_type, blocks)
