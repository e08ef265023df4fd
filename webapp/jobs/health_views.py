"""Tells load balancers and the supervisor whether this server works."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from webapp.jobs import health_queries


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
