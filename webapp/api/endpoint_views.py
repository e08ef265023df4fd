"""Makes views of the API's operations: tokens alone, repeated requests, ETags."""

import copy
import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required  # answered as programs understand it
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern
from django.urls import path as url_path
from django.utils.translation import gettext as _
from ninja.operation import Operation

from webapp.accounts.models import TokenScope
from webapp.accounts.tokens.bearer_middleware import takes_tokens
from webapp.api.openapi_formats import NEEDED_SCOPE
from webapp.http.body_limit_middleware import takes_bodies_of
from webapp.http.problem_responses import problem
from webapp.jobs.idempotency_responses import starts_work

Respond = Callable[..., Any]
SAFE = "GET"
CHANGING = ("PATCH", "PUT", "DELETE")


def scope_of(operation: Operation) -> TokenScope:
    """Returns the least scope of a token for an operation: for reading, or as it says, else for writing."""
    usual = TokenScope.READ if operation.methods == [SAFE] else TokenScope.WRITE
    return TokenScope((operation.openapi_extra or {}).get(NEEDED_SCOPE, usual))


def endpoint(pattern: URLPattern, operations: Sequence[Operation]) -> URLPattern:
    """Returns the route whose view is one of ours around that of the operations there."""
    scopes = {method: scope_of(operation) for operation in operations for method in operation.methods}
    respond: Respond = pattern.callback

    @takes_tokens(min(scopes.values(), key=list(TokenScope).index), **scopes)
    @login_not_required
    def view(request: HttpRequest, **values: Any) -> HttpResponseBase:
        if request.method not in scopes:
            return respond(request, **values)
        if not request.user.is_authenticated or request.user.access_token is None:
            return _unauthorised()
        if request.method == SAFE:
            return _unless_known(request, respond(request, **values))
        return respond_once(request, **values)

    respond_once = starts_work(partial(_if_unchanged, respond, SAFE in scopes))
    view.__name__, view.__module__ = str(pattern.name), __name__
    view.starts_work = "POST" in scopes  # type: ignore[attr-defined]
    if most_bytes := max(getattr(operation.view_func, "max_body_bytes", 0) for operation in operations):
        takes_bodies_of(most_bytes)(view)
    return url_path(str(pattern.pattern), view, name=str(pattern.name))


def _unauthorised() -> HttpResponse:
    response = problem(HTTPStatus.UNAUTHORIZED, _("Send an access token: “Authorization: Bearer …”."))
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def etag_of(response: HttpResponse) -> str:
    """Returns a strong ETag: of the same bytes the same."""
    return f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'


def _unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Answers 304 to whoever has the same already."""
    if response.status_code != HTTPStatus.OK:
        return response
    etag = etag_of(response)
    if _names(request.headers.get("If-None-Match", ""), etag):
        response = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization"
    return response


def _if_unchanged(respond: Respond, has_state: bool, request: HttpRequest, **values: Any) -> HttpResponse:
    """Changes something only while it is as the sender has read it, where they say how that was."""
    wished = request.headers.get("If-Match", "")
    if not wished or not has_state or request.method not in CHANGING:
        return respond(request, **values)
    with transaction.atomic():
        asked = copy.copy(request)
        asked.method = SAFE
        now = respond(asked, **values)
        if now.status_code != HTTPStatus.OK:
            return now
        if not _names(wished, etag_of(now)):
            return problem(HTTPStatus.PRECONDITION_FAILED, _("It has changed since it was read. Read it again."))
        return respond(request, **values)


def _names(header: str, etag: str) -> bool:
    """Tells whether a list of ETags names this one. `*` names any."""
    return any(each.strip().removeprefix("W/") in ("*", etag) for each in header.split(","))
