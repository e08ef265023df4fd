"""From which network address a request comes."""

from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Returns what the web server says, which believes only the proxies that are named; empty behind a Unix socket."""
    return str(request.META.get("REMOTE_ADDR") or "")
