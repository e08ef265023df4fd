"""A PATCH of a browser whose body comes piece by piece, for tests of what is stored when."""

import asyncio
from collections.abc import Callable
from typing import Any, Self

from django.test import Client

from webapp.asgi import application as product
from webapp.uploads import partial_files
from webapp.videos.models import Upload

KB = 1024
SIZE = 400 * KB
PIECE = bytes(range(256)) * 400
"""100 KB."""
CSRF = "a" * 32


class StreamedPatch:
    """One PATCH of a browser, message by message, as the web server hands it to the application."""

    def __init__(self, client: Client, upload: Upload, offset: int = 0, **headers: str) -> None:
        session = client.cookies["sessionid"].value if "sessionid" in client.cookies else ""
        sent = {
            "host": "testserver",
            "cookie": f"sessionid={session}; csrftoken={CSRF}",
            "x-csrftoken": CSRF,
            "tus-resumable": "1.0.0",
            "content-type": "application/offset+octet-stream",
            "upload-offset": str(offset),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        self.scope = {
            "type": "http",
            "method": "PATCH",
            "path": f"/videos/uploads/{upload.pk}",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items() if value],
        }
        self.upload = upload
        self.status, self.words, self.closes, self.taken_bytes = 0, "", False, 0
        self._coming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(product(self.scope, self._receive, self._send))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.answered()

    def send(self, content: bytes, more: bool = True) -> None:
        self._coming.put_nowait({"type": "http.request", "body": content, "more_body": more})

    def cut(self) -> None:
        self._coming.put_nowait({"type": "http.disconnect"})

    async def answered(self) -> int:
        await asyncio.wait_for(self._task, 10)
        return self.status

    async def begins_to_answer(self) -> None:
        await until(lambda: self.status > 0)

    async def stored(self, count: int) -> None:
        """Waits until so many bytes count as arrived."""
        await until(lambda: partial_files.arrived_bytes(self.upload.pk) == count)

    async def _receive(self) -> dict[str, Any]:
        message = await self._coming.get()
        self.taken_bytes += len(message.get("body", b""))
        return message

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.closes = (b"connection", b"close") in message["headers"]
        self.words += message.get("body", b"").decode()


async def until(is_so: Callable[[], bool], within_s: float = 5.0) -> None:
    for _ in range(int(within_s / 0.02)):
        if is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("waited in vain")
