"""The API as a whole: its operations, its errors, its description, and the page for people."""

from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from ninja import NinjaAPI, Router
from ninja.errors import HttpError, ValidationError

from webapp.accounts.request_types import SignedInRequest
from webapp.api import dataset_views, model_views, people_views, token_views, video_views
from webapp.api.errors import ApiError
from webapp.api.openapi_formats import ABOUT, openapi_document
from webapp.api.page_context import page_context
from webapp.http.problem_responses import problem

ROUTERS: tuple[Router, ...] = (
    token_views.router,
    video_views.router,
    people_views.router,
    dataset_views.router,
    model_views.router,
)
api = NinjaAPI(title="Rollcall", version="1", description=ABOUT, openapi_url=None, docs_url=None, urls_namespace="api")
for each in ROUTERS:
    api.add_router("", each)


@api.exception_handler(ApiError)
def _refused(request: HttpRequest, error: ApiError) -> HttpResponse:
    return problem(error.status, str(error), **error.more)


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(HTTPStatus.NOT_FOUND, _("There is no such thing, or your access token may not see or change it."))


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, str(error))


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Says which values are wrong, without repeating them."""
    wrong = [{"at": ".".join(map(str, each["loc"])), "message": each["msg"]} for each in error.errors]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, _("A value is missing or wrong."), errors=wrong)


@login_not_required
@require_GET
def openapi_json(request: HttpRequest) -> JsonResponse:
    """Sends the description, which says nothing of any team, to everybody."""
    return JsonResponse(openapi_document(api))


@require_GET
def page(request: SignedInRequest) -> HttpResponse:
    context: dict[str, Any] = page_context(openapi_document(api))
    return render(request, "api/page.html", context)
