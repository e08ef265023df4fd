"""Says which stored file a link shows, and of which type."""

from dataclasses import dataclass

from webapp.exports.file_name_rules import file_name
from webapp.jobs.models import ACTIVE
from webapp.sharing.models import ShareLink
from webapp.videos.media_info import playable_type
from webapp.videos.models import Playback


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A file as it is sent; `name` is what a download is called, and tells no more than the title does."""

    key: str
    content_type: str
    name: str


def file_of(link: ShareLink) -> SharedFile | None:
    """Returns what a player is sent; None while a clip is being cut, or a copy for browsers is being made."""
    if link.export is not None:
        key, content_type = (link.export.file_key if link.export.is_ready else ""), "video/mp4"
    else:
        assert link.video is not None
        keys = {Playback.COPY: link.video.copy_key, Playback.ORIGINAL: link.video.original_key}
        is_original = link.video.playback == Playback.ORIGINAL
        key = keys.get(Playback(link.video.playback), "")
        content_type = playable_type(link.video.container) if is_original else "video/mp4"
    suffix = ".webm" if content_type == "video/webm" else ".mp4"
    return SharedFile(key, content_type, file_name(link.title or "video", suffix)) if key else None


def is_coming(link: ShareLink) -> bool:
    """Returns whether a file that is not there yet is being made."""
    if link.export is not None:
        return link.export.job.status in ACTIVE
    return link.video is not None and link.video.playback == Playback.PENDING
