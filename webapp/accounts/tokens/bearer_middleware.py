"""Lets programs act with an access token, at the addresses that say they take one and nowhere else."""

from collections.abc import Callable, MutableMapping
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.deprecation import MiddlewareMixin

from webapp.accounts.models import TokenScope
from webapp.accounts.tokens import bearer_services
from webapp.accounts.tokens.bearer_services import TokenRefused
from webapp.http.body_stream import header
from webapp.http.client_info import client_address
from webapp.http.problem_responses import problem

View = TypeVar("View", bound=Callable[..., Any])
SCHEME = "bearer"
LONGEST_SECRET = 200
"""What is longer is not worth hashing."""


def takes_tokens(scope: TokenScope, **of_methods: TokenScope) -> Callable[[View], View]:
    """Marks a view that programs may use with a token of this scope or a wider one; some methods may need another.

    It must decide by `webapp.access` alone what it shows and does. `tests/guards/test_open_routes.py` lists them.
    """

    def mark(view: View) -> View:
        view.token_scope = scope  # type: ignore[attr-defined]
        view.token_scope_of = of_methods  # type: ignore[attr-defined]
        return view

    return mark


class BearerTokens(MiddlewareMixin):
    """Makes the owner of a token the user of the request, without a session. Elsewhere a token counts for nothing.

    Runs before whatever asks for the user. No other site can make a browser send the header, so such a request needs
    no proof that it comes from our own page; nor does one by nobody, who is to be told to sign in.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        needed = scope_at(request.path_info, str(request.method))
        if needed is None:
            return None
        secret = secret_in(request.headers.get("Authorization", ""))
        if not secret:
            request.csrf_processing_done = not request.user.is_authenticated  # type: ignore[attr-defined]
            return None
        try:
            user = bearer_services.user_of(secret, needed=needed, address=client_address(request))
        except TokenRefused as refused:
            return _problem(refused, needed)
        request.user = user
        request.access_token = user.access_token  # type: ignore[attr-defined]
        request.csrf_processing_done = True  # type: ignore[attr-defined]
        return None


def is_bearer_known(scope: MutableMapping[str, Any]) -> bool:
    """Returns whether an ASGI request comes by a token that works where it asks; for what decides before Django."""
    secret = secret_in(header(scope, b"authorization"))
    needed = scope_at(scope.get("path", ""), scope.get("method", "")) if secret else None
    if needed is None:
        return False
    try:
        bearer_services.user_of(secret, needed=needed, address=(scope.get("client") or [""])[0])
    except TokenRefused:
        return False
    return True


def secret_in(header: str) -> str:
    """Returns the secret of an Authorization header, or nothing where it holds none."""
    scheme, _space, secret = header.strip().partition(" ")
    return secret.strip()[:LONGEST_SECRET] if scheme.lower() == SCHEME else ""


def scope_at(path: str, method: str) -> TokenScope | None:
    """Returns what a token needs at an address; None where tokens are not taken."""
    try:
        view = resolve(path).func
    except Resolver404:
        return None
    usual: TokenScope | None = getattr(view, "token_scope", None)
    return getattr(view, "token_scope_of", {}).get(method, usual)


def _problem(refused: TokenRefused, needed: TokenScope) -> HttpResponse:
    """Returns the reason as RFC 9457 writes it, and for programs as RFC 6750 does."""
    titles = {401: "invalid_token", 403: "insufficient_scope", 429: "too_many_requests"}
    title, status = titles[refused.status], refused.status
    response = problem(status, str(refused), title)
    if status == 429:
        response.headers["Retry-After"] = "900"
    else:
        wider = f', scope="{needed.value}"' if status == 403 else ""
        response.headers["WWW-Authenticate"] = f'Bearer error="{title}"{wider}'
    return response
