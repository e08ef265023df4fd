"""Refuses request bodies that are too large, too slow or ambiguous, before Django spools them to disk.

1 MB is enough for all but uploads and labels of many samples; their views say with `takes_bodies_of` how much they
take, from people signed in. What views read as it arrives (`streaming_middleware`) may be as long as a file, and has a
clock of its own.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.urls import Resolver404, resolve
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _

from webapp.http.body_stream import BodyRefused, Message, Receive, announced_bytes, header
from webapp.http.full_disk_responses import FULL_DISK
from webapp.http.problem_formats import PROBLEM_TYPE, is_of_api, problem_document
from webapp.http.streaming_middleware import Application, Send, is_streamed

USUAL_BODY_BYTES = 1024**2
MAX_BODY_BYTES = 16 * 1024**2
"""Twice the chunk that our own uploader sends; no view has more spooled for it."""
PATIENCE_S = 30.0
LEAST_BYTES_PER_S = 8 * 1024
"""A body may take `PATIENCE_S`, and longer by as much as it would take at that speed."""
ENDS_OF_BODIES = {b"content-length", b"transfer-encoding"}
"""Either says where a body ends; of both, a proxy in front may believe the other, and take the rest for a request."""

Scope = Message
View = TypeVar("View", bound=Callable[..., Any])


def takes_bodies_of(max_bytes: int) -> Callable[[View], View]:
    """Marks a view that takes uploads; `functools.wraps` hands the mark on to decorators around it."""

    def mark(view: View) -> View:
        view.max_body_bytes = max_bytes  # type: ignore[attr-defined]
        return view

    return mark


class BodyLimit:
    """ASGI wrapper: checks the announced length, and counts what arrives, as chunked bodies announce nothing."""

    def __init__(
        self,
        application: Application,
        usual_bytes: int = USUAL_BODY_BYTES,
        is_known_otherwise: Callable[[Scope], bool] = lambda _scope: False,
    ) -> None:
        """`is_known_otherwise` tells whether somebody without a session is known, as by an access token."""
        self.application = application
        self.usual_bytes = usual_bytes
        self.is_known_otherwise = is_known_otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = False

        async def noted_send(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        body = _Body(scope, receive, self.usual_bytes, self._is_known)
        try:
            if {name for name, _value in scope["headers"]} >= ENDS_OF_BODIES:
                raise BodyRefused(HTTPStatus.BAD_REQUEST)
            if _is_form_in_another_encoding(scope):
                raise BodyRefused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
            await body.expect(announced_bytes(scope) or 0)
            await self.application(scope, body.receive, noted_send)
        except BodyRefused as refused:
            if not answered:
                await _refuse(send, refused.status, scope.get("path", ""))

    def _is_known(self, scope: Scope) -> bool:
        return _is_signed_in(scope) or self.is_known_otherwise(scope)


class _Body:
    """The body of one request, as it arrives."""

    def __init__(self, scope: Scope, receive: Receive, max_bytes: int, is_known: Callable[[Scope], bool]) -> None:
        self._scope, self._receive, self._max_bytes, self._is_known = scope, receive, max_bytes, is_known
        self._is_usual = True
        self._is_streamed = is_streamed(scope)
        self._received = 0
        self._is_complete = False
        self._began_s = asyncio.get_running_loop().time()

    async def expect(self, count: int) -> None:
        """Raises BodyRefused for more bytes than this address takes from this visitor; asks only for large bodies."""
        if count > self._max_bytes and self._is_usual:
            self._is_usual = False
            most_bytes = settings.UPLOAD_MAX_BYTES if self._is_streamed else _most_bytes(self._scope)
            self._max_bytes = max(self._max_bytes, most_bytes)
            if count <= self._max_bytes and not await database_sync_to_async(self._is_known)(self._scope):
                raise BodyRefused(HTTPStatus.UNAUTHORIZED)
        if count > self._max_bytes:
            raise BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    async def receive(self) -> Message:
        if self._is_complete:  # what is awaited now is that the visitor goes away
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._left_s())
        except TimeoutError:
            raise BodyRefused(HTTPStatus.REQUEST_TIMEOUT) from None
        self._received += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)
        await self.expect(self._received)
        return message

    def _left_s(self) -> float | None:
        if self._is_streamed:
            return None
        until_s = self._began_s + PATIENCE_S + self._received / LEAST_BYTES_PER_S
        return max(0.0, until_s - asyncio.get_running_loop().time())


def _is_form_in_another_encoding(scope: Scope) -> bool:
    """Tells whether Django would refuse the fields of a form: it does so each time that they are asked for, also while
    it renders the page of the refusal."""
    media_type, parameters = parse_header_parameters(header(scope, b"content-type"))
    encoding = parameters.get("charset", "utf-8")
    return media_type == "application/x-www-form-urlencoded" and encoding.lower() != "utf-8"


def _most_bytes(scope: Scope) -> int:
    try:
        view = resolve(scope.get("path", "")).func
    except Resolver404:
        return 0
    return int(getattr(view, "max_body_bytes", 0))


def _is_signed_in(scope: Scope) -> bool:
    """Reads the session as Django will do later, when a body of a stranger would lie on the disk already."""
    sent = b"; ".join(value for name, value in scope.get("headers", ()) if name == b"cookie")
    try:
        cookie = SimpleCookie(sent.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return False
    return cookie is not None and SESSION_KEY in SessionStore(cookie.value)


async def _refuse(send: Send, status: HTTPStatus, path: str) -> None:
    words = {
        HTTPStatus.BAD_REQUEST: "The request has both a length and chunks.",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The form is not encoded in UTF-8.",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too large.",
        HTTPStatus.REQUEST_TIMEOUT: "The request took too long to arrive.",
        HTTPStatus.INSUFFICIENT_STORAGE: FULL_DISK,
        HTTPStatus.UNAUTHORIZED: _(
            "You are not signed in, or your access token does not work. Sign in again to continue."
        ),
    }
    text, content_type = f"{words[status]}\n".encode(), "text/plain; charset=utf-8"
    if is_of_api(path):
        text, content_type = problem_document(status, str(words[status])), PROBLEM_TYPE
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
    ]
    if status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": text})
