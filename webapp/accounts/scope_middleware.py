"""Keeps the queries of each request within the teams of the person; those of nobody raise."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, aclosing
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.decorators import sync_and_async_middleware

from webapp.accounts.models import Membership, User
from webapp.team_scope import ScopeError, Teams, across_teams, within_teams


@sync_and_async_middleware
def scope_middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Each query asks for the teams itself: none is made here, and who has just been removed reaches nothing."""
    if iscoroutinefunction(get_response):
        return _asynchronous(get_response)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with _scope_of(request):
            return _streaming_within(request, get_response(request))

    return middleware


def _asynchronous(
    get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]],
) -> Callable[[HttpRequest], Awaitable[HttpResponseBase]]:
    async def middleware(request: HttpRequest) -> HttpResponseBase:
        with _scope_of(request):
            return _streaming_within(request, await get_response(request))

    return middleware


def scope_of_person(user: User) -> AbstractContextManager[None]:
    """Lets queries reach what belongs to the teams of somebody, outside of a request."""
    return within_teams(_teams_of(user))


def _scope_of(request: HttpRequest) -> AbstractContextManager[None]:
    return within_teams(lambda: _teams_of_request(request))


def _teams_of_request(request: HttpRequest) -> Teams:
    if not request.user.is_authenticated:
        raise ScopeError("somebody who has not signed in is in no team")
    return _teams_of(request.user)


@across_teams()
def _teams_of(user: User) -> Teams:
    memberships, token = Membership.objects.filter(user=user), user.access_token
    return (memberships if token is None else memberships.filter(team=token.team_id)).values("team")


def _streaming_within(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Content that is made while it is sent is asked for when this middleware has returned."""
    if isinstance(response, StreamingHttpResponse):
        content: Any = response.streaming_content
        response.streaming_content = _blocks(request, content) if response.is_async else _sync_blocks(request, content)
    return response


def _sync_blocks(request: HttpRequest, content: Iterator[bytes]) -> Iterator[bytes]:
    while True:
        with _scope_of(request):
            block = next(content, None)
        if block is None:
            return
        yield block


async def _blocks(request: HttpRequest, content: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Between two blocks whoever sends them is outside again: generators have no context of their own."""
    async with aclosing(content):
        while True:
            with _scope_of(request):
                block = await anext(content, None)
            if block is None:
                return
            yield block
