"""The page of a run."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from webapp.training import result_views


@login_required
@require_GET
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    return result_views.result(request, result_views.finished_run(request, run_id))
