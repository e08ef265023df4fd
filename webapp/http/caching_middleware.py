"""Keeps pages out of caches: names and faces must not come back with the browser's back button after signing out."""

from collections.abc import Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

PAGES = ("text/html", "application/json")


@sync_and_async_middleware
def no_store(get_response: Callable[[HttpRequest], object]) -> Callable[[HttpRequest], object]:
    """Forbids storing of pages and answers to scripts that say nothing of caches; media and downloads do."""
    if iscoroutinefunction(get_response):

        async def respond_later(request: HttpRequest) -> HttpResponseBase:
            return _marked(await get_response(request))

        return respond_later

    return lambda request: _marked(get_response(request))  # type: ignore[arg-type]


def _marked(response: HttpResponseBase) -> HttpResponseBase:
    if response.headers.get("Content-Type", "").startswith(PAGES) and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store, private"
    return response
