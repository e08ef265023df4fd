"""Says from when to when people are blurred in a blurred copy, and what may be no face."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webapp.http.clock import clock_of
from webapp.http.list_words import filled, listed
from webapp.people.models import Person

MOST_SPANS = 10


def coverage_lines(report: Mapping[str, Any], people: Iterable[Person]) -> list[str]:
    """Returns sentences on a copy that hides these people; reports of earlier versions give none."""
    names = {one.number: str(one.merged_into or one) for person in people for one in _once(person)}
    lines = []
    for covered in report.get("people_covered", ()):
        if covered["person"] in names:
            lines += _of_person(names[covered["person"]], covered)
    return lines


def unconfirmed_lines(report: Mapping[str, Any]) -> list[str]:
    """Returns a sentence on areas that may be no face; none where there are none."""
    count = report.get("areas_unconfirmed", 0)
    words = ngettext(
        "%(n)d blurred area may not be a face: it was never clearly seen as one.",
        "%(n)d blurred areas may not be faces: they were never clearly seen as such.",
        count,
    )
    return [words % {"n": count}] if count else []


def _once(person: Person) -> list[Person]:
    """Returns a person under the numbers of then and now."""
    return [person, person.merged_into] if person.merged_into else [person]


def _of_person(who: str, covered: Mapping[str, Any]) -> list[str]:
    left, held = covered["open_s"], covered["held_s"]
    if left:
        words = _(
            "%(who)s is blurred at %(times)s. At %(open)s %(who)s was not found and nothing is blurred: "
            "watch these parts before you share the copy."
        )
        lines = [filled(words, who=who, times=_spans(covered["covered_s"]), open=_spans(left))]
    else:
        lines = [filled(_("%(who)s is blurred from start to end."), who=who)]
    if held:
        words = _(
            "At %(times)s %(who)s was not clearly seen: the blur covers the place where %(who)s was just before or "
            "after. Watch this part before you share the copy."
        )
        lines.append(filled(words, who=who, times=_spans(held)))
    return lines


def _spans(spans_s: Sequence[tuple[float, float]]) -> str:
    """Returns "0:02.4–0:05.0, 0:09.1–0:12.0": what is open for half a second counts."""
    shown = [f"{clock_of(start_s)}–{clock_of(end_s)}" for start_s, end_s in spans_s]
    return listed(shown[:MOST_SPANS]) + (" …" if len(shown) > MOST_SPANS else "")
