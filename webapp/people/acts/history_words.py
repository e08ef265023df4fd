"""Puts events on people into words: for toasts, the history of a person, and why something cannot be undone."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webapp.people.acts.label_words import worded
from webapp.people.models import Event, EventKind, Person

Words = Mapping[str, Any]


def of_person(person: Person) -> QuerySet[Event]:
    """Returns the events of a person, newest first."""
    return person.events.select_related("made_by", "undone_by").order_by("-made_at", "pk")


def sentence(event: Event) -> str:
    """Returns what was done, such as "Merged Person 7 into Anna (12 appearances)", without a full stop."""
    return SENTENCES[EventKind(event.act)](worded(event.words))


def undone(event: Event) -> str:
    """Returns how things are after the undo, as a sentence."""
    if event.act == EventKind.NAME and event.changes[0]["before"] == "":
        return _("%(before)s has no name again.") % worded(event.words)
    return UNDONE[EventKind(event.act)](worded(event.words))


def who(event: Event) -> str:
    """Returns the name of whoever made the event."""
    return str(event.made_by) if event.made_by else _("Former member")


def why_not_undone(later: Event | None) -> str:
    """Returns the reason and what to do about it; `later` is the event in the way, if that is known."""
    if later is None:
        return _("This can no longer be undone: the video was analysed again, or appearances were added.")
    return _("Undo the later change first: %(what)s (%(who)s).") % {"what": sentence(later), "who": who(later)}


def edit_conflict(*people: Person) -> str:
    """Returns who changed these people last, for whoever came too late."""
    acts = Event.objects.filter(people__in=people).annotate(at=Coalesce("undone_at", "made_at"))
    last = acts.select_related("made_by", "undone_by").order_by("-at").first()
    if last is None:
        return _("Someone else just changed this. Your change was not saved. Check and try again.")
    if last.undone_at is not None:
        words = _("Someone else changed this first. Undone by %(who)s: %(what)s. Your change was not saved.")
        return words % {"what": sentence(last), "who": last.undone_by or who(last)}
    words = _("Someone else changed this first: %(what)s (%(who)s). Your change was not saved.")
    return words % {"what": sentence(last), "who": who(last)}


def _merged(words: Words) -> str:
    if "name" in words:
        return ngettext(
            "Merged %(person)s into %(target)s as “%(name)s” (%(count)d appearance)",
            "Merged %(person)s into %(target)s as “%(name)s” (%(count)d appearances)",
            words["count"],
        ) % dict(words)
    return ngettext(
        "Merged %(person)s into %(target)s (%(count)d appearance)",
        "Merged %(person)s into %(target)s (%(count)d appearances)",
        words["count"],
    ) % dict(words)


def _moved(words: Words) -> str:
    return ngettext(
        "Moved %(count)d appearance from %(person)s to %(target)s",
        "Moved %(count)d appearances from %(person)s to %(target)s",
        words["count"],
    ) % dict(words)


def _given(words: Words) -> str:
    return ngettext(
        "Gave %(count)d unclear face to %(target)s",
        "Gave %(count)d unclear faces to %(target)s",
        words["count"],
    ) % dict(words)


def _unclear_again(words: Words) -> str:
    return ngettext(
        "%(count)d face of %(target)s is unclear again.",
        "%(count)d faces of %(target)s are unclear again.",
        words["count"],
    ) % dict(words)


def _made_unclear(words: Words) -> str:
    return ngettext(
        "%(count)d appearance of %(person)s is an unclear face now",
        "%(count)d appearances of %(person)s are unclear faces now",
        words["count"],
    ) % dict(words)


def _moved_back(words: Words) -> str:
    return ngettext(
        "%(count)d appearance is back with %(person)s.",
        "%(count)d appearances are back with %(person)s.",
        words["count"],
    ) % dict(words)


def _hidden(words: Words) -> str:
    return (_("Hid %(person)s") if words["count"] == 1 else _("Hid %(count)d people")) % words


def _shown(words: Words) -> str:
    return (_("%(person)s is shown again") if words["count"] == 1 else _("%(count)d people are shown again")) % words


def _hidden_again(words: Words) -> str:
    return (
        _("%(person)s is hidden again.") if words["count"] == 1 else _("%(count)d people are hidden again.")
    ) % words


def _thresholds_changed(words: Words) -> str:
    if "person" not in words:
        return _("Changed the matching strictness for everyone")
    return _("Changed the matching strictness for %(person)s") % words


def _thresholds_back(words: Words) -> str:
    if "person" not in words:
        return _("The previous matching strictness is back.")
    return _("%(person)s has the previous matching strictness again.") % words


SENTENCES: dict[EventKind, Callable[[Words], str]] = {
    EventKind.NAME: lambda words: _("Renamed “%(before)s” to “%(after)s”") % words,
    EventKind.MERGE: _merged,
    EventKind.SPLIT: _moved,
    EventKind.MOVE: _moved,
    EventKind.GIVE: _given,
    EventKind.UNCLEAR: _made_unclear,
    EventKind.HIDE: _hidden,
    EventKind.SHOW: _shown,
    EventKind.PORTRAIT: lambda words: _("%(person)s has a new portrait") % words,
    EventKind.DELETE: lambda words: _("Deleted %(person)s") % words,
    EventKind.APART: lambda words: _("%(person)s and %(target)s are different people") % words,
    EventKind.THRESHOLDS: _thresholds_changed,
}
UNDONE: dict[EventKind, Callable[[Words], str]] = {
    EventKind.NAME: lambda words: _("The name is %(before)s again.") % words,
    EventKind.MERGE: lambda words: _("%(person)s and %(target)s are separate people again.") % words,
    EventKind.SPLIT: _moved_back,
    EventKind.MOVE: _moved_back,
    EventKind.GIVE: _unclear_again,
    EventKind.UNCLEAR: _moved_back,
    EventKind.HIDE: lambda words: _shown(words) + ".",
    EventKind.SHOW: _hidden_again,
    EventKind.PORTRAIT: lambda words: _("%(person)s has the previous portrait again.") % words,
    EventKind.DELETE: lambda words: _("%(person)s is back.") % words,
    EventKind.APART: lambda words: _("%(person)s and %(target)s may be the same person.") % words,
    EventKind.THRESHOLDS: _thresholds_back,
}
