"""What anybody sees who has a link: one page, and the file that it plays. Each request asks anew whether it may."""

import math
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.hashers import check_password
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from webapp.accounts import throttle_services
from webapp.accounts.hashers import TooBusyToHash
from webapp.accounts.request_limit_middleware import costs
from webapp.http.client_info import client_address
from webapp.http.ranged_responses import stored_response
from webapp.http.responses import SeeOther
from webapp.sharing import people_queries, public_responses, services, words
from webapp.sharing.forms import LinkPasswordForm
from webapp.sharing.media_queries import SharedFile, file_of, is_coming
from webapp.sharing.models import ShareLink
from webapp.sharing.public_queries import opened_link

PAGE_COST, MEDIA_COST = 10.0, 0.2
"""Of the requests of a network: a page reads who is on screen when, a player asks for many pieces."""
BUSY, LOCKED, WRONG = 503, public_responses.LOCKED, public_responses.WRONG


@login_not_required
@costs(PAGE_COST)
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponseBase:
    """Shows the player and the people whom the maker chose, behind the password where there is one."""
    with opened_link(token) as link:
        is_there = link is not None and file_of(link) is not None
        if link is None or not (is_there or is_coming(link)):
            return public_responses.closed_response()
        if request.method == "POST":
            return _let_in(request, link, token)
        if not public_responses.is_let_in(request, link):
            return public_responses.password_response(request, LinkPasswordForm())
        if not is_there:
            return public_responses.preparing_response()
        if request.method == "GET":
            services.note_opened(link, client_address(request))
        context = {
            "title": link.title,
            "token": token,
            "may_download": link.may_download,
            "people": people_queries.listed_people(link),
            "duration_s": people_queries.length_of(link),
        }
        return public_responses.player_response(context)


@login_not_required
@costs(MEDIA_COST)
@require_safe
async def media(request: HttpRequest, token: str) -> HttpResponseBase:
    """Sends what the player plays, in ranges."""
    return await _file(request, token, is_download=False)


@login_not_required
@costs(MEDIA_COST)
@require_safe
async def download(request: HttpRequest, token: str) -> HttpResponseBase:
    """Sends the same under the title's name, where the maker allows it."""
    return await _file(request, token, is_download=True)


async def _file(request: HttpRequest, token: str, *, is_download: bool) -> HttpResponseBase:
    file = await sync_to_async(_allowed_file)(request, token, is_download)
    if file is None:
        return public_responses.closed_response()
    name = file.name if is_download else ""
    try:
        response = await stored_response(request, file.key, file.content_type, download_name=name)
    except Http404:
        return public_responses.closed_response()
    return public_responses.sealed(response)


def _allowed_file(request: HttpRequest, token: str, is_download: bool) -> SharedFile | None:
    with opened_link(token) as link:
        if link is None or not public_responses.is_let_in(request, link) or (is_download and not link.may_download):
            return None
        return file_of(link)


def _let_in(request: HttpRequest, link: ShareLink, token: str) -> HttpResponseBase:
    """Checks a password, having counted the attempt as one to sign in to an account of this link's own."""
    form, address, who = LinkPasswordForm(request.POST), client_address(request), f"share link {link.pk}"
    here = reverse("shared:page", args=[token])
    if not link.password:
        return public_responses.sealed(SeeOther(here))
    if not form.is_valid():
        return public_responses.password_response(request, form, WRONG)
    try:
        throttle_services.count_attempt(who, address)
        is_right = check_password(form.cleaned_data["password"], link.password)
    except throttle_services.TooManyAttempts:
        return _locked(request, form, throttle_services.wait_of(who, address))
    except TooBusyToHash:
        form.add_error("password", str(words.BUSY))
        return public_responses.password_response(request, form, BUSY)
    if not is_right:
        form.add_error("password", str(words.WRONG_PASSWORD))
        return public_responses.password_response(request, form, WRONG)
    throttle_services.note_success(who, address)
    return public_responses.let_in(SeeOther(here), link, here, is_secure=settings.SESSION_COOKIE_SECURE)


def _locked(request: HttpRequest, form: LinkPasswordForm, wait: timedelta) -> HttpResponseBase:
    seconds = max(1, math.ceil(wait.total_seconds()))
    form.add_error("password", words.wait_for(seconds))
    response = public_responses.password_response(request, form, LOCKED)
    response.headers["Retry-After"] = str(seconds)
    return response
