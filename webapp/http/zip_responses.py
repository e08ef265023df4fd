"""Sends a ZIP while it is made."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse


def zip_response(name: str, blocks: Iterator[bytes]) -> StreamingHttpResponse:
    """`blocks` is a generator; each block is made in the request's thread, where it may ask the database."""
    headers = {
        "Content-Type": "application/zip",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingHttpResponse(_in_blocks(blocks), headers=headers)


async def _in_blocks(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    following = sync_to_async(_following)
    try:
        while (block := await following(blocks)) is not None:
            yield block
    finally:
        await sync_to_async(blocks.close)()  # type: ignore[attr-defined]


def _following(blocks: Iterator[bytes]) -> bytes | None:
    """None behind the last: a StopIteration cannot leave a coroutine."""
    return next(blocks, None)
