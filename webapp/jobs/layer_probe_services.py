"""Notices that the channel layer was away: what was published meanwhile reached nobody, and no socket closed."""

import asyncio
import logging
from types import TracebackType
from typing import Self
from uuid import uuid4

import redis
from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer

from webapp.jobs import live_updates

logger = logging.getLogger(__name__)

ANSWERS_WITHIN_S = 2.0


class LayerProbe:
    """Sends itself messages through the layer, over the connection that tells the sockets of this event loop.

    One that returns says that all groups are subscribed to again; another run of the server says that there was a gap
    too short to be met by a probe.
    """

    def __init__(self) -> None:
        self._layer = get_channel_layer()
        self._channel = ""
        self._receiver: asyncio.Task[None] | None = None
        self._heard = ""
        self._arrived = asyncio.Event()
        self._run = ""
        self._is_away = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._receiver is not None:
            self._receiver.cancel()

    async def is_back(self) -> bool:
        """Returns True once behind each gap, as soon as messages arrive again."""
        if not isinstance(self._layer, RedisPubSubChannelLayer):
            return False  # it lives in this process
        try:
            run = await asyncio.to_thread(live_updates.server_run)
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                await self._echo()
        except (redis.RedisError, OSError) as error:  # a TimeoutError is an OSError
            if not self._is_away:
                logger.warning("The channel layer does not answer: %s", error)
            self._is_away = True
            return False
        was_away = self._is_away or self._run not in ("", run)
        self._run, self._is_away = run, False
        return was_away

    async def _echo(self) -> None:
        if self._receiver is None:
            self._channel = await self._layer.new_channel()
            self._receiver = asyncio.create_task(self._receive())
        token = uuid4().hex
        await self._layer.send(self._channel, {"type": "probe", "token": token})
        while self._heard != token:
            self._arrived.clear()
            await self._arrived.wait()

    async def _receive(self) -> None:
        while True:
            self._heard = (await self._layer.receive(self._channel))["token"]
            self._arrived.set()
