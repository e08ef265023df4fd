"""Positions and lengths, the same on every page and in every sentence. static/js/format.js says them alike."""

from django.utils.translation import gettext as _


def clock(seconds: float | None) -> str:
    """Returns "0:48", "12:40", "1:02:14"; begun seconds do not count, as players count."""
    whole = int(seconds or 0)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def clock_of(seconds: float) -> str:
    """Returns "0:35.2" or "1:02:14.0": where tenths of a second count."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    end = f"{minutes:02d}:{rest / 10:04.1f}" if hours else f"{minutes}:{rest / 10:04.1f}"
    return f"{hours}:{end}" if hours else end


def clock_length(seconds: float | None) -> str:
    """Returns the length of a whole as on a player, rounded as in words; what has a length never reads as "0:00"."""
    return clock(max(_rounded(seconds), 1)) if seconds else clock(0)


def duration_words(seconds: float | None) -> str:
    """Returns a length in words, rounded: "6 h 12 min", "1 min 8 s", "24 min", "48 s", "under 1 s"."""
    whole = _rounded(seconds)
    if not whole:
        return _("under 1 s") if seconds else _("%(seconds)d s") % {"seconds": 0}
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return _("%(seconds)d s") % {"seconds": rest}
    if minutes < 60:
        words = _("%(minutes)d min %(seconds)d s") if rest else _("%(minutes)d min")
        return words % {"minutes": minutes, "seconds": rest}
    hours, minutes = divmod(_rounded(whole / 60), 60)
    return (_("%(hours)d h %(minutes)d min") if minutes else _("%(hours)d h")) % {"hours": hours, "minutes": minutes}


def _rounded(value: float | None) -> int:
    """Rounds halves up, as JavaScript does."""
    return int((value or 0) + 0.5)
