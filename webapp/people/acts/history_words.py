"""Acts on people in words: for toasts, the history of a person, and why something cannot be undone."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webapp.people.models import Act, Event, Person

Words = Mapping[str, Any]


def of_person(person: Person) -> QuerySet[Event]:
    """Newest first."""
    return person.events.select_related("made_by", "undone_by").order_by("-made_at", "pk")


def sentence(event: Event) -> str:
    """What was done: "“Person 7” and Anna became one person: Anna (12 appearances)"."""
    return SENTENCES[Act(event.act)](event.words)


def who(event: Event) -> str:
    return str(event.made_by) if event.made_by else _("Somebody who is no longer here")


def why_not_undone(later: Event | None) -> str:
    """The reason, and what to do about it."""
    if later is None:
        return _("This cannot be undone any more: the video was analysed again since, or somebody was added.")
    return _("This cannot be undone yet, because of what came after it: %(what)s (%(who)s). Undo that first.") % {
        "what": sentence(later),
        "who": who(later),
    }


def changed_meanwhile(*people: Person) -> str:
    """What was done with these people last, so that whoever came too late sees why nothing came of theirs."""
    acts = Event.objects.filter(people__in=people).annotate(at=Coalesce("undone_at", "made_at"))
    last = acts.select_related("made_by", "undone_by").order_by("-at").first()
    if last is None:
        return _("Somebody else has just changed this. Nothing was done; look again and decide anew.")
    if last.undone_at is not None:
        words = _("Somebody was quicker. %(who)s has undone: %(what)s. Nothing else was done; look again.")
        return words % {"what": sentence(last), "who": last.undone_by or who(last)}
    words = _("Somebody was quicker: %(what)s (%(who)s). Nothing else was done; look again and decide anew.")
    return words % {"what": sentence(last), "who": who(last)}


def _named(words: Words) -> str:
    return _("“%(before)s” is now %(after)s") % words


def _merged(words: Words) -> str:
    return ngettext(
        "“%(person)s” is now %(target)s (%(count)d appearance)",
        "“%(person)s” is now %(target)s (%(count)d appearances)",
        words["count"],
    ) % dict(words)


def _moved(words: Words) -> str:
    return ngettext(
        "%(count)d appearance of %(person)s is now of %(target)s",
        "%(count)d appearances of %(person)s are now of %(target)s",
        words["count"],
    ) % dict(words)


def _hidden(words: Words) -> str:
    if words["count"] == 1:
        return _("%(person)s is hidden") % words
    return _("%(count)d people are hidden") % words


def _shown(words: Words) -> str:
    if words["count"] == 1:
        return _("%(person)s is shown again") % words
    return _("%(count)d people are shown again") % words


def _portrait(words: Words) -> str:
    return _("%(person)s has a new portrait") % words


def _deleted(words: Words) -> str:
    return _("%(person)s is deleted") % words


def _apart(words: Words) -> str:
    return _("%(person)s and %(target)s are two people") % words


def _limits(words: Words) -> str:
    return _("How sure is sure was changed for %(person)s") % words


SENTENCES: dict[Act, Callable[[Words], str]] = {
    Act.NAME: _named,
    Act.MERGE: _merged,
    Act.SPLIT: _moved,
    Act.MOVE: _moved,
    Act.HIDE: _hidden,
    Act.SHOW: _shown,
    Act.PORTRAIT: _portrait,
    Act.DELETE: _deleted,
    Act.APART: _apart,
    Act.LIMITS: _limits,
}
