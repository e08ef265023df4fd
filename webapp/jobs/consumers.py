"""Websockets that send pages the progress of jobs. They take no commands: cancelling is a POST."""

import time
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.utils import translation

from webapp import access
from webapp.access import Visitor
from webapp.jobs import job_state, live_updates, words
from webapp.jobs.job_state import JobState

ACCESS_HOLDS_S = 30
"""How long an open socket relies on a permission before it checks again."""


class JobsConsumer(AsyncJsonWebsocketConsumer):
    """Joins its groups, accepts, then sends the current state: in this order no change is missed."""

    groups: tuple[str, ...] = ()
    checked_s = 0.0

    def is_allowed(self, user: Visitor, key: UUID) -> bool:
        raise NotImplementedError

    def group_names(self, key: UUID) -> tuple[str, ...]:
        raise NotImplementedError

    def states(self, key: UUID) -> list[JobState]:
        raise NotImplementedError

    @property
    def key(self) -> UUID:
        return self.scope["url_route"]["kwargs"]["key"]

    async def connect(self) -> None:
        if not await self._still_allowed():
            await self.close()
            return
        self.groups = await database_sync_to_async(self.group_names)(self.key)
        for group in self.groups:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.accept()
        for state in await database_sync_to_async(self.states)(self.key):
            await self._send(state.payload())
        await self.send_json({"type": "snapshot_end"})

    async def disconnect(self, code: int) -> None:
        for group in self.groups:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Ignores whatever a browser sends."""

    async def job_state(self, event: dict[str, Any]) -> None:
        if not await self._still_allowed():
            await self.close(code=4403)
            return
        await self._send(event["payload"])

    async def _still_allowed(self) -> bool:
        if self.checked_s and time.monotonic() - self.checked_s < ACCESS_HOLDS_S:
            return True
        self.checked_s = time.monotonic()
        user = self.scope.get("user")
        return user is not None and await database_sync_to_async(self.is_allowed)(user, self.key)

    async def _send(self, payload: dict[str, object]) -> None:
        if payload["type"] == "job":
            with translation.override(self._language()):
                payload = words.payload_with_words(payload)
        await self.send_json(payload)

    def _language(self) -> str:
        headers = dict(self.scope["headers"])
        accepted = headers.get(b"accept-language", b"").decode("latin-1")
        looks_like_request: Any = SimpleNamespace(
            COOKIES=self.scope.get("cookies", {}), META={"HTTP_ACCEPT_LANGUAGE": accepted}, path_info="/"
        )
        return translation.get_language_from_request(looks_like_request)


class TeamConsumer(JobsConsumer):
    """Sends everything that happens in a team, for the library and the upload page."""

    def is_allowed(self, user: Visitor, key: UUID) -> bool:
        return access.visible_teams(user).filter(pk=key).exists()

    def group_names(self, key: UUID) -> tuple[str, ...]:
        return live_updates.team_group(key), live_updates.people_group(key)

    def states(self, key: UUID) -> list[JobState]:
        return job_state.snapshot(team_id=key)


class SubjectConsumer(JobsConsumer):
    """Sends what happens to one video (and to the names of the people in it), one dataset or one training run."""

    def is_allowed(self, user: Visitor, key: UUID) -> bool:
        return access.can_see_subject(user, key)

    def group_names(self, key: UUID) -> tuple[str, ...]:
        team_id = access.team_of_visible_subject(self.scope["user"], key)
        # None where it was deleted since `is_allowed`: then there is nothing to send.
        return (live_updates.subject_group(key), *([live_updates.people_group(team_id)] if team_id else []))

    def states(self, key: UUID) -> list[JobState]:
        return job_state.snapshot(subject_id=key)
