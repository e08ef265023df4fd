"""How requests are handled: in one thread each, so that a page waits for its turn once."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import SyncToAsync

from webapp.asgi import application as product


@pytest.mark.django_db(transaction=True)
async def test_a_page_changes_threads_a_few_times_however_much_middleware_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changes, statuses = list[str](), list[int]()
    change = SyncToAsync.__call__

    async def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        changes.append(getattr(self.func, "__qualname__", ""))
        return await change(self, *args, **kwargs)

    coming = asyncio.Queue[dict[str, Any]]()
    coming.put_nowait({"type": "http.request", "body": b"", "more_body": False})

    async def send(message: dict[str, Any]) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    monkeypatch.setattr(SyncToAsync, "__call__", counted)
    headers = [(b"host", b"testserver")]
    scope = {"type": "http", "method": "GET", "path": "/healthz", "query_string": b"", "headers": headers}
    await product(scope, coming.get, send)
    assert statuses == [200]
    # The signals before and behind it, what stands in front of static files, and all of the rest.
    assert len(changes) <= 6, changes
