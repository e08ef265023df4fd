"""Who is sending to this web server right now: limits them, and lets a sender whose line broke come back at once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

MOST_OF_A_PERSON = 12
"""Requests that send at once; a tab of ours sends three."""
MOST = 40
"""Of everybody. Each holds a thread and a connection to the database for as long as it sends."""
STALLED_S = 2.0
"""After so long without a byte, whoever asks for the same upload takes it over: its old connection has most likely died
without a word. One that still sends is not interrupted, or two windows would go on interrupting each other."""
GIVES_WAY_WITHIN_S = 5.0


class TooManySenders(Exception):
    """Some have to end first; `is_own` tells whether they are the person's own."""

    def __init__(self, is_own: bool) -> None:
        super().__init__()
        self.is_own = is_own


class SenderLine(Protocol):
    """What a sender sends over, see `webapp.http.body_stream`."""

    last_at_s: float

    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Sender:
    upload_id: UUID
    user_id: int
    line: SenderLine


class _Senders:
    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.all: set[_Sender] = set()


_senders = _Senders()


@contextmanager
def sending(upload_id: UUID, user_id: int, line: SenderLine | None) -> Iterator[None]:
    """Counts a request while it sends; one without a line has come completely before. Raises TooManySenders."""
    if line is None:
        yield
        return
    sender = _Sender(upload_id, user_id, line)
    with _senders.changed:
        own = sum(each.user_id == user_id for each in _senders.all)
        if own >= MOST_OF_A_PERSON or len(_senders.all) >= MOST:
            raise TooManySenders(own >= MOST_OF_A_PERSON)
        _senders.all.add(sender)
    try:
        yield
    finally:
        with _senders.changed:
            _senders.all.discard(sender)
            _senders.changed.notify_all()


def give_way(upload_id: UUID) -> None:
    """Ends requests that send to an upload, but from which nothing comes any more; returns when they have ended."""
    now_s = time.monotonic()
    with _senders.changed:
        stalled = {
            each for each in _senders.all if each.upload_id == upload_id and now_s - each.line.last_at_s > STALLED_S
        }
        for each in stalled:
            each.line.stop()
        _senders.changed.wait_for(lambda: not stalled & _senders.all, GIVES_WAY_WITHIN_S)
