"""A connection to the web server on which nobody can dawdle: heads arrive soon, bodies before the answer ends."""

import asyncio
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from webapp.http.body_stream import REST

HEADERS_WITHIN_S = 15.0
REST_WITHIN_S = 1.0
"""So long may a body take to arrive once the server goes down, which waits for twice as long: uploads are resumed."""


CLOSES = (b"connection", b"close")


class LeavingConfig(uvicorn.Config):
    """That of a server which can leave without haste."""

    is_leaving = False
    """Whether others take what is new: every connection is told so in the next answer, and none is cut."""


class PromptConnection(H11Protocol):
    """Closes itself when a request's head is not complete in time; bodies have a deadline in `BodyLimit`."""

    config: LeavingConfig
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing() or self.transport.get_protocol() is not self:  # closed, or a websocket now
            self._stop_waiting()
        elif self.conn.their_state is h11.IDLE:
            self._wait_for_head()
        else:
            self._stop_waiting()

    def handle_events(self) -> None:
        super().handle_events()
        if self.config.is_leaving:
            self._say_that_it_closes()

    def _say_that_it_closes(self) -> None:
        """Has the answer that is next say so: who sent a request into a closing connection would lose it."""
        if self.cycle is not None and not self.cycle.response_started and CLOSES not in self.cycle.scope["headers"]:
            self.cycle.scope["headers"].append(CLOSES)  # type: ignore[attr-defined]  # answers repeat it

    def on_response_complete(self) -> None:
        """Hangs up on who goes on with a body that has been answered; a byte now and then would keep the line open."""
        is_body_left = self.conn.their_state is h11.SEND_BODY
        super().on_response_complete()
        if is_body_left:
            self.transport.close()

    def shutdown(self) -> None:
        """Ends the connection soon; where the server leaves, after the next answer, or when it has been idle."""
        if self.config.is_leaving:
            self._say_that_it_closes()
            return
        super().shutdown()
        if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            self.loop.call_later(REST_WITHIN_S, self._end_body)

    def _end_body(self) -> None:
        if self.conn.their_state is h11.SEND_BODY:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self.cycle is not None and self.cycle.body:
            self.cycle.scope[REST] = bytes(self.cycle.body)  # type: ignore[literal-required]
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        """Starts the clock, unless it runs: a byte now and then buys no time."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEADERS_WITHIN_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.abort()
