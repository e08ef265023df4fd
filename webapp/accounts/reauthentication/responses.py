"""The decorator for what a browser that was left alone must not do: it sends people to prove who they are first."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from webapp.accounts.reauthentication.queries import proved_recently
from webapp.http.responses import SeeOther, json_refusal, wants_json
from webapp.http.toasts import toast

View = Callable[..., HttpResponseBase]
SAFE = ("GET", "HEAD")


def reauthentication_required(view: View) -> View:
    """Lets a view be reached only within five minutes of a proof.

    Pages are come back to. What was posted is not kept, because it may hold a password: the person is led back to the
    page with the form and asked to send it again, so let the page with the form require this too where it can.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if proved_recently(request):
            return view(request, *args, **kwargs)
        return ask_for_proof(request)

    return wrapper


def ask_for_proof(request: HttpRequest) -> HttpResponseBase:
    """Redirects to the page that asks for a proof."""
    is_page = request.method in SAFE
    back = request.get_full_path() if is_page else _page_of_form(request)
    target = f"{reverse('accounts:reauthenticate')}?{urlencode({'next': back})}"
    words = _("Confirm that it is you, then try again. Nothing has been changed yet.")
    if wants_json(request):
        return json_refusal(words, 403, redirect=target)
    if not is_page:
        toast(request, words, level=messages.WARNING)
    return SeeOther(target)


def _page_of_form(request: HttpRequest) -> str:
    """Returns where the form stood, if the browser says so and it is on this site; else the page of the account."""
    sent_from = urlsplit(request.headers.get("Referer", ""))
    is_here = sent_from.netloc == request.get_host() and sent_from.path != reverse("accounts:reauthenticate")
    return sent_from.path if is_here else reverse("accounts:profile")
