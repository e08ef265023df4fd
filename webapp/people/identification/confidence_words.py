"""What a likeness means, in words: how often strangers are as alike, and how often a known person is recognised."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from analysis.faces.search import IDENTIFICATION_THRESHOLDS, MEASURED_ERROR_RATES, IdentificationThresholds
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
    usual = IDENTIFICATION_THRESHOLDS.get(embedder, IDENTIFICATION_THRESHOLDS[USUAL])
    limits = IdentificationThresholds(
        usual.accept_from if person.join_from is None else person.join_from,
        usual.review_from if person.suggest_from is None else person.suggest_from,
    )
    return Sureness(
        round(100 * usual.accept_from),
        round(100 * usual.review_from),
        None if person.join_from is None else round(100 * person.join_from),
        None if person.suggest_from is None else round(100 * person.suggest_from),
        meaning(limits.accept_from),
        meaning(limits.review_from),
    )


def meaning(likeness: float) -> str:
    """ "About 1 in 74,000 strangers is this alike, and 94 in 100 views of the same person." """
    point = min(MEASURED_ERROR_RATES, key=lambda each: abs(each.similarity - likeness))
    known = round(100 * point.true_match_rate)
    if not point.false_match_rate:
        words = _("No stranger was this alike when it was measured; %(known)d in 100 views of the same person were.")
        return words % {"known": known}
    one_in = _rounded(1 / point.false_match_rate)
    words = _("About 1 in %(n)s strangers is this alike, and %(known)d in 100 views of the same person.")
    return words % {"n": f"{one_in:,}", "known": known}


def _rounded(number: float) -> int:
    """To two digits: more would pretend."""
    step = 10 ** max(len(str(int(number))) - 2, 0)
    return round(number / step) * step


def percent(likeness: float) -> int:
    return max(0, round(100 * likeness))
