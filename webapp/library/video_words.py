"""Says in words what the page of a video shows: its details, its problem, how to play it."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from webapp.http import local_time
from webapp.http.clock import clock_length
from webapp.jobs import words as jobs_words
from webapp.uploads import rules as uploads_rules
from webapp.videos.media_info import is_playable
from webapp.videos.models import Playback, Video, VideoState

CONTAINERS = {"mov": "MP4/MOV", "matroska": "MKV/WebM", "mpegts": "MPEG-TS", "asf": "WMV"}
"""Words of FFmpeg that nobody else uses; others are only written in capitals."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a video was refused or could not be analysed, and where to go instead."""

    headline: str
    detail: str
    other_url: str = ""


def problem(video: Video) -> Problem | None:
    if video.state != VideoState.FAILED or video.current_job is None:
        return None
    failure = jobs_words.explain(video.current_job.error_code)
    duplicate = video.duplicate_of
    if duplicate is not None and duplicate.deleted_at is None:
        address = reverse("videos:detail", args=[duplicate.pk])
        return Problem(_("This video is already here."), _("Open “%s”") % duplicate.title, address)
    return Problem(str(failure.happened), str(failure.next_step))


def playing(video: Video) -> dict[str, Any]:
    """Returns what the player needs."""
    sprites = None
    if video.sprites_key:
        sprites = {"url": reverse("videos:sprites", args=[video.pk]), **video.sprites}
    return {
        "is_playable": is_playable(video),
        "is_pending": video.playback in (Playback.UNKNOWN, Playback.PENDING),
        "is_impossible": video.playback == Playback.IMPOSSIBLE,
        "url": reverse("videos:play", args=[video.pk]),
        "poster_url": reverse("videos:poster", args=[video.pk]) if video.poster_key else "",
        "sprites": sprites,
        "boxes_url": reverse("videos:boxes", args=[video.pk]),
    }


def details(video: Video) -> list[tuple[str, str]]:
    """Returns pairs of label and value, as far as known."""
    known = [
        (_("File name"), video.file_name),
        (_("Size"), uploads_rules.size(video.size_bytes) if video.size_bytes else ""),
        (_("Length"), clock_length(video.duration_s) if video.duration_s else ""),
        (_("Resolution"), _picture(video)),
        (_("Format"), " · ".join(filter(None, [_container(video), video.video_codec, video.audio_codec]))),
        (_("Skipped frames"), str(video.frames_damaged) if video.frames_damaged else ""),
        (_("Uploaded by"), str(video.uploaded_by or "")),
        (_("Uploaded"), local_time.moment(video.created_at)),
        (_("Thoroughness"), video.get_thoroughness_display()),
        (_("Playback"), video.get_playback_display() if video.current_job_id else ""),
    ]
    return [(label, value) for label, value in known if value]


def _container(video: Video) -> str:
    """Returns FFmpeg's word for it as people know it: "mov,mp4,m4a,3gp,3g2,mj2" is MP4 or MOV."""
    first = video.container.split(",")[0]
    return CONTAINERS.get(first, first.upper())


def _picture(video: Video) -> str:
    if not video.width:
        return ""
    values = {"width": video.width, "height": video.height, "rate": f"{video.rate_fps:.2f}".rstrip("0").rstrip(".")}
    return _("%(width)d × %(height)d, %(rate)s frames per second") % values
