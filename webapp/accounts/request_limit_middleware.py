"""Answers 429 to whoever sends more requests than any person would; our own scripts wait and go on."""

import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import ngettext

from webapp.accounts import request_budget_services
from webapp.accounts.throttle_services import network_of
from webapp.http.client_info import client_address
from webapp.http.responses import json_refusal, wants_json

CHEAP = 0.02
"""A page shows hundreds of pictures, a player asks for many pieces, an upload sends them."""

View = TypeVar("View", bound=Callable[..., Any])


def costs(amount: float) -> Callable[[View], View]:
    """Marks a view of which a request counts as so many."""

    def mark(view: View) -> View:
        view.request_cost = amount  # type: ignore[attr-defined]
        return view

    return mark


asked_often = costs(CHEAP)
"""Marks a view of which one page asks for many."""


class RequestLimit(MiddlewareMixin):
    """Counts for each person, and for the networks of those who have not signed in."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if not settings.REQUESTS_PER_MINUTE:
            return None
        user = request.user
        who = f"person:{user.pk}" if user.is_authenticated else f"network:{network_of(client_address(request))}"
        wait_s = request_budget_services.spend(who, getattr(view, "request_cost", 1.0))
        return _too_many(request, math.ceil(wait_s)) if wait_s else None


def _too_many(request: HttpRequest, wait_s: int) -> HttpResponse:
    words = ngettext(
        "Too many requests at once. Nothing was changed. Try again in %(n)d second.",
        "Too many requests at once. Nothing was changed. Try again in %(n)d seconds.",
        wait_s,
    ) % {"n": wait_s}
    response: HttpResponse
    if wants_json(request):
        response = json_refusal(words, HTTPStatus.TOO_MANY_REQUESTS)
    elif "Tus-Resumable" in request.headers:
        response = HttpResponse(words, content_type="text/plain; charset=utf-8")
    else:
        response = render(request, "429.html", {"next_step": words})
    response.status_code = HTTPStatus.TOO_MANY_REQUESTS
    response.headers["Retry-After"] = str(wait_s)
    return response
