"""Hands the bodies of uploads to their views as they arrive; Django would spool each to the disk before any view runs.

All else stays Django's: such a request goes through the same middleware and the same view, which asks the same
questions before it reads the first byte.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, TypeVar

from django.core.handlers.asgi import ASGIHandler
from django.urls import Resolver404, resolve

from analysis.errors import is_disk_full
from webapp.http.body_stream import BodyRefused, BodyStream, Message, header

STREAMED_TYPE = "application/offset+octet-stream"
"""Of bodies that tus sends; forms are read as Django reads them."""
MOST_DRAINED = 100
"""So many bodies that nobody wants are read at once; the senders of more may lose the answer with the connection."""

Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]
View = TypeVar("View", bound=Callable[..., Any])


def takes_streams(view: View) -> View:
    """Marks a view that reads a body of `STREAMED_TYPE` by `request.read`, and ends soon when that raises."""
    view.takes_streams = True  # type: ignore[attr-defined]
    return view


def is_streamed(scope: Message) -> bool:
    """Returns whether the body of an ASGI request is read by its view, as it arrives."""
    if header(scope, b"content-type").partition(";")[0].strip().lower() != STREAMED_TYPE:
        return False
    try:
        return bool(getattr(resolve(scope.get("path", "")).func, "takes_streams", False))
    except Resolver404:
        return False


class StreamingHandler(ASGIHandler):
    """Django's handler, whose requests have a `BodyStream` for a body where `is_streamed`."""

    def __init__(self) -> None:
        super().__init__()
        self._draining = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Waits for a rest of the body when thread and connection to the database have been given back."""
        if not is_streamed(scope):
            await super().__call__(scope, receive, send)
            return
        body: Any = BodyStream(scope, receive)  # for `read_body` and `listen_for_disconnect`, instead of `receive`
        response = _ResponseUpToEnd(body, send)
        await super().__call__(scope, body, response)
        if response.is_rest_coming:
            await self._drain(body)
        await response.end()

    async def _drain(self, body: BodyStream) -> None:
        if self._draining >= MOST_DRAINED:
            return
        self._draining += 1
        try:
            await body.drain()
        finally:
            self._draining -= 1

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().handle(scope, receive, send)
        finally:
            if isinstance(receive, BodyStream):
                receive.end()  # also when the server goes down: nothing else wakes the thread that reads

    def create_request(self, scope: Any, body_file: Any) -> Any:
        request, refusal = super().create_request(scope, body_file)
        if request is not None and isinstance(body_file, BodyStream):
            request.body_stream = body_file  # type: ignore[attr-defined]
        return request, refusal

    async def listen_for_disconnect(self, receive: Any) -> None:
        """Listens for nothing where the body tells: a view whose sender has gone still notes what it got."""
        if isinstance(receive, BodyStream):
            await receive.ended()
        else:
            await super().listen_for_disconnect(receive)

    async def read_body(self, receive: Any) -> Any:
        if isinstance(receive, BodyStream):
            return receive
        try:
            return await super().read_body(receive)
        except OSError as error:
            if not is_disk_full(error):
                raise
            raise BodyRefused(HTTPStatus.INSUFFICIENT_STORAGE) from error


class _ResponseUpToEnd:
    """Sends a response, but its end only when asked where the body is not complete: with it the server may hang up."""

    def __init__(self, body: BodyStream, send: Send) -> None:
        self._body, self._send = body, send
        self._is_held_back = False
        self.is_rest_coming = False

    async def __call__(self, message: Any) -> None:
        if self._body.is_complete or message.get("more_body", False):
            await self._send(message)
        elif message["type"] == "http.response.start":
            await self._send({**message, "headers": [*message["headers"], (b"connection", b"close")]})
        else:
            self._is_held_back = True
            self.is_rest_coming = self._body.has_rest  # asked now, as Django closes the body afterwards
            await self._send({**message, "more_body": True})

    async def end(self) -> None:
        if self._is_held_back:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
