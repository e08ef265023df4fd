"""Serves large stored files with byte ranges and constant memory.

Django's FileResponse ignores Range under ASGI and reads the whole file into memory; hence an async generator.
"""

import asyncio
import re
from dataclasses import dataclass
from urllib.parse import quote

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)

from webapp import storage

ONE_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE | re.ASCII)
MAX_DIGITS = 19
"""No file has more bytes than that; longer numbers are not worth parsing."""
PLAYABLE_TYPES = re.compile(r"(video|audio)/[a-z0-9.+-]+|image/(jpeg|png|webp)|application/octet-stream")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """From `start` up to but not including `end`."""

    start: int
    end: int


class RangeNotSatisfiable(Exception):
    """The requested range begins beyond the end of the file."""


def parse_range(header: str, size: int) -> ByteRange | None:
    """Returns the range that a Range header asks for; None means the whole file (no range, several, or nonsense).

    RFC 9110: an end beyond the file is cut, a suffix longer than the file is the whole file.
    Raises RangeNotSatisfiable.
    """
    match = ONE_RANGE.fullmatch(header.strip())
    if match is None or max(map(len, match.groups())) > MAX_DIGITS:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        suffix = int(last)
        if suffix == 0 or size == 0:
            raise RangeNotSatisfiable
        return ByteRange(max(0, size - suffix), size)
    start, end = int(first), int(last) + 1 if last else size
    if start >= end:
        if last and int(last) < start:
            return None
        raise RangeNotSatisfiable
    if start >= size:
        raise RangeNotSatisfiable
    return ByteRange(start, min(end, size))


async def ranged_response(
    request: HttpRequest, key: str, content_type: str, *, download_name: str = "", max_age_s: int = 0
) -> HttpResponseBase:
    """Responds to GET and HEAD for a stored file: 200, 206, 304 or 416. Raises FileNotFoundError when it is not stored.

    A download is sent on (302) to the store itself where browsers may reach that.

    `content_type` must be a picture, sound or video, or application/octet-stream: never something a browser would run.
    """
    if not PLAYABLE_TYPES.fullmatch(content_type):
        raise ValueError(f"{content_type!r} must not be served from the media store")
    found = await asyncio.to_thread(storage.look, key)
    size, etag = found.size_bytes, f'"{found.version}"'
    headers = _headers(content_type, etag, download_name, max_age_s)
    if etag in (tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")):
        return HttpResponse(status=304, headers=headers)
    if download_name and (address := await asyncio.to_thread(storage.direct_url, key, download_name, content_type)):
        return HttpResponseRedirect(address, headers={"Cache-Control": "no-store"})
    try:
        wanted = parse_range(_honoured_range(request, etag), size)
    except RangeNotSatisfiable:
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    part = wanted or ByteRange(0, size)
    headers["Content-Length"] = str(part.end - part.start)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{size}"
    status = 200 if wanted is None else 206
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    return StreamingHttpResponse(storage.stream(key, part.start, part.end), status=status, headers=headers)


async def stored_response(
    request: HttpRequest, key: str, content_type: str, *, download_name: str = "", max_age_s: int = 0
) -> HttpResponseBase:
    """Responds as `ranged_response` does; raises Http404 where nothing is stored, or no key is known yet."""
    if not key:
        raise Http404
    try:
        return await ranged_response(request, key, content_type, download_name=download_name, max_age_s=max_age_s)
    except FileNotFoundError as error:
        raise Http404 from error


def _honoured_range(request: HttpRequest, etag: str) -> str:
    """Returns the Range header, unless If-Range says that the file has changed. Dates never match strongly here."""
    condition = request.headers.get("If-Range", "").strip()
    return "" if condition and condition != etag else request.headers.get("Range", "")


def _headers(content_type: str, etag: str, download_name: str, max_age_s: int) -> dict[str, str]:
    headers = {
        "Content-Type": content_type,
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Cache-Control": f"private, max-age={max_age_s}" if max_age_s else "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        # A file opened by itself must not run anything with our origin.
        "Content-Security-Policy": "default-src 'none'; media-src 'self'; img-src 'self'; sandbox",
    }
    if download_name:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(download_name, safe='')}"
    return headers
