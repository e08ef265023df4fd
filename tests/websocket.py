"""A browser's end of a websocket, spoken to the ASGI application itself (Channels' own needs daphne)."""

import json
from typing import Any
from urllib.parse import unquote

from asgiref.testing import ApplicationCommunicator

from tests.without_scope import without_scope


class Websocket(ApplicationCommunicator):
    """Open it with `connect`, then read JSON messages with `read`."""

    def __init__(self, application: Any, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        scope = {
            "type": "websocket",
            "path": unquote(path),
            "query_string": b"",
            "headers": headers,
            "subprotocols": [],
        }

        async def as_in_the_product(*asgi: Any) -> None:
            with without_scope():
                await application(*asgi)

        super().__init__(as_in_the_product, scope)

    async def connect(self) -> bool:
        """True when the server accepts."""
        await self.send_input({"type": "websocket.connect"})
        answer = await self.receive_output(timeout=5)
        return bool(answer["type"] == "websocket.accept")

    async def read(self) -> dict[str, Any]:
        message = await self.receive_output(timeout=5)
        assert message["type"] == "websocket.send", message
        content: dict[str, Any] = json.loads(message["text"])
        return content

    async def say(self, content: object) -> None:
        await self.send_input({"type": "websocket.receive", "text": json.dumps(content)})

    async def leave(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait(timeout=5)
