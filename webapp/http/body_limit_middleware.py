"""Refuses request bodies that are larger than anything we accept, before Django spools them to disk."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

MAX_BODY_BYTES = 16 * 1024**2
"""Twice the chunk that our own uploader sends; everything larger is refused with 413."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]


class BodyTooLarge(Exception):
    """More arrived than is allowed."""


class BodyLimit:
    """ASGI wrapper: checks the announced length, and counts where none is announced (chunked bodies)."""

    def __init__(self, application: Application, max_bytes: int = MAX_BODY_BYTES) -> None:
        self.application = application
        self.max_bytes = max_bytes

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if _announced_bytes(scope) > self.max_bytes:
            await _refuse(send)
            return
        answered = False
        received = 0

        async def counted_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise BodyTooLarge
            return message

        async def noted_send(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.application(scope, counted_receive, noted_send)
        except BodyTooLarge:
            if not answered:
                await _refuse(send)


def _announced_bytes(scope: MutableMapping[str, Any]) -> int:
    for name, value in scope.get("headers", ()):
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _refuse(send: Send) -> None:
    text = b"The request is too large.\n"
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": text})
