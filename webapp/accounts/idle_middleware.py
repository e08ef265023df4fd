"""Ends sessions some hours after the last thing that a person did, and keeps the list of sessions."""

import time

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from webapp.accounts.sessions import services
from webapp.http.full_disk_responses import READS, reading_goes_on

SEEN = "seen_at"
LISTED = "listed_as"
"""The session's own key when it was last listed: another one means that it was rotated."""
NOTED_EVERY_S = 300
"""A session is written that often at most, so it may end that much early."""


class Sessions(SessionMiddleware):
    """Django's; pages are served also where the disk has no room for the session that is noted beside them."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        with reading_goes_on(request):
            return super().process_response(request, response)
        return response


class IdleSessions(MiddlewareMixin):
    """Writes the session now and then, from which its `SESSION_COOKIE_AGE` begins anew."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        session = request.session
        # A session that nobody has asked for is not worth a query.
        if not session.accessed or session.is_empty() or not _is_by_a_person(request):
            return response
        with reading_goes_on(request):
            self._note(request, session)
        return response

    def _note(self, request: HttpRequest, session: SessionBase) -> None:
        is_due = time.time() - session.get(SEEN, 0) >= NOTED_EVERY_S
        if is_due or session.get(LISTED) != session.session_key:
            session[SEEN] = int(time.time())
            if getattr(request, "user", None) is not None and request.user.is_authenticated:
                session[LISTED] = services.list_session(request, before=session.get(LISTED))


def _is_by_a_person(request: HttpRequest) -> bool:
    """Tells what people do from what an open page fetches by itself: that alone keeps no session alive."""
    if request.method not in READS or "X-Turbo-Request-Id" in request.headers:
        return True
    return request.headers.get("Sec-Fetch-Dest", "") != "empty"
