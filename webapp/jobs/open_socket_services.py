"""Closes the websockets of people who have signed out, were deactivated, or have left the team.

One task looks for all sockets of a server at once, so that it costs no more when a hundred are open.
"""

import asyncio
import logging
from collections.abc import Collection
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
from webapp.team_scope import across_teams

logger = logging.getLogger(__name__)

TOO_MANY = 4429
"""The code that a page takes for "do not come back at once"."""
CHECK_EVERY_S = 3.0
"""They are closed within 5 s."""


@dataclass(frozen=True, slots=True)
class Permit:
    """What an open socket relies on: a session, and membership of the team whose work it tells."""

    sign_in: SignIn
    team_id: UUID


class Socket(Protocol):
    """An open websocket."""

    permit: Permit | None

    async def refuse(self) -> None: ...


class _OpenSockets:
    """Those of one event loop, and the task that watches them; it ends when none is left."""

    def __init__(self) -> None:
        self._sockets: set[Socket] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, socket: Socket) -> None:
        self._sockets.add(socket)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())

    def count_of(self, user_id: int) -> int:
        return sum(each.permit is not None and each.permit.sign_in.user_id == user_id for each in self._sockets)

    def remove(self, socket: Socket) -> None:
        self._sockets.discard(socket)
        if not self._sockets and self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

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


def forget(socket: Socket) -> None:
    _of_loop.setdefault(asyncio.get_running_loop(), _OpenSockets()).remove(socket)


@across_teams()
def valid_permits(permits: Collection[Permit]) -> set[Permit]:
    """Returns those that still hold: two queries, and one for each person."""
    people = session_queries.standing({permit.sign_in for permit in permits})
    teams = {user: set(access.visible_teams(user).values_list("pk", flat=True)) for user in set(people.values())}
    return {each for each in permits if each.sign_in in people and each.team_id in teams[people[each.sign_in]]}
