"""Byte ranges: the table of the standard, a property, and what the browser gets."""

import pytest
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import AsyncRequestFactory
from hypothesis import given
from hypothesis import strategies as st

from webapp import storage
from webapp.http.ranged_responses import ByteRange, RangeNotSatisfiable, parse_range, ranged_response

CONTENT = bytes(range(100))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", None),
        ("bytes=0-9", ByteRange(0, 10)),
        ("bytes=0-", ByteRange(0, 100)),
        ("bytes=99-", ByteRange(99, 100)),
        ("bytes=90-500", ByteRange(90, 100)),
        ("bytes=-10", ByteRange(90, 100)),
        ("bytes=-500", ByteRange(0, 100)),
        ("BYTES = 5 - 5", ByteRange(5, 6)),
        ("bytes=5-4", None),
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("items=0-1", None),
        ("bytes=²-³", None),
        ("bytes=" + "9" * 5000 + "-", None),
    ],
)
def test_ranges(header: str, expected: ByteRange | None) -> None:
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=1000000000000-"])
def test_ranges_behind_the_end(header: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        parse_range(header, 100)


@given(first=st.none() | st.integers(0, 300), last=st.none() | st.integers(0, 300), size=st.integers(0, 200))
def test_every_range_is_cut_as_the_standard_says(first: int | None, last: int | None, size: int) -> None:
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    try:
        found = parse_range(header, size)
    except RangeNotSatisfiable:
        assert (first is None and (last == 0 or size == 0)) or (first is not None and first >= size)
        return
    if (first is None and last is None) or (first is not None and last is not None and last < first):
        assert found is None
        return
    if first is not None:
        expected = list(range(size))[first : None if last is None else last + 1]
    else:
        assert last is not None
        expected = list(range(size))[-last:]
    assert found is not None
    assert list(range(found.start, found.end)) == expected


async def ask(method: str = "GET", content_type: str = "video/mp4", **headers: str) -> HttpResponseBase:
    storage.put_bytes("film", CONTENT)
    request = AsyncRequestFactory().generic(
        method, "/", headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    return await ranged_response(request, "film", content_type)


async def body(response: HttpResponseBase) -> bytes:
    assert isinstance(response, StreamingHttpResponse)
    return b"".join([block async for block in response])


async def test_the_whole_file() -> None:
    response = await ask()
    assert (response.status_code, response["Content-Length"], response["Accept-Ranges"]) == (200, "100", "bytes")
    assert await body(response) == CONTENT


async def test_a_part() -> None:
    response = await ask(range="bytes=10-19")
    assert (response.status_code, response["Content-Length"]) == (206, "10")
    assert response["Content-Range"] == "bytes 10-19/100"
    assert await body(response) == CONTENT[10:20]


async def test_behind_the_end() -> None:
    response = await ask(range="bytes=100-")
    assert (response.status_code, response["Content-Range"]) == (416, "bytes */100")


async def test_head_has_no_body() -> None:
    response = await ask("HEAD", range="bytes=10-19")
    assert (response.status_code, response["Content-Length"]) == (206, "10")
    assert not response.streaming


async def test_a_part_of_a_file_that_has_changed_since_becomes_the_whole_file() -> None:
    etag = (await ask())["ETag"]
    storage.put_bytes("film", CONTENT)
    unchanged = await ranged_response(
        AsyncRequestFactory().get("/", headers={"Range": "bytes=0-9", "If-Range": etag}), "film", "video/mp4"
    )
    assert unchanged.status_code in (200, 206)
    for condition, status in [(unchanged["ETag"], 206), ('"other"', 200), ("Wed, 21 Oct 2026 07:28:00 GMT", 200)]:
        request = AsyncRequestFactory().get("/", headers={"Range": "bytes=0-9", "If-Range": condition})
        assert (await ranged_response(request, "film", "video/mp4")).status_code == status


async def test_a_picture_that_the_browser_has_is_not_sent_again() -> None:
    storage.put_bytes("picture", b"jpeg")
    first = await ranged_response(AsyncRequestFactory().get("/"), "picture", "image/jpeg")
    request = AsyncRequestFactory().get("/", headers={"If-None-Match": f'"old", {first["ETag"]}'})
    assert (await ranged_response(request, "picture", "image/jpeg")).status_code == 304


@pytest.mark.parametrize(
    "content_type", ["text/html", "application/javascript", "image/svg+xml", "video/mp4\r\nX: y", ""]
)
async def test_nothing_that_a_browser_would_run_is_served(content_type: str) -> None:
    with pytest.raises(ValueError, match="must not be served"):
        await ask(content_type=content_type)


async def test_a_download_has_the_uploaders_name_and_cannot_run() -> None:
    storage.put_bytes("film", CONTENT)
    response = await ranged_response(
        AsyncRequestFactory().get("/"), "film", "application/octet-stream", download_name='Größe "1".mp4'
    )
    assert response["Content-Disposition"] == "attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.mp4"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"


async def test_an_empty_file() -> None:
    storage.put_bytes("empty", b"")
    response = await ranged_response(AsyncRequestFactory().get("/"), "empty", "video/mp4")
    assert (response.status_code, await body(response)) == (200, b"")
