"""The page for an address that is none."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answers without reading what was sent: Django's own looks for a token in a form that may be too large to read."""
    return render(request, "404.html", status=HTTPStatus.NOT_FOUND)
