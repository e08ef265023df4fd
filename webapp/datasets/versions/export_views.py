"""Downloads of datasets and versions: made while they are sent, for every member of the team."""

from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import aget_object_or_404
from django.views.decorators.http import require_GET

from webapp import access
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import record, subject_of
from webapp.datasets.versions.export_formats import FORMS
from webapp.datasets.versions.export_queries import Contents, safe_name
from webapp.http.zip_responses import zip_response


@require_GET
async def export(request: HttpRequest, dataset_id: UUID) -> HttpResponseBase:
    """?form=zip|coco|csv"""
    dataset = await aget_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    return await _sent(request, Contents(dataset))


@require_GET
async def export_version(request: HttpRequest, dataset_id: UUID, number: int) -> HttpResponseBase:
    versions = access.visible_versions(request.user).select_related("dataset")
    version = await aget_object_or_404(versions, dataset=dataset_id, number=number)
    return await _sent(request, Contents(version.dataset, version))


async def _sent(request: HttpRequest, contents: Contents) -> HttpResponseBase:
    form = request.GET.get("form", "zip")
    if form not in FORMS:
        raise Http404
    thing, kind = (
        (contents.version, SubjectKind.VERSION) if contents.version else (contents.dataset, SubjectKind.DATASET)
    )
    subject = subject_of(kind, thing, contents.title)
    team_id = contents.dataset.team_id
    await sync_to_async(record)(request, Action.EXPORTED, subject, team_id=team_id, after={"format": form})
    name = f"{safe_name(contents.title)}{'' if form == 'zip' else f' ({form})'}.zip"
    return zip_response(name, FORMS[form](contents))
