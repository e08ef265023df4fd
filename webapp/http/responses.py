"""Responses to the POST of a button: JSON for fetch, a toast and a redirect for a plain form."""

from collections.abc import Mapping
from dataclasses import asdict

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme

from webapp.http.problem_formats import is_of_api
from webapp.http.toasts import Link, toast


def done(
    request: HttpRequest,
    text: str,
    target: str,
    undo_url: str = "",
    undo_fields: Mapping[str, str] | None = None,
    link: Link | None = None,
) -> HttpResponseBase:
    """Responds that it worked; with an `undo_url` the toast offers to undo it, with a `link` it leads somewhere."""
    if wants_json(request):
        undo = {"url": undo_url, "fields": dict(undo_fields or {})} if undo_url else None
        shown = asdict(link) if link else None
        return JsonResponse({"toast": text, "undo": undo, "link": shown, "redirect": _next(request, target)})
    toast(request, text, undo_url, undo_fields, link=link)
    return SeeOther(_next(request, target))


def refused(request: HttpRequest, text: str, target: str, status: int = 409) -> HttpResponseBase:
    """Responds that it cannot be done, with the reason in words."""
    if wants_json(request):
        return json_refusal(text, status)
    toast(request, text, level=messages.WARNING)
    response = SeeOther(_next(request, target))
    response.is_refusal = True
    return response


def json_refusal(text: str, status: int, **more: str) -> JsonResponse:
    """Returns a refusal as our own scripts read it."""
    response = JsonResponse({"toast": text, "undo": None, "error": text, **more}, status=status)
    response.refusal = text  # type: ignore[attr-defined]  # for whoever tells it to a program
    return response


class SeeOther(HttpResponseRedirect):
    """Redirects a POST to a page to be fetched with GET."""

    status_code = 303
    is_refusal = False
    """Nothing was done: the page says why."""


def wants_json(request: HttpRequest) -> bool:
    """Tells whether a script of ours asks, or a program, which gets no page whatever it accepts."""
    return "application/json" in request.headers.get("Accept", "") or is_of_api(request.path_info)


def own_path(request: HttpRequest, wished: str, target: str) -> str:
    """Returns the address that somebody wishes to go to if it is on this site, else `target`."""
    is_ours = url_has_allowed_host_and_scheme(wished, {request.get_host()}, request.is_secure())
    return wished if wished.startswith("/") and is_ours else target


def _next(request: HttpRequest, target: str) -> str:
    """Returns the page that the form was on, if it says so and is on this site; else `target`."""
    return own_path(request, request.POST.get("next", ""), target)
