"""The pages for an address that is none, and for what no view has foreseen."""

import sys
from http import HTTPStatus

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error

from analysis.errors import is_disk_full
from webapp.http.full_disk_responses import FULL_DISK
from webapp.http.responses import json_refusal, wants_json


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answers without reading what was sent: Django's own looks for a token in a form that may be too large to read."""
    return render(request, "404.html", status=HTTPStatus.NOT_FOUND)


def unforeseen(request: HttpRequest) -> HttpResponse:
    """Answers for views and middleware alike: a full disk is 507, in words, all else 500."""
    error = sys.exc_info()[1]
    if error is None or not is_disk_full(error):
        return server_error(request)
    if wants_json(request):
        return json_refusal(str(FULL_DISK), HTTPStatus.INSUFFICIENT_STORAGE)
    try:
        return render(request, "507.html", status=HTTPStatus.INSUFFICIENT_STORAGE)
    except DatabaseError:  # not even who asks can be read
        text = {"content_type": "text/plain; charset=utf-8", "status": HTTPStatus.INSUFFICIENT_STORAGE}
        return HttpResponse(f"{FULL_DISK}\n", **text)
