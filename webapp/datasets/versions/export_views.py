"""Downloads of datasets and versions: made while they are sent, for every member of the team."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import aget_object_or_404
from django.views.decorators.http import require_GET

from webapp import access
from webapp.datasets.versions.export_formats import FORMS
from webapp.datasets.versions.export_queries import Contents, safe_name
from webapp.http.zip_responses import zip_response


@require_GET
async def export(request: HttpRequest, dataset_id: UUID) -> HttpResponseBase:
    """?form=zip|coco|csv"""
    dataset = await aget_object_or_404(access.visible_datasets(request.user), pk=dataset_id)
    return _sent(request, Contents(dataset))


@require_GET
async def export_version(request: HttpRequest, dataset_id: UUID, number: int) -> HttpResponseBase:
    versions = access.visible_versions(request.user).select_related("dataset")
    version = await aget_object_or_404(versions, dataset=dataset_id, number=number)
    return _sent(request, Contents(version.dataset, version))


def _sent(request: HttpRequest, contents: Contents) -> HttpResponseBase:
    form = request.GET.get("form", "zip")
    if form not in FORMS:
        raise Http404
    name = f"{safe_name(contents.title)}{'' if form == 'zip' else f' ({form})'}.zip"
    return zip_response(name, FORMS[form](contents))
