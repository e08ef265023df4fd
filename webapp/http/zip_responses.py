"""Sends a ZIP, or a list, while it is being made."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse


def zip_response(name: str, blocks: Iterator[bytes]) -> StreamingHttpResponse:
    """Returns a download of what the generator `blocks` yields, in the request's thread: it may use the database."""
    return streamed_response(name, "application/zip", blocks)


def streamed_response(name: str, content_type: str, blocks: Iterator[bytes]) -> StreamingHttpResponse:
    """Returns a download of another type, as `zip_response` does."""
    headers = {
        "Content-Type": content_type,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingHttpResponse(_in_blocks(blocks), headers=headers)


async def _in_blocks(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    next_or_none = sync_to_async(lambda: next(blocks, None))  # a StopIteration cannot leave a coroutine
    try:
        while (block := await next_or_none()) is not None:
            yield block
    finally:
        await sync_to_async(blocks.close)()  # type: ignore[attr-defined]
