"""Bodies that are too large are refused before anything is written to disk."""

from collections.abc import Iterable, MutableMapping
from typing import Any

import pytest

from webapp.http.body_limit_middleware import MAX_BODY_BYTES, BodyLimit

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


async def ask(pieces: Iterable[bytes], announced: bytes | None = None) -> tuple[int, int]:
    """Status, and how many pieces were read."""
    parts = list(pieces)
    headers = [(b"content-length", announced)] if announced is not None else []
    sent: list[MutableMapping[str, Any]] = []
    read = 0

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": parts[read - 1], "more_body": read < len(parts)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await BodyLimit(application, LIMIT)({"type": "http", "headers": headers}, receive, send)
    return sent[0]["status"], read


async def test_a_body_within_the_limit_passes() -> None:
    assert await ask([b"x" * 60, b"x" * 40], b"100") == (200, 2)


async def test_an_announced_body_beyond_the_limit_is_not_read_at_all() -> None:
    assert await ask([b"x" * 101], b"101") == (413, 0)


async def test_a_chunked_body_is_counted() -> None:
    assert await ask([b"x" * 60] * 5) == (413, 2)


async def test_a_body_longer_than_announced_is_counted() -> None:
    assert await ask([b"x" * 60] * 5, b"10") == (413, 2)


@pytest.mark.parametrize("announced", [b"-1", b"nonsense", b"1e9"])
async def test_nonsense_lengths_are_counted(announced: bytes) -> None:
    assert await ask([b"x" * 60] * 5, announced) == (413, 2)


def test_the_limit_leaves_room_for_our_own_pieces(settings: Any) -> None:
    assert settings.UPLOAD_CHUNK_BYTES < MAX_BODY_BYTES
