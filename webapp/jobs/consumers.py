"""Websockets that send pages the progress of jobs. They take no commands: cancelling is a POST."""

import asyncio
import json
import time
from collections.abc import Hashable
from contextlib import suppress
from functools import cached_property, lru_cache
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.utils import translation

from webapp import access
from webapp.access import Visitor
from webapp.accounts import session_queries
from webapp.accounts.scope_middleware import scope_of_person
from webapp.jobs import job_state, live_updates, open_socket_services, words
from webapp.jobs.job_state import JobState
from webapp.jobs.open_socket_services import Permit
from webapp.team_scope import within_teams

ACCESS_HOLDS_S = 30
"""How long an open socket relies on a permission before it checks again; `open_socket_services` looks more often."""


@lru_cache(maxsize=2048)
def _worded(state: JobState, language: str) -> str:
    """Returns the message as browsers get it; made once for all sockets of this process that are sent it."""
    with translation.override(language):
        return json.dumps(words.payload_with_words(state.payload()))


class JobsConsumer(AsyncJsonWebsocketConsumer):
    """Joins its groups, accepts, then sends the current state: in this order no change is missed."""

    groups: tuple[str, ...] = ()
    permit: Permit | None = None
    checked_s = 0.0

    def __init__(self) -> None:
        super().__init__()
        self._waiting: dict[Hashable, dict[str, Any]] = {}
        self._sender: asyncio.Task[None] | None = None

    def team_of(self, user: Visitor, key: UUID) -> UUID | None:
        """Returns the team whose work this tells; None for who may not hear it."""
        raise NotImplementedError

    def group_names(self, team_id: UUID) -> tuple[str, ...]:
        raise NotImplementedError

    def states(self, key: UUID) -> list[JobState]:
        raise NotImplementedError

    @property
    def key(self) -> UUID:
        return self.scope["url_route"]["kwargs"]["key"]

    async def connect(self) -> None:
        permit = await database_sync_to_async(self._find_permit)()
        if permit is None:
            await self.close()
            return
        if not open_socket_services.watch(self, permit):
            await self.accept()  # a browser learns no code of one that was never open
            await self.close(code=open_socket_services.TOO_MANY)
            return
        try:
            await self._listen(permit)
        except BaseException:
            open_socket_services.forget(self)
            raise

    async def _listen(self, permit: Permit) -> None:
        self.checked_s = time.monotonic()
        self.groups = self.group_names(permit.team_id)
        for group in self.groups:
            await self.channel_layer.group_add(group, self.channel_name)
        await self.accept()
        await self._send_snapshot(await self.read_snapshot())

    async def disconnect(self, code: int) -> None:
        open_socket_services.forget(self)
        if self._sender is not None:
            self._sender.cancel()
        for group in self.groups:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """Ignores whatever a browser sends."""

    async def dispatch(self, message: dict[str, Any]) -> None:
        """As Channels does, but for progress without the thread that looks for old connections to the database."""
        if message["type"] == "job.state":
            await self.job_state(message)
        else:
            await super().dispatch(message)

    async def job_state(self, event: dict[str, Any]) -> None:
        if not await self._still_allowed():
            await self.refuse()
            return
        payload = event["payload"]
        about: Hashable = payload["id"] if payload["type"] == "job" else object()
        superseded = self._waiting.pop(about, payload)
        self._waiting[about] = max(payload, superseded, key=lambda each: each.get("sequence", 0))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_waiting())

    async def _send_waiting(self) -> None:
        """Sends the first at once; what follows within a pause together, of each job the newest state only."""
        with suppress(OSError, RuntimeError):  # it was closed meanwhile
            while self._waiting:
                waiting, self._waiting = self._waiting, {}
                for payload in waiting.values():
                    await self._send(payload)
                await asyncio.sleep(open_socket_services.pause_s())

    async def snapshot_wanted(self, _event: dict[str, Any]) -> None:
        """Somebody could not tell this socket something."""
        open_socket_services.mark_stale(self)

    async def refuse(self) -> None:
        await self.close(code=4403)

    @property
    def topic(self) -> Hashable:
        return type(self), self.key, self.permit and self.permit.team_id

    async def read_snapshot(self) -> list[JobState]:
        assert self.permit is not None
        return await database_sync_to_async(self._states_within)(self.permit.team_id)

    async def tell_anew(self, states: list[JobState], within_s: float) -> None:
        """Sends what is after a gap; the page fetches its parts anew at a moment of its own within this time."""
        with suppress(OSError, RuntimeError):  # it was closed meanwhile
            await self._send_snapshot(states)
            await self.send_json({"type": "stale", "within_s": within_s})

    async def _send_snapshot(self, states: list[JobState]) -> None:
        for state in states:
            await self._send(state.payload())
        await self.send_json({"type": "snapshot_end", "is_cut": job_state.is_cut(states)})

    async def _still_allowed(self) -> bool:
        if time.monotonic() - self.checked_s < ACCESS_HOLDS_S:
            return True
        self.checked_s = time.monotonic()
        return await database_sync_to_async(self._find_permit)() is not None

    def _find_permit(self) -> Permit | None:
        """Reads session and account anew: what the socket was opened with may be hours old."""
        visitor = self.scope.get("user")
        if visitor is None or not visitor.is_authenticated:
            return None
        sign_in = self.permit.sign_in if self.permit else session_queries.sign_in_of(self.scope["session"], visitor.pk)
        user = session_queries.standing([sign_in]).get(sign_in)
        if user is None:
            return None
        with scope_of_person(user):
            team_id = self.team_of(user, self.key)
        return None if team_id is None else Permit(sign_in, team_id)

    def _states_within(self, team_id: UUID) -> list[JobState]:
        with within_teams([team_id]):
            return self.states(self.key)

    async def _send(self, payload: dict[str, object]) -> None:
        if payload["type"] == "job":
            await self.send(text_data=_worded(JobState.of_payload(payload), self._language))
        else:
            await self.send_json(payload)

    @cached_property
    def _language(self) -> str:
        if (chosen := getattr(self.scope.get("user"), "language", "")) in dict(settings.LANGUAGES):
            return str(chosen)
        headers = dict(self.scope["headers"])
        accepted = headers.get(b"accept-language", b"").decode("latin-1")
        looks_like_request: Any = SimpleNamespace(
            COOKIES=self.scope.get("cookies", {}), META={"HTTP_ACCEPT_LANGUAGE": accepted}, path_info="/"
        )
        return translation.get_language_from_request(looks_like_request)


class TeamConsumer(JobsConsumer):
    """Sends everything that happens in a team, for the library and the upload page."""

    def team_of(self, user: Visitor, key: UUID) -> UUID | None:
        return key if access.visible_teams(user).filter(pk=key).exists() else None

    def group_names(self, team_id: UUID) -> tuple[str, ...]:
        return live_updates.team_group(team_id), live_updates.people_group(team_id)

    def states(self, key: UUID) -> list[JobState]:
        return job_state.snapshot(team_id=key)


class SubjectConsumer(JobsConsumer):
    """Sends what happens to one video (and to the names of the people in it), one dataset or one training run."""

    def team_of(self, user: Visitor, key: UUID) -> UUID | None:
        return access.team_of_visible_subject(user, key)

    def group_names(self, team_id: UUID) -> tuple[str, ...]:
        return live_updates.subject_group(self.key), live_updates.people_group(team_id)

    def states(self, key: UUID) -> list[JobState]:
        return job_state.snapshot(subject_id=key)
