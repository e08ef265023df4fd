"""Ends sessions some hours after the last thing that a person did."""

import time

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

SEEN = "seen_at"
NOTED_EVERY_S = 300
"""A session is written that often at most, so it may end that much early."""
SAFE = ("GET", "HEAD", "OPTIONS")


class IdleSessions(MiddlewareMixin):
    """Writes the session now and then, from which its `SESSION_COOKIE_AGE` begins anew."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        session = request.session
        # A session that nobody has asked for is not worth a query.
        if not session.accessed or session.is_empty() or not _is_by_a_person(request):
            return response
        if time.time() - session.get(SEEN, 0) >= NOTED_EVERY_S:
            session[SEEN] = int(time.time())
        return response


def _is_by_a_person(request: HttpRequest) -> bool:
    """Tells what people do from what an open page fetches by itself: that alone keeps no session alive."""
    if request.method not in SAFE or "X-Turbo-Request-Id" in request.headers:
        return True
    return request.headers.get("Sec-Fetch-Dest", "") != "empty"
