"""Bodies that are too large or too slow are refused before anything is written to disk."""

import asyncio
import time
from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.urls import URLPattern, URLResolver, get_resolver

from tests.conftest import signed_in
from webapp.accounts.models import User
from webapp.asgi import application as product
from webapp.http import body_limit_middleware
from webapp.http.body_limit_middleware import MAX_BODY_BYTES, USUAL_BODY_BYTES, BodyLimit
from webapp.http.body_stream import DRAINED_BYTES
from webapp.http.streaming_middleware import STREAMED_TYPE

LIMIT = 100


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Reads the whole body, then answers with its length."""
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message["body"])
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


async def ask(
    pieces: Iterable[bytes],
    announced: bytes | None = None,
    is_chunked: bool = False,
    kind: str = "",
    application: Any = application,
) -> tuple[int, int]:
    """Status, and how many pieces were read."""
    parts = list(pieces)
    headers = [(b"content-length", announced)] if announced is not None else []
    headers += [(b"transfer-encoding", b"chunked")] if is_chunked else []
    headers += [(b"content-type", kind.encode("latin-1"))] if kind else []
    sent: list[MutableMapping[str, Any]] = []
    read = 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": parts[read - 1], "more_body": read < len(parts)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await BodyLimit(application, LIMIT)({"type": "http", "path": "/", "headers": headers}, receive, send)
    return sent[0]["status"], read


async def test_a_body_within_the_limit_passes() -> None:
    assert await ask([b"x" * 60, b"x" * 40], b"100") == (200, 2)


async def test_an_announced_body_beyond_the_limit_is_not_read_at_all() -> None:
    assert await ask([b"x" * 101], b"101") == (413, 0)


async def test_a_chunked_body_is_counted() -> None:
    assert await ask([b"x" * 60] * 5) == (413, 2)


async def test_a_body_that_ends_in_two_ways_is_refused_unread() -> None:
    """A proxy in front may see another end, and another request behind it."""
    assert await ask([b"x" * 10], is_chunked=True) == (200, 1)
    assert await ask([b"x" * 10], b"10", is_chunked=True) == (400, 0)


@pytest.mark.parametrize("encoding", ["utf-16", "UTF8", "x\xe9", '"utf-7"'])
async def test_a_form_in_another_encoding_is_refused_before_django_asks_again_and_again(encoding: str) -> None:
    kind = "application/x-www-form-urlencoded; charset="
    assert await ask([b"a=1"], kind=f"{kind}{encoding}") == (415, 0)
    assert await ask([b"a=1"], kind=f"{kind}UTF-8") == (200, 1)
    assert await ask([b"{}"], kind=f"application/json; charset={encoding}") == (200, 1)


async def test_a_body_longer_than_announced_is_counted() -> None:
    assert await ask([b"x" * 60] * 5, b"10") == (413, 2)


@pytest.mark.parametrize("announced", [b"-1", b"nonsense", b"1e9"])
async def test_nonsense_lengths_are_counted(announced: bytes) -> None:
    assert await ask([b"x" * 60] * 5, announced) == (413, 2)


def test_the_limit_leaves_room_for_our_own_pieces(settings: Any) -> None:
    assert settings.UPLOAD_CHUNK_BYTES < DRAINED_BYTES, "or a refusal would be lost with the connection"


LARGE_BODIES = {
    "api/v1/models/<uuidstr:run_id>/predictions": MAX_BODY_BYTES,
    "datasets/<uuid:dataset_id>/acts/": 4 * 1024**2,
    "datasets/<uuid:dataset_id>/imports/<uuid:import_id>/batches/<int:number>/": MAX_BODY_BYTES,
    "people/photo/": MAX_BODY_BYTES,
    "profile/picture/": MAX_BODY_BYTES,
    "training/<uuid:run_id>/try/": MAX_BODY_BYTES,
}
STREAMED = {
    "datasets/<uuid:dataset_id>/imports/<uuid:import_id>/files/<uuid:upload_id>",
    "videos/uploads/<uuid:upload_id>",
}


def test_only_uploads_and_acts_on_many_samples_take_more_than_1_mb() -> None:
    found = {
        address: view.max_body_bytes
        for address, view in views(get_resolver().url_patterns)
        if hasattr(view, "max_body_bytes")
    }
    assert found == LARGE_BODIES
    streamed = {address for address, view in views(get_resolver().url_patterns) if hasattr(view, "takes_streams")}
    assert streamed == STREAMED
    assert USUAL_BODY_BYTES == 1024**2


def views(patterns: list[Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for each in patterns:
        address = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from views(each.url_patterns, address)
        elif isinstance(each, URLPattern):
            yield address, each.callback


async def posted(
    path: str, size: int, session: str = "", announced: bool = True, kind: str = STREAMED_TYPE
) -> tuple[int, int]:
    """Status, and how many bytes were read."""
    headers = [(b"content-length", str(size).encode())] if announced else []
    headers.append((b"content-type", kind.encode()))
    if session:
        headers.append((b"cookie", f"a=b; sessionid={session}".encode()))
    sent: list[MutableMapping[str, Any]] = []
    read = 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        piece = min(2**18, size - read)
        read += piece
        return {"type": "http.request", "body": b"x" * piece, "more_body": read < size}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await BodyLimit(application)({"type": "http", "path": path, "headers": headers}, receive, send)
    return sent[0]["status"], read


UPLOAD = f"/videos/uploads/{uuid4()}"
MB = 1024**2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("announced", [True, False])
async def test_more_than_1_mb_is_for_uploads_of_people_who_are_signed_in(
    vera: User, announced: bool, settings: Any
) -> None:
    client = await sync_to_async(signed_in)(vera)
    session = client.cookies["sessionid"].value
    last_read = 0 if announced else MB + 2**18
    assert await posted("/sign-in/", MB) == (200, MB)
    assert await posted("/sign-in/", MB + 2**18, announced=announced) == (413, last_read)
    assert await posted("/sign-in/", 2 * MB, session, announced) == (413, last_read)
    assert await posted("/no/such/page/", 2 * MB, session, announced) == (413, last_read)
    assert await posted(UPLOAD, 8 * MB, session, announced) == (200, 8 * MB)
    assert await posted(UPLOAD, 8 * MB, "", announced) == (401, last_read), "nothing of strangers is spooled"
    assert await posted(UPLOAD, 8 * MB, "forged", announced) == (401, last_read)
    assert await posted(UPLOAD, 17 * MB, session, announced) == (200, 17 * MB), "what is stored as it comes may be long"
    assert await posted(UPLOAD, 2 * MB, session, announced, "text/plain") == (413, last_read), "this would be spooled"
    settings.UPLOAD_MAX_BYTES = 9 * MB
    assert (await posted(UPLOAD, 10 * MB, session, announced))[0] == 413
    await Session.objects.all().adelete()
    assert await posted(UPLOAD, 8 * MB, session, announced) == (401, last_read)


async def test_a_body_that_stalls_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit_middleware, "PATIENCE_S", 0.2)
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.06)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    began = time.monotonic()
    await BodyLimit(application)({"type": "http", "headers": []}, receive, send)
    assert sent[0]["status"] == 408
    assert 0.1 < time.monotonic() - began < 2, "a byte now and then buys no time"


async def test_a_slow_line_has_time_for_a_large_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit_middleware, "PATIENCE_S", 0.1)
    pieces = 8

    async def receive() -> dict[str, Any]:
        nonlocal pieces
        pieces -= 1
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b"x" * 2**12, "more_body": pieces > 0}

    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await BodyLimit(application)({"type": "http", "headers": []}, receive, send)
    assert sent[0]["status"] == 200


async def test_waiting_for_a_visitor_to_leave_has_no_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """As while a long download is sent."""
    monkeypatch.setattr(body_limit_middleware, "PATIENCE_S", 0.05)
    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]
    )
    got: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        message = next(messages)
        if message["type"] == "http.disconnect":
            await asyncio.sleep(0.2)
        return message

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        got.append(await receive())
        got.append(await receive())

    async def send(message: MutableMapping[str, Any]) -> None:
        raise AssertionError("nothing is refused")

    await BodyLimit(waits)({"type": "http", "headers": []}, receive, send)
    assert [message["type"] for message in got] == ["http.request", "http.disconnect"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("pieces", "status"), [(1, 408), (40, 413)])
async def test_django_passes_refusals_on(pieces: int, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit_middleware, "PATIENCE_S", 0.5)
    left = pieces

    async def receive() -> dict[str, Any]:
        nonlocal left
        left -= 1
        if left < 0:
            await asyncio.sleep(10)
        return {"type": "http.request", "body": b"x" * 2**16, "more_body": True}

    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    monkeypatch.setattr(body_limit_middleware, "LEAST_BYTES_PER_S", 2**20)
    scope = {"type": "http", "method": "POST", "path": "/sign-in/", "query_string": b"", "headers": []}
    await product(scope, receive, send)
    assert [message.get("status") for message in sent] == [status, None]
