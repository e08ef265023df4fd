"""Websockets that tell a page how jobs go on. They take no commands: cancelling is a POST."""

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
"""An open socket asks again after that long whether its visitor may still look."""


class JobsConsumer(AsyncJsonWebsocketConsumer):
    """Joins its groups, accepts, then sends the current state: in that order nothing falls into a gap."""

    groups: tuple[str, ...] = ()
    checked_s = 0.0

    def may_look(self, user: Visitor, key: UUID) -> bool:
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
            await self._tell(state.payload())
        await self.send_json({"type": "snapshot_end"})

    async def disconnect(self, code: int) -> None:
        for group in self.groups:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Nothing a browser says changes anything."""

    async def job_state(self, event: dict[str, Any]) -> None:
        if not await self._still_allowed():
            await self.close(code=4403)
            return
        await self._tell(event["payload"])

    async def _still_allowed(self) -> bool:
        if self.checked_s and time.monotonic() - self.checked_s < ACCESS_HOLDS_S:
            return True
        self.checked_s = time.monotonic()
        user = self.scope.get("user")
        return user is not None and await database_sync_to_async(self.may_look)(user, self.key)

    async def _tell(self, payload: dict[str, object]) -> None:
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
    """Everything that happens in a team: for the library and the upload page."""

    def may_look(self, user: Visitor, key: UUID) -> bool:
        return access.visible_teams(user).filter(pk=key).exists()

    def group_names(self, key: UUID) -> tuple[str, ...]:
        return live_updates.team_group(key), live_updates.people_group(key)

    def states(self, key: UUID) -> list[JobState]:
        return job_state.snapshot(team_id=key)


class SubjectConsumer(JobsConsumer):
    """What happens to one video (and to the names of the people in it) or to one dataset."""

    def may_look(self, user: Visitor, key: UUID) -> bool:
        return access.may_follow(user, key)

    def group_names(self, key: UUID) -> tuple[str, ...]:
        team_id = access.team_followed(self.scope["user"], key)
        # Gone since `may_look`: then there is nothing to hear of.
        return (live_updates.subject_group(key), *([live_updates.people_group(team_id)] if team_id else []))

    def states(self, key: UUID) -> list[JobState]:
        return job_state.snapshot(subject_id=key)
