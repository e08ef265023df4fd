"""Says what a link shows."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from webapp.exports import words as exports_words
from webapp.http.clock import clock_of
from webapp.sharing.models import ShareLink
from webapp.videos.models import Video

NOT_PLAYABLE = _("Browsers cannot play this video yet, so there is nothing to share.")
CANNOT = _("Revoke links that you no longer need first.")
BUSY = _("Too many people are entering passwords at the moment. Try again in a minute.")
WRONG_PASSWORD = _("This password is wrong.")


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


def what_of(link: ShareLink) -> str:
    """Returns what a link shows, by the names that the team knows it by."""
    if link.export is not None:
        return exports_words.title_of_export(link.export)
    return link.video.title if link.video is not None else ""
