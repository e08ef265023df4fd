"""Who is sending to this web process right now: limits them, and lets a sender whose line broke come back at once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from webapp.uploads import partial_files

MOST_OF_A_PERSON = 12
"""Requests that send at once; a tab of ours sends three."""
MOST = 40
"""Of everybody. Each holds a thread and a connection to the database for as long as it sends."""
STALLED_S = 2.0
"""After so long without a byte, whoever asks for the same upload takes it over: its old connection has most likely died
without a word. One that still sends is not interrupted, or two windows would go on interrupting each other."""
GIVES_WAY_WITHIN_S = 5.0
LOOKS_EVERY_S = 0.3
"""For those that another web process wants to give way."""


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
        self.thread: threading.Thread | None = None

    def watch(self) -> None:
        """Has a thread look for marks of other processes while somebody sends; under the lock."""
        if self.thread is None:
            self.thread = threading.Thread(target=self._look, daemon=True)
            self.thread.start()

    def _look(self) -> None:
        while True:
            time.sleep(LOOKS_EVERY_S)
            with self.changed:
                if not self.all:
                    self.thread = None
                    return
                for each in self.stalled():
                    if partial_files.is_wanted(each.upload_id):
                        each.line.stop()

    def stalled(self) -> set[_Sender]:
        now_s = time.monotonic()
        return {each for each in self.all if now_s - each.line.last_at_s > STALLED_S}


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
        _senders.watch()
    try:
        yield
    finally:
        with _senders.changed:
            _senders.all.discard(sender)
            _senders.changed.notify_all()


def give_way(upload_id: UUID) -> None:
    """Ends requests that send to an upload, but from which nothing comes any more; returns when they have ended."""
    with _senders.changed:
        stalled = {each for each in _senders.stalled() if each.upload_id == upload_id}
        for each in stalled:
            each.line.stop()
        _senders.changed.wait_for(lambda: not stalled & _senders.all, GIVES_WAY_WITHIN_S)
    if partial_files.is_stalled(upload_id, STALLED_S):
        _have_another_process_give_way(upload_id)


def _have_another_process_give_way(upload_id: UUID) -> None:
    until_s = time.monotonic() + GIVES_WAY_WITHIN_S
    with partial_files.wanted(upload_id):
        while partial_files.is_stalled(upload_id, STALLED_S) and time.monotonic() < until_s:
            time.sleep(LOOKS_EVERY_S / 3)
