"""Says what a link shows."""

from collections.abc import Iterable, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from webapp.exports import words as exports_words
from webapp.exports.models import Export, ExportKind
from webapp.http.clock import clock_of
from webapp.http.list_words import filled
from webapp.name_folding import fold
from webapp.sharing.models import ShareLink
from webapp.videos.models import Video

NOT_PLAYABLE = _("Browsers cannot play this video yet, so there is nothing to share.")
CANNOT = _("Revoke links that you no longer need first.")
BUSY = _("Too many people are entering passwords at the moment. Try again in a minute.")
WRONG_PASSWORD = _("This password is wrong.")
EXPORT_TITLES: dict[str, Promise] = {
    ExportKind.CLIP: _("%(video)s – clip"),
    ExportKind.REEL: _("%(video)s – highlights"),
    ExportKind.BLUR: _("%(video)s – blurred copy"),
}
"""What visitors read of an export of one video."""
LONGEST_TITLE = ShareLink._meta.get_field("title").max_length or 0
LEAST_TOLD = 2
"""Letters of a part of a name that tell who it is."""


def wait_for(seconds: int) -> str:
    """Says after how long a password may be tried again."""
    if seconds < 60:
        text = ngettext(
            "Too many attempts. Try again in %(n)d second.", "Too many attempts. Try again in %(n)d seconds.", seconds
        )
        return text % {"n": seconds}
    minutes = -(-seconds // 60)
    text = ngettext(
        "Too many attempts. Try again in %(n)d minute.", "Too many attempts. Try again in %(n)d minutes.", minutes
    )
    return text % {"n": minutes}


def moment_title(video: Video, moment: tuple[float, float]) -> str:
    """Returns what the clip of a moment is called: "Party, 0:35.2–0:45.2"."""
    return f"{video.title}, {clock_of(moment[0])}–{clock_of(moment[1])}"


def export_title(export: Export, videos: Sequence[Video], kept_back: Iterable[str]) -> str:
    """Returns the title that is proposed for a shared export: that of its video, unless it tells a name `kept_back`.

    The title that the team reads names people, also those who are blurred.
    """
    kind = str(export.get_kind_display())
    if len(videos) != 1 or export.kind not in EXPORT_TITLES:
        return kind
    words, title = str(EXPORT_TITLES[export.kind]), videos[0].title
    if any(part in fold(title) for name in kept_back for part in fold(name).split() if len(part) >= LEAST_TOLD):
        return kind
    return filled(words, video=title[: LONGEST_TITLE - len(words)])


def what_of(link: ShareLink) -> str:
    """Returns what a link shows, by the names that the team knows it by."""
    if link.export is not None:
        return exports_words.title_of_export(link.export)
    return link.video.title if link.video is not None else ""
