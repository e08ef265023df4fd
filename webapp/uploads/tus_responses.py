"""Resumable uploads by the tus 1.0 protocol: creation, termination, expiration, checksum (https://tus.io/protocols).

The protocol is the same for whatever arrives; a `Target` says what the file is for.
"""

import base64
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol

from django.conf import settings
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.errors import is_disk_full
from webapp.accounts.request_types import SignedInRequest
from webapp.accounts.session_queries import is_still_signed_in
from webapp.http.body_stream import BodyRefused
from webapp.http.full_disk_responses import FULL_DISK
from webapp.uploads import partial_files, quota_services, receive_services, sender_services
from webapp.uploads.models import PartialUpload
from webapp.uploads.rules import Refused

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration,checksum"
CHECKSUM_MISMATCH = 460
"""A status of tus's own."""
PATCH_TYPE = "application/offset+octet-stream"
READ_BYTES = 512 * 1024
MOST_DIGITS = 18
RETRY_AFTER_S = 5
GONE = gettext_lazy("This upload no longer exists, or you may no longer upload to this team. Try again to start over.")
TOO_MANY_BYTES = gettext_lazy("The file is larger than announced.")


class TusError(Exception):
    """Ends the request with a status and a sentence for people."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        self.status = status


class Target(Protocol):
    """What an uploaded file is for. Its methods raise TusError or `rules.Refused`, with a sentence for people."""

    def start(
        self, request: SignedInRequest, metadata: dict[str, str], size_bytes: int
    ) -> tuple[PartialUpload, dict[str, str]]:
        """Creates an upload; returns it, and headers that say where to send the file ("Location")."""

    def own(self, request: HttpRequest) -> "QuerySet[Any]":
        """Returns the uploads that this person may continue."""

    def finished_bytes(self, request: HttpRequest, upload_id: uuid.UUID) -> int | None:
        """Returns the size of a complete, stored file: a browser that missed the last response asks again."""

    def is_stored(self, upload: Any) -> bool:
        """Returns whether the file has been moved into the store, although its row says otherwise."""

    def report_progress(self, upload: Any) -> None:
        """Tells open pages how far it is; called at most four times a second."""

    def finish(self, upload: Any) -> object:
        """Stores the file, all of whose bytes are there."""

    def give_up(self, upload: Any) -> None:
        """Deletes an upload that the sender has cancelled."""


def respond_to_create(request: HttpRequest, target: Target) -> HttpResponse:
    """Responds to OPTIONS and POST at the address where uploads begin."""
    return _respond(request, {"OPTIONS": _options, "POST": _create}, target)


def respond_to_file(request: HttpRequest, target: Target, upload_id: uuid.UUID) -> HttpResponse:
    """Responds at an upload's own address. POST only carries another method, for proxies that know no PATCH."""
    verbs = {"OPTIONS": _options, "HEAD": _head, "PATCH": _patch, "DELETE": _terminate}
    return _respond(request, verbs, target, upload_id)


def _respond(request: HttpRequest, verbs: dict, target: Target, *args: uuid.UUID) -> HttpResponse:  # type: ignore[type-arg]
    method = str(request.method)
    if method == "POST":
        method = request.headers.get("X-HTTP-Method-Override", method).upper()
    try:
        if method not in verbs:
            raise TusError(HTTPStatus.METHOD_NOT_ALLOWED)
        if method != "OPTIONS":
            _require_signed_in(request)
            if request.headers.get("Tus-Resumable") != VERSION:
                raise TusError(HTTPStatus.PRECONDITION_FAILED, f"Tus-Resumable: {VERSION}")
        response = verbs[method](request, target, *args)
    except Refused as refused:
        response = _plain(refused.status, str(refused))
    except TusError as error:
        response = _plain(error.status, str(error))
        if error.status == HTTPStatus.PRECONDITION_FAILED:
            response["Tus-Version"] = VERSION
        if error.status == HTTPStatus.UNAUTHORIZED:
            response["WWW-Authenticate"] = "Bearer"
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            response["Retry-After"] = str(RETRY_AFTER_S)
    except (OSError, DatabaseError) as error:
        if not is_disk_full(error):
            raise
        response = _plain(HTTPStatus.INSUFFICIENT_STORAGE, str(FULL_DISK))
    response["Tus-Resumable"] = VERSION
    response["Cache-Control"] = "no-store"
    return response


def _plain(status: int, words: str) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")


def _require_signed_in(request: HttpRequest) -> None:
    """Raises TusError (401): the uploader would take a redirect to the sign-in page for success."""
    if not request.user.is_authenticated:
        raise TusError(HTTPStatus.UNAUTHORIZED, _("You have been signed out. Sign in again to continue the upload."))


def _options(request: HttpRequest, target: Target, upload_id: uuid.UUID | None = None) -> HttpResponse:
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
        "Tus-Checksum-Algorithm": ",".join(receive_services.CHECKSUMS),
    }
    return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=headers)


def _create(request: SignedInRequest, target: Target) -> HttpResponse:
    metadata = parse_metadata(request.headers.get("Upload-Metadata", ""))
    upload, headers = target.start(request, metadata, _number(request, "Upload-Length"))
    return HttpResponse(status=HTTPStatus.CREATED, headers=headers | _state_headers(upload))


def _head(request: HttpRequest, target: Target, upload_id: uuid.UUID) -> HttpResponse:
    upload = _upload_or_size(request, target, upload_id)
    if isinstance(upload, int):
        size = str(upload)
        return HttpResponse(status=HTTPStatus.OK, headers={"Upload-Offset": size, "Upload-Length": size})
    sender_services.give_way(upload.pk)
    with _in_words(upload):
        receive_services.correct_offset(upload, lambda: target.is_stored(upload))
    # Whoever asks how far it is is about to send the rest.
    if receive_services.set_stopped(upload, is_stopped=False):
        target.report_progress(upload)
    if upload.offset_bytes == upload.size_bytes:
        target.finish(upload)
    return HttpResponse(
        status=HTTPStatus.OK, headers=_state_headers(upload) | {"Upload-Length": str(upload.size_bytes)}
    )


