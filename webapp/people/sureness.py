"""What a likeness means, in words: how often strangers are as alike, and how often a known person is recognised."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.faces.search import LIMITS, MEASURED, Limits
from webapp.people.models import Person, ReferenceSet

USUAL = "mobilefacenet_192"


@dataclass(frozen=True, slots=True)
class Sureness:
    """In percent of likeness, with what the two limits mean. `own` are those set for this person."""

    join_percent: int
    suggest_percent: int
    own_join: int | None
    own_suggest: int | None
    join_words: str
    suggest_words: str


def of_person(person: Person) -> Sureness:
    embedder = ReferenceSet.objects.filter(person=person).values_list("embedder", flat=True).first() or USUAL
    usual = LIMITS.get(embedder, LIMITS[USUAL])
    limits = Limits(
        usual.join_from if person.join_from is None else person.join_from,
        usual.suggest_from if person.suggest_from is None else person.suggest_from,
    )
    return Sureness(
        round(100 * usual.join_from),
        round(100 * usual.suggest_from),
        None if person.join_from is None else round(100 * person.join_from),
        None if person.suggest_from is None else round(100 * person.suggest_from),
        meaning(limits.join_from),
        meaning(limits.suggest_from),
    )


def meaning(likeness: float) -> str:
    """ "1 of 3,000 strangers is as alike; 81 of 100 known people are recognised"."""
    point = min(MEASURED, key=lambda each: abs(each.likeness - likeness))
    one_in = round(1 / point.strangers) if point.strangers else 0
    strangers = (
        ngettext("1 of %(n)s stranger is as alike", "1 of %(n)s strangers is as alike", one_in) % {"n": f"{one_in:,}"}
        if one_in
        else _("no stranger was as alike when this was measured")
    )
    known = _("%(n)d of 100 appearances of a known person are") % {"n": round(100 * point.known)}
    return f"{strangers}; {known}"


def percent(likeness: float) -> int:
    return max(0, round(100 * likeness))
