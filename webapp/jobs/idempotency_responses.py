"""Answers a repeated request to start work as the first one, and starts nothing again.

Forms carry a key that is made when their page is drawn (`{% idempotency_key %}`), scripts send it as `Idempotency-Key`.
"""

import functools
import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from webapp.http import toasts
from webapp.http.responses import json_refusal, wants_json
from webapp.jobs import idempotency_services
from webapp.jobs.models import AnsweredRequest

FIELD, HEADER = "idempotency_key", "Idempotency-Key"
NOT_CONTENT = {FIELD, "csrfmiddlewaretoken", "password"}
"""A digest that is quick to make would be a password that is quick to guess."""
DESCRIBING = ("Upload-Length", "Upload-Metadata")
"""Headers that say what an upload is, as its body is empty."""

Respond = Callable[..., HttpResponseBase]


def starts_work(respond: Respond) -> Respond:
    """Marks a view, or what it calls with the request, that creates a job or an upload.

    What it does is one transaction. Attempts that are refused, or end with an error, use up no key.
    """

    @functools.wraps(respond)
    def respond_once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        key = _key_of(request)
        is_unnamed_upload = not key and _is_upload(request)
        if request.method != "POST" or not request.user.is_authenticated or is_unnamed_upload:
            return respond(request, *args, **kwargs)
        arrived_at, content = timezone.now(), _content_of(request)
        try:
            with transaction.atomic():
                if key:
                    row, is_ours = idempotency_services.claim(request.user, key, content)
                else:
                    row, is_ours = idempotency_services.claim_unnamed(request.user, content, arrived_at)
                return _first(request, row, respond(request, *args, **kwargs)) if is_ours else _repeated(request, row)
        except idempotency_services.OtherContent:
            return _refused(request)

    respond_once.starts_work = True  # type: ignore[attr-defined]
    return respond_once


def _key_of(request: HttpRequest) -> str:
    """Returns the key that was sent, or nothing; what a program sends by the tokens of two teams are two requests."""
    key = request.headers.get(HEADER, "") or request.POST.get(FIELD, "")
    token = request.user.access_token if request.user.is_authenticated else None
    return f"{token.team_id} {key}" if key and token else key


def _first(request: HttpRequest, row: AnsweredRequest, response: HttpResponseBase) -> HttpResponseBase:
    if not isinstance(response, HttpResponse) or not _has_started(response):
        row.delete()
        return response
    idempotency_services.keep(
        row,
        status=response.status_code,
        headers=dict(response.headers),
        body=response.content.decode(),
        notes=toasts.said(request),
    )
    return response


def _has_started(response: HttpResponse) -> bool:
    """Tells it from a refusal and from a form that is shown again with what is wrong."""
    if response.status_code >= HTTPStatus.BAD_REQUEST or getattr(response, "is_refusal", False):
        return False
    return response.status_code != HTTPStatus.OK or "json" in response.headers.get("Content-Type", "")


def _repeated(request: HttpRequest, row: AnsweredRequest) -> HttpResponse:
    toasts.say_again(request, row.notes)
    return HttpResponse(row.body, status=row.status, headers=row.headers)


def _refused(request: HttpRequest) -> HttpResponse:
    words = _("This was already sent with other values, so nothing was started. Reload the page and try again.")
    if wants_json(request):
        return json_refusal(words, HTTPStatus.UNPROCESSABLE_ENTITY)
    if _is_upload(request):
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        return HttpResponse(words, status=HTTPStatus.UNPROCESSABLE_ENTITY, headers=headers)
    return render(request, "422.html", {"next_step": words}, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _is_upload(request: HttpRequest) -> bool:
    return "Tus-Resumable" in request.headers


def _content_of(request: HttpRequest) -> str:
    """Returns a digest of what is asked for, whatever the order of the fields."""
    digest = hashlib.sha256(f"{request.path}\n".encode())
    for header in DESCRIBING:
        digest.update(f"{header}={request.headers.get(header, '')}\n".encode())
    for name, values in sorted(request.POST.lists()):
        if name not in NOT_CONTENT:
            digest.update(f"{name}={values!r}\n".encode())
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            of_file = hashlib.sha256()
            for chunk in file.chunks():
                of_file.update(chunk)
            file.seek(0)
            digest.update(f"{name}={file.name!r} {of_file.hexdigest()}\n".encode())
    if request.content_type == "application/json":
        digest.update(request.body)
    return digest.hexdigest()
