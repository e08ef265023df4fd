"""Other fields, encodings of bodies, query strings and headers than a page sends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from benchmarks.fuzz_bytes import CHANGES
from benchmarks.fuzz_lists import ODD_TEXTS, ODD_VALUES
from benchmarks.fuzz_picture_seeds import drawn, saved

BOUNDARY = "between-the-parts"
FORM, JSON, MULTIPART = (
    "application/x-www-form-urlencoded",
    "application/json",
    f"multipart/form-data; boundary={BOUNDARY}",
)
MORE_TEXTS = (
    *("9" * 20, "-9" * 12, "1.5", "1e309", "0:00:61", "99:99", "2026-13-45", "0001-01-01", "9999-12-31T23:59:60Z"),
    *("x" * 70_000, "é" * 3000, "' OR 1=1 --", "{{ 7*7 }}", "%00", "%", "../../etc", "javascript:alert(1)", "a@b@c"),
    *(
        "\udcff",
        "\x00\x00",
        "all",
        "on",
        "yes",
        "-",
        "*",
        "1,2,3",
        "1-2-3",
        "[]",
        "{}",
        "null",
        "zh-hans",
        "en\r\nX: y",
    ),
)
TEXTS = ODD_TEXTS + MORE_TEXTS
NAMES = (
    "csrfmiddlewaretoken",
    "next",
    "team",
    "page",
    "sure",
    "idempotency_key",
    "video",
    "person",
    "\0",
    "a[]",
    "x" * 400,
)
HEADERS: dict[str, tuple[str, ...]] = {
    "Accept": ("application/json", "text/html", "*/*", "x/y;q=z", ""),
    "X-Requested-With": ("XMLHttpRequest", "fetch", "\x7f"),
    "Idempotency-Key": ("", "x", "k" * 300, "é", "00000000-0000-0000-0000-000000000000"),
    "Accept-Language": ("zh-hans", "de;q=9", "x" * 500, "*-*-*", "en-\x7f"),
    "If-Modified-Since": ("yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 99 Foo 99999 99:99:99 GMT"),
    "If-None-Match": ('"x"', "*", 'W/"', "é"),
    "Range": ("bytes=0-", "bytes=-1", "bytes=5-1", "bytes=0-0,2-3", "bytes=" + "9" * 40 + "-", "lines=1"),
    "Authorization": ("Bearer ", "Bearer x", "Basic eDp5", "Bearer é", "bearer \x7f"),
    "Referer": ("http://elsewhere.example/", "x", "http://[::1"),
    "Origin": ("null", "http://elsewhere.example", "http://[::1"),
    "X-Forwarded-For": ("1.2.3.4", "x", "::1, 5"),
    "Cookie": ("sessionid=x", "csrftoken=; sessionid", "a=" + "b" * 3000, "django_language=x;;=="),
}
QUIET_SHARE = 0.7
"""Of requests with the headers that a page sends."""


def changed_fields(sends: dict[str, Any], random: Random) -> dict[str, Any]:
    """Returns fields of which some are odd, lost, repeated, or of another type; some requests stay as they are."""
    found = {name: _plain(value) for name, value in sends.items()}
    for _ in range(random.choice((0, 1, 1, 1, 2, 4))):
        name = random.choice((*found, *found, random.choice(NAMES)))
        way = random.randrange(6)
        if way == 0:
            found.pop(name, None)
        elif way == 1:
            found[name] = [found.get(name, "1")] * random.choice((2, 2, 30, 1100))
        elif way == 2:
            found[name] = [random.choice(TEXTS) for _ in range(random.choice((1, 3)))]
        elif way == 3:
            found[random.choice(TEXTS)[:200]] = found.get(name, "1")
        elif way == 4:
            found[name] = random.choice(ODD_VALUES)
        else:
            found[name] = random.choice(TEXTS)
    return found


def _plain(value: Any) -> Any:
    """Returns a file's content and name, an id as text."""
    if hasattr(value, "read"):
        value.seek(0)
        return value.read()
    if isinstance(value, UUID):
        return str(value)
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _text(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text.encode("utf-8", "surrogateescape" if _stands_for_bytes(text) else "replace")


def _stands_for_bytes(text: str) -> bool:
    """Tells whether lone surrogates of a text stand for bytes, which is how odd bytes are sent."""
    return all(0xDC80 <= ord(sign) <= 0xDCFF for sign in text if 0xD800 <= ord(sign) <= 0xDFFF)


def _pairs(fields: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    many = ((name, value if isinstance(value, list) else [value]) for name, value in fields.items())
    return [(_text(name), _text(value)) for name, values in many for value in values]


def query_of(fields: Mapping[str, Any], random: Random) -> str:
    query = urlencode(_pairs(fields))[:30_000]
    return (
        query if random.random() < 0.9 else query + random.choice(("&", "&=", "%", "%zz", "&a=%ff", "?", ";b", "&&&&"))
    )


def body_of(fields: Mapping[str, Any], is_json: bool, random: Random) -> tuple[bytes, str]:
    """Returns a body and the type that is said of it, which fits most of the time."""
    has_file = any(isinstance(value, bytes) for value in fields.values())
    chance = random.random()
    if chance < 0.06:
        body, kind = _files(fields, random), MULTIPART
    elif chance < 0.1 or is_json:
        body, kind = json.dumps(fields, default=repr).encode("utf-8", "replace"), JSON
    elif has_file or chance < 0.25:
        body, kind = _multipart(fields, random), MULTIPART
    else:
        body, kind = urlencode(_pairs(fields)).encode(), FORM
    if random.random() < 0.06:
        body = random.choice(CHANGES)(body, random)
    if random.random() < 0.05:
        kind = random.choice(
            (
                FORM,
                JSON,
                "multipart/form-data",
                "text/plain",
                "",
                f"{FORM}; charset=utf-16",
                f"{MULTIPART}; charset=x",
                "é/é",
            )
        )
    return body[:900_000], kind


def _multipart(fields: Mapping[str, Any], random: Random) -> bytes:
    parts = []
    for name, value in _pairs(fields):
        is_file = value[:2] == b"\xff\xd8" or random.random() < 0.03
        said = (
            b'; filename="' + random.choice((b"a.jpg", b"", b"../x.jpg", b"\0", b"a" * 300)) + b'"' if is_file else b""
        )
        content = random.choice(CHANGES)(value, random) if is_file and random.random() < 0.5 else value
        safe = name.replace(b'"', b"%22").replace(b"\r", b"").replace(b"\n", b"")
        head = b'Content-Disposition: form-data; name="' + safe + b'"' + said
        parts.append(b"--" + BOUNDARY.encode() + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n")
    return b"".join(parts) + b"--" + BOUNDARY.encode() + b"--\r\n"


def _files(fields: Mapping[str, Any], random: Random) -> bytes:
    """Every field as a file, one of them a picture that may be broken."""
    picture = random.choice(CHANGES)(saved(drawn(), random.choice(("JPEG", "PNG", "GIF"))), random)
    return _multipart(dict.fromkeys(fields or ("photo",), picture), random)


def odd_headers(random: Random) -> dict[str, str]:
    if random.random() < QUIET_SHARE:
        return {"Accept": "application/json"} if random.random() < 0.5 else {}
    return {name: random.choice(HEADERS[name]) for name in random.sample(tuple(HEADERS), random.choice((1, 2, 4)))}


def odd_part(random: Random, ids: list[str]) -> str:
    """Returns what may stand where an id goes: another thing's, or none."""
    if random.random() < 0.6:
        return random.choice(ids)
    return quote(
        random.choice(("0", "-1", "9" * 19, "9" * 30, "²", "00000000-0000-0000-0000-000000000000", "a", "..", "%00")),
        safe="",
    )
