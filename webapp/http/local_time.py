"""Dates on pages: the server's words, which the browser replaces by its own format and time zone."""

from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime


def moment(at: datetime | None) -> SafeString:
    """Returns a date with its time of day, as a `<local-time>`; nothing for None."""
    if not at:
        return SafeString()
    return _element(at.isoformat(), date_format(localtime(at), "j M Y, H:i"))


def day(at: date | None) -> SafeString:
    """Returns a date, as a `<local-time>`; nothing for None. Dates without a time belong to no time zone."""
    if not at:
        return SafeString()
    local = localtime(at) if isinstance(at, datetime) else at
    return _element(at.isoformat(), date_format(local, "j M Y"), only_day=True)


def _element(iso: str, words: str, only_day: bool = False) -> SafeString:
    kind = SafeString(" data-day") if only_day else ""
    return format_html('<local-time{}><time datetime="{}">{}</time></local-time>', kind, iso, words)
