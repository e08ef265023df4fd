"""Signing in is required by middleware: the views that open themselves to everybody are these and no others."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

OPEN = {
    "",
    "healthz",
    "sign-in/",
    "sign-out/",
    "welcome/<str:token>/",
    "join/<str:token>/",
    "forgotten-password/",
    "new-password/<str:token>/",
    # The tus protocol answers 401 by itself: a redirect would look like success to the uploader.
    "videos/uploads/",
    "videos/uploads/<uuid:upload_id>",
    "datasets/<uuid:dataset_id>/imports/<uuid:import_id>/files/",
    "datasets/<uuid:dataset_id>/imports/<uuid:import_id>/files/<uuid:upload_id>",
}


def routes(patterns: list[Any], before: str = "") -> Iterator[tuple[str, bool]]:
    """Yields every address with whether its view requires signing in."""
    for each in patterns:
        address = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, address)
        elif isinstance(each, URLPattern):
            yield address, getattr(each.callback, "login_required", True)


def test_only_these_routes_are_open_to_everybody() -> None:
    found = list(routes(get_resolver().url_patterns))
    assert len(found) > 100
    assert {address for address, is_closed in found if not is_closed} == OPEN
