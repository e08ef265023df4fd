"""Puts thresholds into words: how often they match a stranger, and how often they find a known person."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from analysis.faces.search import MEASURED_ERROR_RATES, ErrorRates, IdentificationThresholds
from webapp.people.identification import threshold_queries
from webapp.people.introduction import queries as introduction_queries
from webapp.people.models import Person, ReferenceSet


@dataclass(frozen=True, slots=True)
class ThresholdsInWords:
    """Accept and review threshold of a person in percent, with what they mean. `own` are those set for this person."""

    accept_percent: int
    review_percent: int
    own_accept: int | None
    own_review: int | None
    accept_words: str
    review_words: str


def thresholds_of_person(person: Person) -> ThresholdsInWords:
    """Returns the thresholds by which new faces are matched with this person."""
    embedder = _embedder_of(person)
    thresholds = introduction_queries.thresholds_for(embedder)
    defaults = threshold_queries.of_team(person.team_id, embedder)
    effective = IdentificationThresholds(
        defaults.accept_from if person.join_from is None else person.join_from,
        defaults.review_from if person.suggest_from is None else person.suggest_from,
    )
    return ThresholdsInWords(
        round(100 * defaults.accept_from),
        round(100 * defaults.review_from),
        None if person.join_from is None else round(100 * person.join_from),
        None if person.suggest_from is None else round(100 * person.suggest_from),
        error_rates_in_words(effective.accept_from, thresholds.error_rates),
        error_rates_in_words(effective.review_from, thresholds.error_rates),
    )


def defaults_of_person(person: Person) -> IdentificationThresholds:
    """Returns the thresholds that hold where this person has none of their own."""
    return threshold_queries.of_team(person.team_id, _embedder_of(person))


def _embedder_of(person: Person) -> str:
    embedder = ReferenceSet.objects.filter(person=person).values_list("embedder", flat=True).first()
    return introduction_queries.known_or_built_in(embedder or "")


def error_rates_in_words(similarity: float, measured: Sequence[ErrorRates] = MEASURED_ERROR_RATES) -> str:
    """Returns the measured error rates of a threshold: how many strangers match, how many views of one person do."""
    if not measured:
        return _("Nobody has measured yet how often this face model is wrong.")
    point = min(measured, key=lambda each: abs(each.similarity - similarity))
    known = round(100 * point.true_match_rate)
    if not point.false_match_rate:
        words = _("Matched no stranger in our measurements and finds %(known)d of 100 views of the same person.")
        return words % {"known": known}
    one_in = _rounded(1 / point.false_match_rate)
    words = _("Wrongly matches about 1 stranger in %(n)s and finds %(known)d of 100 views of the same person.")
    return words % {"n": f"{one_in:,}", "known": known}


def _rounded(number: float) -> int:
    """Rounds to two digits: more would claim a precision that was not measured."""
    step = 10 ** max(len(str(int(number))) - 2, 0)
    return round(number / step) * step


def percent(similarity: float) -> int:
    """Returns a cosine as whole percent, 0..100."""
    return max(0, round(100 * similarity))
