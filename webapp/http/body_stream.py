"""The body of a request as it arrives, for views that store it piece by piece instead of after its end."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import CancelledError, Future
from http import HTTPStatus
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

PATIENCE_S = 30.0
LEAST_BYTES_PER_S = 8 * 1024
"""So much on average over each `PATIENCE_S` that were waited; who is slower loses the connection, not what has come."""
DRAINED_BYTES = 16 * 1024**2
DRAINED_WITHIN_S = 5.0
"""What is not wanted is read so far, so that whoever sends it comes to read why."""

REST = "rollcall.rest"
"""In the scope of a request: what had come when the line was cut, and would be forgotten with it."""


def header(scope: Message, wanted: bytes) -> str:
    """Returns a header of an ASGI request, or nothing."""
    return next((value.decode("latin-1") for name, value in scope.get("headers", ()) if name == wanted), "")


def announced_bytes(scope: Message) -> int | None:
    """Returns the length of a body by its header; None where that says nothing."""
    length = header(scope, b"content-length")
    return int(length[:20]) if length.isascii() and length.isdigit() else None


class BodyRefused(Exception):
    """The rest of a body is not awaited."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


class BodyStream:
    """Reads blocking, from the thread of a view, what arrives in the event loop; a piece as soon as it is there.

    Stands in for the file that Django makes of a body.
    """

    def __init__(self, scope: Message, receive: Receive) -> None:
        self._scope, self._receive = scope, receive
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._left = b""
        self._waiting: Future[Message] | None = None
        self._is_over = False
        self._waited_s, self._came_bytes = 0.0, 0
        self.is_complete = False
        self.last_at_s = time.monotonic()
        """When a piece came last, by the monotonic clock."""

    @property
    def has_rest(self) -> bool:
        """Tells whether more may come that nobody has read."""
        return not (self.is_complete or self._is_over)

    async def ended(self) -> None:
        """Returns when `end` was called."""
        await self._ended.wait()

    def read(self, size: int = -1) -> bytes:
        """Returns up to `size` bytes, fewer where fewer have come; none at the end of the body.

        Raises OSError when the sender has gone or `stop` was called, BodyRefused when too little comes.
        """
        while not self._left and not self.is_complete:
            self._take(self._awaited())
        piece = self._left if size < 0 else self._left[:size]
        self._left = self._left[len(piece) :]
        return piece

    def stop(self) -> None:
        """Ends a `read` that waits, and all later ones, with an OSError; may be called from any thread."""
        self._is_over = True
        waiting = self._waiting
        if waiting is not None:
            waiting.cancel()

    close = stop

    def end(self) -> None:
        """Ends everything, from the event loop, when nobody needs the request any more."""
        self._ended.set()
        self.stop()

    def _awaited(self) -> Message:
        if self._is_over:
            raise ConnectionAbortedError("nothing comes any more")
        coming = self._next()
        try:
            self._waiting = asyncio.run_coroutine_threadsafe(coming, self._loop)
        except RuntimeError as error:  # the server is going down
            coming.close()
            raise ConnectionAbortedError("the server stops") from error
        if self._is_over:
            self._waiting.cancel()
        try:
            return self._waiting.result()
        except CancelledError as error:
            raise ConnectionAbortedError("nobody waits for this body any more") from error

    async def _next(self) -> Message:
        began_s = time.monotonic()
        try:
            return await asyncio.wait_for(self._receive(), PATIENCE_S)
        except TimeoutError:
            self._is_over = True
            raise BodyRefused(HTTPStatus.REQUEST_TIMEOUT) from None
        finally:
            self._waited_s += time.monotonic() - began_s

    def _take(self, message: Message) -> None:
        if message["type"] == "http.disconnect":
            self._is_over = True
            self._left = self._scope.pop(REST, b"")
            if not self._left:
                raise ConnectionResetError("the sender has gone")
            return
        self._left = message.get("body", b"")
        self.is_complete = not message.get("more_body", False)
        self._came_bytes += len(self._left)
        if self._left:
            self.last_at_s = time.monotonic()
        if self._waited_s < PATIENCE_S or self.is_complete:
            return
        if self._came_bytes < LEAST_BYTES_PER_S * self._waited_s:
            self._left, self._is_over = b"", True
            raise BodyRefused(HTTPStatus.REQUEST_TIMEOUT)
        self._waited_s, self._came_bytes = 0.0, 0

    async def drain(self) -> None:
        """Reads and forgets a rest, for a moment; when no view reads any more, also after `end`."""
        rest_bytes, until_s = DRAINED_BYTES, self._loop.time() + DRAINED_WITHIN_S
        while not self.is_complete and rest_bytes > 0:
            try:
                message = await asyncio.wait_for(self._receive(), until_s - self._loop.time())
            except (TimeoutError, BodyRefused):
                return
            if message["type"] == "http.disconnect":
                return
            rest_bytes -= len(message.get("body", b""))
            self.is_complete = not message.get("more_body", False)
