"""Lets only our own pages open websockets; browsers send cookies along with those of any page."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

Scope = MutableMapping[str, Any]
Application = Callable[[Any, Any, Any], Awaitable[None]]
DEFAULT_PORTS = {"http": 80, "https": 443}
Place = tuple[str, str, int]
"""Scheme, host and port."""


class SameOrigin:
    """ASGI wrapper: refuses with 403 unless Origin is the place that was called, or one that ROLLCALL_ORIGINS names."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if is_from_our_page(scope):
            await self.application(scope, receive, send)
        else:
            await WebsocketDenier()(scope, receive, send)


def is_from_our_page(scope: Scope) -> bool:
    """Compares scheme, host and port: cookies ignore the port, at which another program may have its pages."""
    origin = _place(_header(scope, b"origin"))
    host = _header(scope, b"host")
    if origin is None or not _is_allowed(host):
        return False
    scheme = "https" if scope.get("scheme") in ("wss", "https") else "http"
    return origin in {_place(f"{scheme}://{host}"), *map(_place, settings.CSRF_TRUSTED_ORIGINS)}


def _is_allowed(host: str) -> bool:
    """Asks as Django does of every request: else a page of anybody's could be given one of our names."""
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _place(address: str) -> Place | None:
    """Returns None for what names no place, as "null" does."""
    try:
        parts = urlsplit(address.lower())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or DEFAULT_PORTS[parts.scheme]


def _header(scope: Scope, name: bytes) -> str:
    """Returns a header that is there once, else nothing."""
    values = [value for each, value in scope.get("headers", ()) if each == name]
    return values[0].decode("latin-1").strip() if len(values) == 1 else ""
