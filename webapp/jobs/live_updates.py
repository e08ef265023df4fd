"""Tells open pages at once what has changed, through groups of websockets; pages get along without it."""

import logging
import os
import threading
import time
from collections.abc import Iterable
from functools import cache
from uuid import UUID

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings
from django.db import transaction
from redis.backoff import NoBackoff
from redis.retry import Retry

from webapp.jobs.job_state import JobState

logger = logging.getLogger(__name__)

PATIENCE_S = 2
MAKES_UP_EVERY_S = 1.0
GROUP_CHANNEL = "asgi__group__{}"
"""What the channel layer calls the Redis channel of a group."""


def team_group(team_id: UUID | str) -> str:
    return f"team.{UUID(str(team_id)).hex}"


def subject_group(subject_id: UUID | str) -> str:
    return f"subject.{UUID(str(subject_id)).hex}"


def people_group(team_id: UUID | str) -> str:
    return f"people.{UUID(str(team_id)).hex}"


def publish_state(state: JobState) -> None:
    """Sends a state to all pages of the team or subject. Call after the commit; in async code use `apublish_state`."""
    _send(*_of_state(state))


async def apublish_state(state: JobState) -> None:
    await _asend(*_of_state(state))


def _of_state(state: JobState) -> tuple[dict[str, object], str, str]:
    """Returns the message and its groups."""
    return {"type": "job.state", "payload": state.payload()}, team_group(state.team), subject_group(state.subject)


def publish_gone(*, team_id: UUID | str, subject_id: UUID | str, sequence: int = 0) -> None:
    """Tells pages that an object is no longer there."""
    publish({"type": "gone", "subject": str(subject_id), "sequence": sequence}, team_id, subject_id)


def publish(payload: dict[str, object], team_id: UUID | str, subject_id: UUID | str) -> None:
    """Sends anything else that open pages want to know at once."""
    _send({"type": "job.state", "payload": payload}, team_group(team_id), subject_group(subject_id))


def publish_people(team_id: UUID | str) -> None:
    """Tells pages after the commit that people of a team were named, merged or otherwise changed."""
    message: dict[str, object] = {"type": "job.state", "payload": {"type": "people"}}
    transaction.on_commit(lambda: _send(message, people_group(team_id)))


def server_run() -> str:
    """Returns what each start of the server makes anew. Raises RedisError or OSError where it does not answer."""
    return str(_connection().info("server")["run_id"])


def _send(message: dict[str, object], *groups: str) -> None:
    """As `_asend`, over a connection that is kept: a loop and a connection for each message cost ten times as much."""
    layer = get_channel_layer()
    if not isinstance(layer, RedisPubSubChannelLayer):
        async_to_sync(_asend)(message, *groups)
        return
    try:
        _publish(layer, message, groups)
    except (redis.RedisError, OSError) as error:
        _could_not(error, groups)


def _publish(layer: RedisPubSubChannelLayer, message: dict[str, object], groups: Iterable[str]) -> None:
    for group in groups:
        _connection().publish(GROUP_CHANNEL.format(group), layer.serialize(message))


@cache
def _connection() -> redis.Redis:
    """Connects when it is used, and once again where the server was restarted; for all threads and forks."""
    patience = {"socket_timeout": PATIENCE_S, "socket_connect_timeout": PATIENCE_S}
    return redis.Redis.from_url(settings.REDIS_URL, retry=Retry(NoBackoff(), 1), **patience)


async def _asend(message: dict[str, object], *groups: str) -> None:
    """Logs a channel layer that does not respond and otherwise ignores it: the row is the truth, and pages poll."""
    layer = get_channel_layer()
    try:
        for group in groups:
            await layer.group_send(group, message)
    except (redis.RedisError, OSError) as error:
        _could_not(error, groups)


def _could_not(error: Exception, groups: Iterable[str]) -> None:
    logger.warning("Progress could not be published: %s", error)
    _untold.add(groups)


class _UntoldGroups:
    """Those that missed a message. A thread asks their sockets to look at the rows once the server answers again.

    Sockets notice a server that was away by themselves; this is for a connection that only this process had lost.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begins anew, as in a fork: the thread stays behind, and may have held the lock."""
        self._lock = threading.Lock()
        self._groups: set[str] = set()
        self._thread: threading.Thread | None = None

    def add(self, groups: Iterable[str]) -> None:
        with self._lock:
            self._groups.update(groups)
            if self._thread is None:
                self._thread = threading.Thread(target=self._make_up, daemon=True)
                self._thread.start()

    def _make_up(self) -> None:
        while True:
            time.sleep(MAKES_UP_EVERY_S)
            with self._lock:
                groups = tuple(self._groups)
            try:
                _publish(get_channel_layer(), {"type": "snapshot.wanted"}, groups)
            except (redis.RedisError, OSError):
                continue  # it was logged when it began
            with self._lock:
                self._groups.difference_update(groups)
                if not self._groups:
                    self._thread = None
                    return


_untold = _UntoldGroups()
os.register_at_fork(after_in_child=_untold.reset)
