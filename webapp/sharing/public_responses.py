"""What strangers are sent: pages that hold nothing of a team or a session, under headers that keep them private."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token
from django.template.loader import render_to_string

from webapp.digests import sha256_of
from webapp.sharing.forms import LinkPasswordForm
from webapp.sharing.models import ShareLink

POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "media")),
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
COOKIE, LET_IN_FOR_S = "shared", 12 * 3600
"""Given for a right password, to the addresses of one link alone."""
GONE, PREPARING, WRONG, LOCKED = 404, 202, 422, 429


def sealed(response: HttpResponseBase) -> HttpResponseBase:
    """Adds what keeps an answer out of caches, search engines and the addresses that other sites are told."""
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Content-Security-Policy", POLICY)
    return response


def closed_response() -> HttpResponseBase:
    """Responds alike for a link that never was, has ended, was revoked, or whose video is gone."""
    return _page("closed", {}, GONE)


def preparing_response() -> HttpResponseBase:
    response = _page("preparing", {}, PREPARING)
    response.headers["Retry-After"] = "30"
    return response


def player_response(context: dict[str, Any]) -> HttpResponseBase:
    return _page("player", context, 200)


def password_response(request: HttpRequest, form: LinkPasswordForm, status: int = 200) -> HttpResponseBase:
    """Asks for the password.

    Browsers hide from where a form comes where nothing at all may be told, and Django then takes it for a forged one;
    so this page, which leads nowhere else, tells it to this site alone.
    """
    response = _page("password", {"form": form, "csrf_token": get_token(request)}, status)
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def let_in(response: HttpResponseBase, link: ShareLink, path: str, *, is_secure: bool) -> HttpResponseBase:
    """Remembers in the visitor's browser, at the link's own addresses, that the password was right."""
    response.set_signed_cookie(
        COOKIE,
        _mark_of(link),
        salt=_salt_of(link),
        max_age=LET_IN_FOR_S,
        path=path,
        secure=is_secure,
        httponly=True,
        samesite="Lax",
    )
    return sealed(response)


def is_let_in(request: HttpRequest, link: ShareLink) -> bool:
    if not link.password:
        return True
    given = request.get_signed_cookie(COOKIE, "", salt=_salt_of(link), max_age=LET_IN_FOR_S)
    return given == _mark_of(link)


def _page(name: str, context: dict[str, Any], status: int) -> HttpResponseBase:
    """Renders without the request: no context processor can put a team, an account or a message into the page."""
    return sealed(HttpResponse(render_to_string(f"sharing/public_{name}.html", context), status=status))


def _mark_of(link: ShareLink) -> str:
    """Returns what changes with the password."""
    return sha256_of(link.password)


def _salt_of(link: ShareLink) -> str:
    return f"share link {link.pk}"
