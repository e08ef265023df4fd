"""Tells open pages at once what has changed, through groups of websockets; pages get along without it."""

import logging
from uuid import UUID

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from webapp.jobs.job_state import JobState

logger = logging.getLogger(__name__)


def team_group(team_id: UUID | str) -> str:
    return f"team.{UUID(str(team_id)).hex}"


def subject_group(subject_id: UUID | str) -> str:
    return f"subject.{UUID(str(subject_id)).hex}"


def people_group(team_id: UUID | str) -> str:
    return f"people.{UUID(str(team_id)).hex}"


def publish_state(state: JobState) -> None:
    """Sends a state to all pages of the team or subject. Call after the commit; in async code use `apublish_state`."""
    async_to_sync(apublish_state)(state)


async def apublish_state(state: JobState) -> None:
    message: dict[str, object] = {"type": "job.state", "payload": state.payload()}
    await _send(message, team_group(state.team), subject_group(state.subject))


def publish_gone(*, team_id: UUID | str, subject_id: UUID | str, sequence: int = 0) -> None:
    """Tells pages that an object is no longer there."""
    publish({"type": "gone", "subject": str(subject_id), "sequence": sequence}, team_id, subject_id)


def publish(payload: dict[str, object], team_id: UUID | str, subject_id: UUID | str) -> None:
    """Sends anything else that open pages want to know at once."""
    async_to_sync(_send)({"type": "job.state", "payload": payload}, team_group(team_id), subject_group(subject_id))


def publish_people(team_id: UUID | str) -> None:
    """Tells pages after the commit that people of a team were named, merged or otherwise changed."""
    message: dict[str, object] = {"type": "job.state", "payload": {"type": "people"}}
    transaction.on_commit(lambda: async_to_sync(_send)(message, people_group(team_id)))


async def _send(message: dict[str, object], *groups: str) -> None:
    """Logs a channel layer that does not respond and otherwise ignores it: the row is the truth, and pages poll."""
    layer = get_channel_layer()
    try:
        for group in groups:
            await layer.group_send(group, message)
    except (redis.RedisError, OSError) as error:
        logger.warning("Progress could not be published: %s", error)
