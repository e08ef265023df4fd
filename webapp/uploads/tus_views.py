"""Resumable uploads by the tus 1.0 protocol: creation, termination, expiration, checksum (https://tus.io/protocols).

The protocol is the same for whatever arrives; a `Target` says what the file is for.
"""

import base64
import binascii
import errno
import uuid
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Protocol

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import http_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.uploads import partial_files
from webapp.uploads.rules import Refused
from webapp.videos import upload_services
from webapp.videos.models import Arriving, Thoroughness, Upload

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration,checksum"
CHECKSUM_MISMATCH = 460
"""A status of tus's own."""
PATCH_TYPE = "application/offset+octet-stream"
READ_BYTES = 512 * 1024
MOST_DIGITS = 18


class Answer(Exception):
    """Ends the request with a status and a sentence."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(text)
        self.status = status


class Target(Protocol):
    """What becomes of a file. Its methods raise Answer or `upload_rules.Refused`, with a sentence for people."""

    def start(
        self, request: SignedInRequest, metadata: dict[str, str], size_bytes: int
    ) -> tuple[Arriving, dict[str, str]]:
        """The awaited file, and headers that say where to send it ("Location")."""

    def own(self, request: HttpRequest) -> "QuerySet[Any]":
        """What this person may continue."""

    def finished_bytes(self, request: HttpRequest, upload_id: uuid.UUID) -> int | None:
        """The size, where all of it has arrived and is stored: a browser that missed the last answer asks again."""

    def is_stored(self, upload: Any) -> bool:
        """It has been moved into the store, though its row does not know it yet."""

    def finish(self, upload: Any) -> object:
        """All bytes are there."""

    def give_up(self, upload: Any) -> None:
        """The sender does not want it any more."""


@require_http_methods(["OPTIONS", "POST"])
def tus_create(request: HttpRequest) -> HttpResponse:
    return answer_create(request, VideoTarget())


@require_http_methods(["OPTIONS", "HEAD", "PATCH", "DELETE", "POST"])
def tus_file(request: HttpRequest, upload_id: uuid.UUID) -> HttpResponse:
    return answer_file(request, VideoTarget(), upload_id)


def answer_create(request: HttpRequest, target: Target) -> HttpResponse:
    """OPTIONS and POST at the address where uploads begin."""
    return _answered(request, {"OPTIONS": _options, "POST": _create}, target)


def answer_file(request: HttpRequest, target: Target, upload_id: uuid.UUID) -> HttpResponse:
    """Everything at an upload's own address. POST only carries another method for proxies that know no PATCH."""
    verbs = {"OPTIONS": _options, "HEAD": _head, "PATCH": _patch, "DELETE": _terminate}
    return _answered(request, verbs, target, upload_id)


def _answered(request: HttpRequest, verbs: dict, target: Target, *args: uuid.UUID) -> HttpResponse:  # type: ignore[type-arg]
    method = str(request.method)
    if method == "POST":
        method = request.headers.get("X-HTTP-Method-Override", method).upper()
    try:
        if method not in verbs:
            raise Answer(HTTPStatus.METHOD_NOT_ALLOWED)
        if method != "OPTIONS":
            _require_signed_in(request)
            if request.headers.get("Tus-Resumable") != VERSION:
                raise Answer(HTTPStatus.PRECONDITION_FAILED, f"Tus-Resumable: {VERSION}")
        response = verbs[method](request, target, *args)
    except Refused as refused:
        response = _plain(refused.status, str(refused))
    except Answer as answer:
        response = _plain(answer.status, str(answer))
        if answer.status == HTTPStatus.PRECONDITION_FAILED:
            response["Tus-Version"] = VERSION
    response["Tus-Resumable"] = VERSION
    response["Cache-Control"] = "no-store"
    return response


def _plain(status: int, words: str) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")


def _require_signed_in(request: HttpRequest) -> None:
    """A redirect to the sign-in page would look like success to the uploader."""
    if not request.user.is_authenticated:
        raise Answer(
            HTTPStatus.UNAUTHORIZED, _("You have been signed out. Sign in again; the upload goes on from here.")
        )


def _options(request: HttpRequest, target: Target, upload_id: uuid.UUID | None = None) -> HttpResponse:
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
        "Tus-Checksum-Algorithm": ",".join(upload_services.CHECKSUMS),
    }
    return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=headers)


def _create(request: SignedInRequest, target: Target) -> HttpResponse:
    metadata = parse_metadata(request.headers.get("Upload-Metadata", ""))
    upload, headers = target.start(request, metadata, _number(request, "Upload-Length"))
    return HttpResponse(status=HTTPStatus.CREATED, headers=headers | _state_headers(upload))


def _head(request: HttpRequest, target: Target, upload_id: uuid.UUID) -> HttpResponse:
    finished = target.finished_bytes(request, upload_id)
    if finished is not None:
        size = str(finished)
        return HttpResponse(status=HTTPStatus.OK, headers={"Upload-Offset": size, "Upload-Length": size})
    upload = _upload(request, target, upload_id)
    if not target.is_stored(upload):
        upload_services.mend_offset(upload)
    if upload.offset_bytes == upload.size_bytes:
        target.finish(upload)
    return HttpResponse(
        status=HTTPStatus.OK, headers=_state_headers(upload) | {"Upload-Length": str(upload.size_bytes)}
    )


