"""Says in words that a button no longer works: what it was for is gone, or the person's role has changed meanwhile."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from webapp.http.responses import SeeOther, json_refusal, wants_json
from webapp.http.toasts import toast


class NoLongerAllowed(MiddlewareMixin):
    """Answers a POST that finds nothing: with JSON for fetch, with the page that the form was on, drawn anew, for a
    form. Whoever has no such page, as nobody did who was never allowed to, gets the usual 404."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        if not isinstance(error, Http404) or request.method != "POST" or not request.user.is_authenticated:
            return None
        words = _("Nothing was changed: it is no longer there, or your role in the team no longer allows this.")
        if wants_json(request):
            return json_refusal(words, 404)
        page = _page_of_form(request)
        if not page:
            return None
        toast(request, words, level=messages.WARNING)
        return SeeOther(page)


def _page_of_form(request: HttpRequest) -> str:
    """Returns where a form stood; nothing for a script, which would take the page for success."""
    is_form = "X-Turbo-Request-Id" in request.headers or request.headers.get("Sec-Fetch-Mode") == "navigate"
    referrer = request.headers.get("Referer", "")
    if not is_form or not url_has_allowed_host_and_scheme(referrer, {request.get_host()}, request.is_secure()):
        return ""
    parts = urlsplit(referrer)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
