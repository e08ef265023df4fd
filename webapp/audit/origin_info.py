"""From where the request being answered comes; services that know only the user record it all the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest

from webapp.http.client_info import client_address

ADDRESS_LENGTH, AGENT_LENGTH = 64, 200


@dataclass(frozen=True, slots=True)
class Origin:
    """Network address and user agent, shortened; both empty for what no request asked for."""

    address: str = ""
    agent: str = ""
    token_name: str = ""
    """Of the access token that the request came by."""


_current: ContextVar[Origin] = ContextVar("audit_origin")


def current_origin() -> Origin:
    return _current.get(Origin())


def origin_of(request: HttpRequest) -> Origin:
    token = getattr(request, "access_token", None)
    agent = request.headers.get("User-Agent", "")[:AGENT_LENGTH]
    return Origin(client_address(request)[:ADDRESS_LENGTH], agent, token.name if token else "")


@contextmanager
def coming_from(request: HttpRequest) -> Iterator[None]:
    """Makes the request's origin the current one."""
    token = _current.set(origin_of(request))
    try:
        yield
    finally:
        _current.reset(token)
