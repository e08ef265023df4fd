"""Files of samples behind a permission check."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import aget_object_or_404
from django.views.decorators.http import require_safe

from webapp import access
from webapp.accounts.request_limit_middleware import asked_often
from webapp.datasets.models import Sample
from webapp.http.ranged_responses import stored_response

KEPT_S = 3600
"""A number is never given twice and its files never change; the browser need not ask again while one scrolls about."""


@asked_often
@require_safe
async def thumbnail(request: HttpRequest, dataset_id: UUID, number: int) -> HttpResponseBase:
    sample = await _visible(request, dataset_id, number)
    return await stored_response(request, sample.thumbnail_key, "image/jpeg", max_age_s=KEPT_S)


@asked_often
@require_safe
async def sample_file(request: HttpRequest, dataset_id: UUID, number: int) -> HttpResponseBase:
    """Sends the picture or clip itself, to be shown in the page."""
    sample = await _visible(request, dataset_id, number)
    return await stored_response(request, sample.key, sample.media_type, max_age_s=KEPT_S)


async def _visible(request: HttpRequest, dataset_id: UUID, number: int) -> Sample:
    visible = access.visible_samples(request.user).only("key", "thumbnail_key", "media_type")
    return await aget_object_or_404(visible, dataset=dataset_id, number=number)
