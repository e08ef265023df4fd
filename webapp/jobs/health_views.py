"""Tells load balancers and the supervisor whether this server works."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from webapp.jobs import health_queries, readiness_services


@login_not_required
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("the database does not answer\n", content_type="text/plain", status=503)
    # This server works, whatever the workers do: nobody is to take it away.
    return HttpResponse(f"ok\n{_about_queues()}", content_type="text/plain")


def _about_queues() -> str:
    try:
        return "".join(f"no worker takes work from: {queue}\n" for queue in health_queries.unserved_queues())
    except DatabaseError:  # there are no tables yet, say
        return "the queues cannot be looked at\n"


@login_not_required
@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """Says that this process answers, whatever else does not: one that does not say so is to be started again."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Says part by part whether all works that this installation needs; 503 where one does not."""
    troubles = readiness_services.troubles()
    parts = {name: {"ok": not words, "words": words or "works"} for name, words in troubles.items()}
    response = JsonResponse(parts, status=503 if any(troubles.values()) else 200)
    response._has_been_logged = True  # type: ignore[attr-defined]  # asked every few seconds, and no error of the server
    return response
