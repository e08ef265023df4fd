"""Tells open pages at once what has changed, through groups of websockets; pages get along without it."""

import logging
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


def _send(message: dict[str, object], *groups: str) -> None:
    """As `_asend`, over a connection that is kept: a loop and a connection for each message cost ten times as much."""
    layer = get_channel_layer()
    if not isinstance(layer, RedisPubSubChannelLayer):
        async_to_sync(_asend)(message, *groups)
        return
    try:
        for group in groups:
            _connection().publish(GROUP_CHANNEL.format(group), layer.serialize(message))
    except (redis.RedisError, OSError) as error:
        _log(error)


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
        _log(error)


def _log(error: Exception) -> None:
    logger.warning("Progress could not be published: %s", error)
