"""Decides before the first byte is sent what may be uploaded; refusals are sentences for people."""

import unicodedata
from datetime import timedelta
from http import HTTPStatus
from pathlib import PurePosixPath

from django.conf import settings
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from webapp import storage
from webapp.team_scope import across_teams
from webapp.uploads import partial_files
from webapp.uploads.models import PartialUpload

VIDEO_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".mkv", ".webm", ".ogv", ".ogg", ".avi", ".divx", ".wmv", ".asf"),
    *(".flv", ".f4v", ".mpg", ".mpeg", ".mts", ".m2ts", ".ts", ".vob", ".mxf", ".dv", ".gif"),
    *(".h264", ".264", ".hevc", ".h265", ".265", ".y4m", ".mjpeg", ".mjpg"),
)
"""Offered by the file chooser. Other names are accepted too: the check reads the file, not its name."""
NEVER_VIDEO = ("image/", "text/", "audio/", "font/", "application/pdf", "application/zip", "application/vnd.")
STILL_SENDING = timedelta(minutes=15)
"""An upload that has been idle for longer no longer reserves room for its remaining bytes: a piece takes minutes."""
SIZE_STEP, SIZE_UNITS = 1024, ("B", "KB", "MB", "GB", "TB")
NAME_LENGTH = 255
FINGERPRINT_LENGTH = 200


class Refused(Exception):
    """An upload that cannot be accepted; `str()` says why in words for the person who sends it."""

    def __init__(self, reason: str, status: HTTPStatus) -> None:
        super().__init__(reason)
        self.status = status


class PictureRefused(Refused):
    """It is a picture, in which people can be looked for."""

    def __init__(self, name: str) -> None:
        words = _("“%(name)s” is a picture. To find out who is in it, open People and choose Find by photo.")
        super().__init__(words % {"name": name}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def check_content(name: str, media_type: str) -> None:
    """Raises Refused where the first bytes, as the browser read them, are those of no video, whatever the name says."""
    if media_type.lower().startswith("image/"):
        raise PictureRefused(name)
    if media_type.lower().startswith(NEVER_VIDEO):
        raise _not_a_video(name)


def _not_a_video(name: str) -> Refused:
    words = _("“%(name)s” is not a video. Choose a video file, for example MP4, MOV, MKV, WebM or AVI.")
    return Refused(words % {"name": name}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def check(*, name: str, size_bytes: int, media_type: str = "", resuming_bytes: int = 0) -> None:
    """Raises Refused where a video may not be uploaded. `resuming_bytes` arrived earlier and need no more room."""
    check_size(name, size_bytes)
    if looks_like_no_video(name, media_type):
        raise PictureRefused(name) if media_type.lower().startswith("image/") else _not_a_video(name)
    check_room(name, size_bytes, resuming_bytes)


def check_size(name: str, size_bytes: int) -> None:
    """Raises Refused for a file that is empty or larger than the limit."""
    if size_bytes <= 0:
        raise Refused(_("“%(name)s” is empty. Choose another file.") % {"name": name}, HTTPStatus.BAD_REQUEST)
    if size_bytes > settings.UPLOAD_MAX_BYTES:
        words = _("“%(name)s” is %(size)s. Files can be up to %(limit)s. Choose a smaller file.")
        values = {"name": name, "size": size(size_bytes), "limit": size(settings.UPLOAD_MAX_BYTES)}
        raise Refused(words % values, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def check_room(name: str, size_bytes: int, resuming_bytes: int = 0) -> None:
    """Raises Refused where the disk would become too full."""
    if size_bytes - resuming_bytes > room_bytes():
        words = _(
            "“%(name)s” is %(size)s, but the server has room for only %(room)s. Delete videos that you no longer need, "
            "then try again."
        )
        values = {"name": name, "size": size(size_bytes), "room": size(room_bytes())}
        raise Refused(words % values, HTTPStatus.INSUFFICIENT_STORAGE)


def looks_like_no_video(name: str, media_type: str) -> bool:
    """Judges by the browser's media type, unless the ending is known: browsers guess types from their own lists."""
    if PurePosixPath(name).suffix.lower() in VIDEO_SUFFIXES:
        return False
    return media_type.lower().startswith(NEVER_VIDEO)


def room_bytes() -> int:
    """Returns the free bytes less the reserve and less what current uploads have still to send.

    An upload has to fit where it arrives and where it is kept.
    """
    coming = sum(_coming_bytes(kind) for kind in PartialUpload.every_kind())
    return max(0, min(storage.free_bytes(), partial_files.free_bytes()) - settings.DISK_RESERVE_BYTES - coming)


@across_teams()
def _coming_bytes(kind: type[PartialUpload]) -> int:
    """Counts none before its first bytes: announcing costs nothing, and would take the room from everybody."""
    recent = kind.unfinished().filter(reserved_at__isnull=False, updated_at__gt=timezone.now() - STILL_SENDING)
    return recent.aggregate(left=Sum(F("size_bytes") - F("offset_bytes")))["left"] or 0


def clean_name(name: str) -> str:
    """Returns the last part of what may be a path, without control characters; never empty."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return _printable(last)[-NAME_LENGTH:] or _("Video")


def clean_fingerprint(fingerprint: str) -> str:
    """Returns it without control characters: databases refuse the null character."""
    return _printable(fingerprint)[:FINGERPRINT_LENGTH]


def _printable(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp")).strip()


def title_of(name: str) -> str:
    """Returns a file name without its ending."""
    return PurePosixPath(name).stem or name


def size(number: int) -> str:
    """Returns a number of bytes in words, in steps of 1024 as Django counts: "812 KB", "1.4 GB", "20 GB"."""
    value, unit = float(number), 0
    while value >= SIZE_STEP and unit < len(SIZE_UNITS) - 1:
        value, unit = value / SIZE_STEP, unit + 1
    return f"{value:.{int(unit > 1 and value < 10)}f} {SIZE_UNITS[unit]}"
