"""Hands the bodies of uploads to their views as they arrive; Django would spool each to the disk before any view runs.

All else stays Django's: such a request goes through the same middleware and the same view, which asks the same
questions before it reads the first byte.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from django.core.handlers.asgi import ASGIHandler
from django.urls import Resolver404, resolve

from webapp.http.body_stream import DRAINED_BYTES, BodyStream, Message, announced_bytes, header

STREAMED_TYPE = "application/offset+octet-stream"
"""Of bodies that tus sends; forms are read as Django reads them."""

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

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        if not is_streamed(scope):
            await super().handle(scope, receive, send)
            return
        body = BodyStream(scope, receive)
        instead: Any = body  # for `read_body` and `listen_for_disconnect`
        try:
            await super().handle(scope, instead, _ReadFirst(body, send, announced_bytes(scope)))
        finally:
            body.end()  # also when the server goes down: nothing else wakes the thread that reads

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
        return receive if isinstance(receive, BodyStream) else await super().read_body(receive)


class _ReadFirst:
    """Sends a response, and ends it when what is left of the body has been read, or is too much to be read."""

    def __init__(self, body: BodyStream, send: Send, length: int | None) -> None:
        self._body, self._send = body, send
        self._is_short = length is not None and length <= DRAINED_BYTES

    async def __call__(self, message: Any) -> None:
        if self._body.is_complete or message.get("more_body", False):
            await self._send(message)
        elif message["type"] == "http.response.start":
            closing = [] if self._is_short and self._body.has_rest else [(b"connection", b"close")]
            await self._send({**message, "headers": [*message["headers"], *closing]})
        else:
            await self._send({**message, "more_body": True})
            await self._body.drain()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
