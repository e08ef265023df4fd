"""A browser for the tests of websockets."""

from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async

from tests.conftest import signed_in
from tests.websocket import Websocket
from webapp.accounts.models import Team, User
from webapp.asgi import application


class Browser:
    """Opens websockets, and leaves them all at the end of the test."""

    def __init__(self) -> None:
        self.websockets: list[Websocket] = []

    async def opens(
        self, path: str, user: User | None, origin: str = "http://testserver", cookie: str = ""
    ) -> Websocket | None:
        """None when the server refuses."""
        headers = [(b"origin", origin.encode()), (b"host", b"testserver"), (b"accept-language", b"en")]
        if user is not None:
            client = await sync_to_async(signed_in)(user)
            headers.append((b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()))
        if cookie:
            headers.append((b"cookie", cookie.encode()))
        websocket = Websocket(application, path, headers)
        self.websockets.append(websocket)
        return websocket if await websocket.connect() else None

    async def watches(self, team: Team, user: User) -> Websocket:
        websocket = await self.opens(f"/ws/teams/{team.pk}/", user)
        assert websocket is not None
        return websocket


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    browser = Browser()
    yield browser
    for websocket in browser.websockets:
        await websocket.leave()