def _patch(request: HttpRequest, target: Target, upload_id: uuid.UUID) -> HttpResponse:
    if request.content_type != PATCH_TYPE:
        raise TusError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type: {PATCH_TYPE}")
    offset = _number(request, "Upload-Offset")
    checksum = parse_checksum(request.headers.get("Upload-Checksum", ""))
    upload = _upload_or_size(request, target, upload_id)
    if isinstance(upload, int):
        raise TusError(HTTPStatus.CONFLICT, _("The upload is complete."))
    if upload.reserved_at is None:
        quota_services.reserve(upload)
    sender_services.give_way(upload.pk)
    line = getattr(request, "body_stream", None)
    with _in_words(upload), sender_services.sending(upload.pk, upload.user.pk, line):
        receive_services.receive(
            upload,
            offset=offset,
            chunks=iter(partial(request.read, READ_BYTES), b""),
            announced_bytes=int(request.headers.get("Content-Length") or 0),
            checksum=checksum,
            on_progress=lambda: target.report_progress(upload),
            is_welcome=lambda: is_still_signed_in(request) and target.own(request).filter(pk=upload.pk).exists(),
        )
    if upload.offset_bytes == upload.size_bytes:
        target.finish(upload)
    return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=_state_headers(upload))


@contextmanager
def _in_words(upload: PartialUpload) -> Iterator[None]:
    """Turns what ends a piece before its time into a status and a sentence."""
    try:
        yield
    except sender_services.TooManySenders as error:
        raise _too_many_senders(error) from error
    except receive_services.OffsetMismatch as error:
        raise TusError(HTTPStatus.CONFLICT, f"Upload-Offset: {upload.offset_bytes}") from error
    except receive_services.TooManyBytes as error:
        raise TusError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(TOO_MANY_BYTES)) from error
    except receive_services.ChecksumMismatch as error:
        raise TusError(CHECKSUM_MISMATCH, _("The data was damaged on the way. Try again.")) from error
    except receive_services.NoLongerWelcome as error:
        raise TusError(HTTPStatus.NOT_FOUND, str(GONE)) from error
    except partial_files.Busy as error:
        raise TusError(HTTPStatus.LOCKED, _("Another window is uploading the same file. Close one of them.")) from error
    except (UnreadablePostError, BodyRefused) as error:
        status = error.status if isinstance(error, BodyRefused) else HTTPStatus.BAD_REQUEST
        raise TusError(status, _("The connection was lost. Try again.")) from error


def _too_many_senders(error: sender_services.TooManySenders) -> TusError:
    words = _("Too many files are being uploaded right now. This one continues when some of them have arrived.")
    if error.is_own:
        words = _("You are sending too many files at once. This one continues when some of the others have arrived.")
    return TusError(HTTPStatus.TOO_MANY_REQUESTS, words)


def _terminate(request: HttpRequest, target: Target, upload_id: uuid.UUID) -> HttpResponse:
    target.give_up(_upload(request, target, upload_id, even_expired=True))
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _upload_or_size(request: HttpRequest, target: Target, upload_id: uuid.UUID) -> PartialUpload | int:
    """Returns the upload, or the size of a complete file."""
    try:
        return _upload(request, target, upload_id)
    except TusError:
        # Asked second: a request that was cut behind its last byte may complete the file at any moment.
        finished = target.finished_bytes(request, upload_id)
        if finished is None:
            raise
        return finished


def _upload(request: HttpRequest, target: Target, upload_id: uuid.UUID, even_expired: bool = False) -> PartialUpload:
    try:
        upload: PartialUpload = get_object_or_404(target.own(request), pk=upload_id)
    except Http404 as error:
        raise TusError(HTTPStatus.NOT_FOUND, str(GONE)) from error
    if upload.expires_at < timezone.now() and not even_expired:
        raise TusError(HTTPStatus.GONE, _("This upload has expired. Start it again."))
    return upload


def _state_headers(upload: PartialUpload) -> dict[str, str]:
    return {"Upload-Offset": str(upload.offset_bytes), "Upload-Expires": http_date(upload.expires_at.timestamp())}


def _number(request: HttpRequest, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise TusError(HTTPStatus.BAD_REQUEST, f"{header}: a whole number is missing")
    return int(text)


def parse_metadata(header: str) -> dict[str, str]:
    """Reads `key base64,key base64,key`; raises TusError (400) for anything else."""
    metadata = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _space, encoded = pair.partition(" ")
        try:
            metadata[key] = base64.b64decode(encoded, validate=True).decode("utf-8")
        except ValueError as error:  # binascii.Error and UnicodeDecodeError are such, and a sign beyond ASCII
            raise TusError(HTTPStatus.BAD_REQUEST, f"Upload-Metadata: {key} is not UTF-8 in base64") from error
    return metadata


def parse_checksum(header: str) -> tuple[str, bytes] | None:
    """Returns algorithm and digest; raises TusError (400) for an unknown algorithm or invalid base64."""
    if not header:
        return None
    algorithm, _space, encoded = header.partition(" ")
    if algorithm not in receive_services.CHECKSUMS:
        raise TusError(HTTPStatus.BAD_REQUEST, f"Upload-Checksum: one of {', '.join(receive_services.CHECKSUMS)}")
    try:
        return algorithm, base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise TusError(HTTPStatus.BAD_REQUEST, "Upload-Checksum: not base64") from error
