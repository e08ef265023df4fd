"""Closes the websockets of people who have signed out, were deactivated, or have left the team.

Tells those anew that may have missed something while the channel layer was away. One task of each kind looks for all
sockets of a server at once, so that it costs no more when a hundred are open.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError

from webapp import access
from webapp.accounts import session_queries
from webapp.accounts.session_queries import SignIn
from webapp.jobs.job_state import JobState
from webapp.jobs.layer_probe_services import LayerProbe
from webapp.team_scope import across_teams

logger = logging.getLogger(__name__)

TOO_MANY = 4429
"""The code that a page takes for "do not come back at once"."""
CHECK_EVERY_S = 3.0
"""They are closed within 5 s."""
PROBE_EVERY_S = 1.0
LEAST_PAUSE_S = 0.1
SENDS_PER_S = 2000
"""A server sends no more than so many messages a second, else a thousand pages of one team fall behind."""
FRAGMENTS_PER_S = 20
"""So many pages of a server fetch their parts anew in a second: all at once would hold up everybody else."""


@dataclass(frozen=True, slots=True)
class Permit:
    """What an open socket relies on: a session, and membership of the team whose work it tells."""

    sign_in: SignIn
    team_id: UUID


class Socket(Protocol):
    """An open websocket."""

    permit: Permit | None

    @property
    def topic(self) -> Hashable:
        """The same for sockets that tell the same."""

    async def refuse(self) -> None: ...

    async def read_snapshot(self) -> list[JobState]: ...

    async def tell_anew(self, states: list[JobState], within_s: float) -> None: ...


class _OpenSockets:
    """Those of one event loop, and the tasks that look after them; they end when none is left."""

    def __init__(self) -> None:
        self._sockets: set[Socket] = set()
        self._stale: set[Socket] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, socket: Socket) -> None:
        self._sockets.add(socket)
        if not self._tasks or any(task.done() for task in self._tasks):
            self._cancel()
            self._tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._catch_up())]

    @property
    def count(self) -> int:
        return len(self._sockets)

    def mark_stale(self, socket: Socket) -> None:
        self._stale.add(socket)

    def count_of(self, user_id: int) -> int:
        return sum(each.permit is not None and each.permit.sign_in.user_id == user_id for each in self._sockets)

    def remove(self, socket: Socket) -> None:
        self._sockets.discard(socket)
        if not self._sockets:
            self._cancel()

    def _cancel(self) -> None:
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    async def _watch(self) -> None:
        while self._sockets:
            await asyncio.sleep(CHECK_EVERY_S)
            permits = {socket.permit for socket in self._sockets if socket.permit is not None}
            try:
                valid = await database_sync_to_async(valid_permits)(permits)
            except DatabaseError as error:
                logger.warning("Open websockets could not be checked: %s", error)
                continue
            for socket in [each for each in self._sockets if each.permit in permits - valid]:
                self._sockets.discard(socket)
                await socket.refuse()

    async def _catch_up(self) -> None:
        async with LayerProbe() as probe:
            while self._sockets:
                if await probe.is_back():
                    self._stale |= self._sockets
                await self._tell_anew()
                await asyncio.sleep(PROBE_EVERY_S)

    async def _tell_anew(self) -> None:
        """Sends the stale ones what is; reads it once for all that tell the same."""
        stale, self._stale = self._stale & self._sockets, set()
        alike: defaultdict[Hashable, list[Socket]] = defaultdict(list)
        for socket in stale:
            alike[socket.topic].append(socket)
        for sockets in alike.values():
            try:
                states = await sockets[0].read_snapshot()
            except DatabaseError as error:
                logger.warning("Open websockets could not be told anew: %s", error)
                self._stale.update(sockets)
                continue
            for socket in sockets:
                await socket.tell_anew(states, within_s=len(stale) / FRAGMENTS_PER_S)


_of_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _OpenSockets] = WeakKeyDictionary()


def watch(socket: Socket, permit: Permit) -> bool:
    """Closes this socket within 5 s once its permit no longer holds; returns False where its person has too many open.

    Counts those of this server: it is its memory that they take.
    """
    sockets = _of_loop.setdefault(asyncio.get_running_loop(), _OpenSockets())
    if sockets.count_of(permit.sign_in.user_id) >= settings.SOCKETS_PER_PERSON:
        return False
    socket.permit = permit
    sockets.add(socket)
    return True


def pause_s() -> float:
    """Returns how long a socket waits between what it sends, so that all of this server come round."""
    sockets = _of_loop.setdefault(asyncio.get_running_loop(), _OpenSockets())
    return max(LEAST_PAUSE_S, sockets.count / SENDS_PER_S)


def mark_stale(socket: Socket) -> None:
    """Has this socket told anew within a second or two: somebody could not tell it something."""
    _of_loop.setdefault(asyncio.get_running_loop(), _OpenSockets()).mark_stale(socket)


def forget(socket: Socket) -> None:
    _of_loop.setdefault(asyncio.get_running_loop(), _OpenSockets()).remove(socket)


@across_teams()
def valid_permits(permits: Collection[Permit]) -> set[Permit]:
    """Returns those that still hold: two queries, and one for each person."""
    people = session_queries.standing({permit.sign_in for permit in permits})
    teams = {user: set(access.visible_teams(user).values_list("pk", flat=True)) for user in set(people.values())}
    return {each for each in permits if each.sign_in in people and each.team_id in teams[people[each.sign_in]]}
