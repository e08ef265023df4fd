"""Uploading videos: the check before the first byte, and the addresses of the tus protocol."""

import uuid
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required  # for tus, which answers by itself
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from webapp import access
from webapp.accounts.context_processors import team_of
from webapp.accounts.models import Team, TokenScope, User
from webapp.accounts.request_limit_middleware import asked_often
from webapp.accounts.request_types import SignedInRequest
from webapp.accounts.tokens.bearer_middleware import takes_tokens
from webapp.http.ids import uuid_or_none
from webapp.http.streaming_middleware import takes_streams
from webapp.jobs.idempotency_responses import starts_work
from webapp.uploads import quota_queries
from webapp.uploads import rules as uploads_rules
from webapp.uploads.quota_queries import Room
from webapp.uploads.tus_responses import TusError, respond_to_create, respond_to_file
from webapp.videos import upload_queries, upload_services
from webapp.videos.models import ThoroughnessChoice, Upload, Video
from webapp.videos.upload_forms import PrecheckForm


@require_POST
def precheck(request: SignedInRequest) -> HttpResponse:
    """Says before the first byte which files would be refused, and where an earlier upload can be resumed."""
    # Not `request.body`, which is no more where a form with parts has been sent.
    form = PrecheckForm.of_body(request.read())
    if not form.is_valid():
        return JsonResponse({"error": form.errors.as_text()}, status=400)
    team = _team_to_fill(request, form.cleaned_data["team"])
    if team is None:
        return JsonResponse(
            {"error": _("You cannot upload videos to this team. Ask an admin for the Editor role.")}, status=404
        )
    room = quota_queries.room_of(team, request.user)
    files = [_prechecked(file, request.user, team, room) for file in form.cleaned_data["listed"]]
    _tell_same(files, form.cleaned_data["listed"], access.visible_videos(request.user).filter(team=team))
    return JsonResponse({"files": files, "free_bytes": uploads_rules.room_bytes()})


def _team_to_fill(request: SignedInRequest, named: str) -> Team | None:
    """Returns the team that the page names, else the one chosen, if this person may upload to it."""
    chosen = team_of(request)
    wished = uuid_or_none(named) if named else chosen and chosen.pk
    return access.editable_teams(request.user).filter(pk=wished).first() if wished else None


def _prechecked(file: dict[str, Any], user: User, team: Team, room: Room) -> dict[str, Any]:
    begun = upload_services.resumable(user, team, size_bytes=file["size"], fingerprint=file["fingerprint"])
    arrived = begun.offset_bytes if begun else 0
    try:
        uploads_rules.check_content(file["name"], file["content"])
        uploads_rules.check(name=file["name"], size_bytes=file["size"], media_type=file["type"], resuming_bytes=arrived)
    except uploads_rules.Refused as refusal:
        is_final = refusal.status != HTTPStatus.INSUFFICIENT_STORAGE
        is_picture = isinstance(refusal, uploads_rules.PictureRefused)
        return {"ok": False, "reason": str(refusal), "is_final": is_final, "is_picture": is_picture}
    if not begun and (words := quota_queries.refusal(room, file["name"], file["size"])):
        return {"ok": False, "reason": words}
    resume = {"resume": reverse("videos:tus_file", args=[begun.pk]), "offset": arrived} if begun else {}
    return {"ok": True, **resume}


def _tell_same(checked: list[dict[str, Any]], files: list[dict[str, Any]], videos: QuerySet[Video]) -> None:
    """Adds to what may come, and does not continue, the video that has the same name and size."""
    same = upload_queries.same_files(videos, {(file["name"], file["size"]) for file in files})
    for answer, file in zip(checked, files, strict=True):
        video = same.get((file["name"], file["size"]))
        if video is not None and answer["ok"] and "resume" not in answer:
            answer["same"] = {"title": video.title, "url": reverse("videos:detail", args=[video.pk])}


@takes_tokens(TokenScope.WRITE)
@login_not_required
@require_http_methods(["OPTIONS", "POST"])
@starts_work
def tus_create(request: HttpRequest) -> HttpResponse:
    return respond_to_create(request, VideoTarget())


@asked_often
@takes_streams
@takes_tokens(TokenScope.WRITE)
@login_not_required
@require_http_methods(["OPTIONS", "HEAD", "PATCH", "DELETE", "POST"])
def tus_file(request: HttpRequest, upload_id: uuid.UUID) -> HttpResponse:
    return respond_to_file(request, VideoTarget(), upload_id)


@require_POST
def stop(request: SignedInRequest, upload_id: uuid.UUID) -> JsonResponse:
    """Notes that the page stops sending; says how many bytes have arrived."""
    upload = get_object_or_404(access.own_uploads(request.user).select_related("video"), pk=upload_id)
    upload_services.stop_upload(upload)
    return JsonResponse({"offset": upload.offset_bytes})


class VideoTarget:
    """A video for the library."""

    is_stored = staticmethod(upload_services.is_stored)
    report_progress = staticmethod(upload_services.publish)
    finish = staticmethod(upload_services.finish_upload)
    give_up = staticmethod(upload_services.give_up_upload)

    def start(
        self, request: SignedInRequest, metadata: dict[str, str], size_bytes: int
    ) -> tuple[Upload, dict[str, str]]:
        thoroughness = metadata.get("thoroughness") or ThoroughnessChoice.BALANCED
        if thoroughness not in ThoroughnessChoice.values:
            raise TusError(HTTPStatus.BAD_REQUEST, _("Choose Fast, Balanced or Thorough."))
        team = _team_to_fill(request, metadata.get("team", ""))
        if team is None:
            raise TusError(
                HTTPStatus.NOT_FOUND, _("You cannot upload videos to this team. Ask an admin for the Editor role.")
            )
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