def _patch(request: HttpRequest, target: Target, upload_id: uuid.UUID) -> HttpResponse:
    if request.content_type != PATCH_TYPE:
        raise Answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type: {PATCH_TYPE}")
    offset = _number(request, "Upload-Offset")
    checksum = parse_checksum(request.headers.get("Upload-Checksum", ""))
    if target.finished_bytes(request, upload_id) is not None:
        raise Answer(HTTPStatus.CONFLICT, _("The upload is complete."))
    upload = _upload(request, target, upload_id)
    try:
        upload_services.receive(upload, offset=offset, chunks=_chunks(request), checksum=checksum)
    except upload_services.WrongOffset as error:
        raise Answer(HTTPStatus.CONFLICT, f"Upload-Offset: {upload.offset_bytes}") from error
    except upload_services.TooMuch as error:
        raise Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _("The file is longer than was announced.")) from error
    except upload_services.WrongChecksum as error:
        raise Answer(CHECKSUM_MISMATCH, _("The data was damaged on its way.")) from error
    except partial_files.Busy as error:
        raise Answer(HTTPStatus.LOCKED, _("Another window is sending the same file.")) from error
    except UnreadablePostError as error:
        raise Answer(HTTPStatus.BAD_REQUEST, _("The connection was lost.")) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise Answer(HTTPStatus.INSUFFICIENT_STORAGE, _("The server has no disk space left.")) from error
    if upload.offset_bytes == upload.size_bytes:
        target.finish(upload)
    return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=_state_headers(upload))


def _terminate(request: HttpRequest, target: Target, upload_id: uuid.UUID) -> HttpResponse:
    target.give_up(_upload(request, target, upload_id, even_expired=True))
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _upload(request: HttpRequest, target: Target, upload_id: uuid.UUID, even_expired: bool = False) -> Arriving:
    try:
        upload: Arriving = get_object_or_404(target.own(request), pk=upload_id)
    except Http404 as error:
        raise Answer(HTTPStatus.NOT_FOUND, _("There is no such upload.")) from error
    if upload.expires_at < timezone.now() and not even_expired:
        raise Answer(HTTPStatus.GONE, _("This upload was left for too long. Start it again."))
    return upload


class VideoTarget:
    """A video for the library."""

    def start(
        self, request: SignedInRequest, metadata: dict[str, str], size_bytes: int
    ) -> tuple[Upload, dict[str, str]]:
        thoroughness = metadata.get("thoroughness") or Thoroughness.BALANCED
        if thoroughness not in Thoroughness.values:
            raise Answer(HTTPStatus.BAD_REQUEST, _("Unknown thoroughness."))
        teams = access.editable_teams(request.user)
        try:
            team = teams.get(pk=uuid.UUID(metadata["team"])) if metadata.get("team") else teams.earliest("created_at")
        except (ValueError, teams.model.DoesNotExist) as error:
            raise Answer(HTTPStatus.NOT_FOUND, _("You cannot upload videos to this team.")) from error
        upload = upload_services.start_upload(
            team=team,
            user=request.user,
            name=metadata.get("filename", ""),
            size_bytes=size_bytes,
            media_type=metadata.get("filetype", ""),
            thoroughness=thoroughness,
            fingerprint=metadata.get("fingerprint", ""),
        )
        return upload, {
            "Location": reverse("videos:tus_file", args=[upload.pk]),
            "Rollcall-Video": str(upload.video_id),
        }

    def own(self, request: HttpRequest) -> QuerySet[Upload]:
        return access.own_uploads(request.user).select_related("video__team", "user")

    def finished_bytes(self, request: HttpRequest, upload_id: uuid.UUID) -> int | None:
        mine = access.editable_videos(request.user).filter(pk=upload_id, uploaded_by=request.user.pk, upload=None)
        video = mine.filter(current_job__isnull=False).first()
        return video.size_bytes if video else None

    def is_stored(self, upload: Upload) -> bool:
        return upload_services.is_stored(upload)

    def finish(self, upload: Upload) -> bool:
        return upload_services.finish_upload(upload)

    def give_up(self, upload: Upload) -> None:
        upload_services.give_up_upload(upload)


def _state_headers(upload: Arriving) -> dict[str, str]:
    return {"Upload-Offset": str(upload.offset_bytes), "Upload-Expires": http_date(upload.expires_at.timestamp())}


def _chunks(request: HttpRequest) -> Iterator[bytes]:
    while chunk := request.read(READ_BYTES):
        yield chunk


def _number(request: HttpRequest, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise Answer(HTTPStatus.BAD_REQUEST, f"{header}: a whole number is missing")
    return int(text)


def parse_metadata(header: str) -> dict[str, str]:
    """`key base64,key base64,key`; raises Answer (400) for what is neither."""
    metadata = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _space, encoded = pair.partition(" ")
        try:
            metadata[key] = base64.b64decode(encoded, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Answer(HTTPStatus.BAD_REQUEST, f"Upload-Metadata: {key} is not UTF-8 in base64") from error
    return metadata


def parse_checksum(header: str) -> tuple[str, bytes] | None:
    """Algorithm and digest; raises Answer (400) for an unknown algorithm or broken base64."""
    if not header:
        return None
    algorithm, _space, encoded = header.partition(" ")
    if algorithm not in upload_services.CHECKSUMS:
        raise Answer(HTTPStatus.BAD_REQUEST, f"Upload-Checksum: one of {', '.join(upload_services.CHECKSUMS)}")
    try:
        return algorithm, base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise Answer(HTTPStatus.BAD_REQUEST, "Upload-Checksum: not base64") from error
