"""Proposes limits from what a team's own people say: above the most alike two, and low enough to ask about one."""

import math
from dataclasses import dataclass
from enum import StrEnum

from analysis.faces.search import IdentificationThresholds
from webapp.people.identification.own_limits_queries import OwnLimits

MARGIN = 0.04
"""Between a limit and the most extreme pair that was seen: the next pair may be a little more extreme."""
MOST_LENIENT = 0.06
"""So far below the default of the embedder a limit may be proposed, whatever a team's few people say."""
STRICTEST = 0.9
LEAST_PEOPLE = 10
"""Fewer say too little for anything but stricter matching."""


class LimitsVerdict(StrEnum):
    """What the page says about the limits in use."""

    NOTHING_KNOWN = "nothing_known"
    CHECK_FIRST = "check_first"
    FITS = "fits"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Proposal:
    """The limits to propose, in whole percent; those in use unless the verdict is `CHANGE`."""

    verdict: LimitsVerdict
    accept_percent: int
    review_percent: int
    has_few_people: bool = False
    """Other limits might fit, but too few people are known for them."""


def propose(found: OwnLimits, now: IdentificationThresholds, usual: IdentificationThresholds) -> Proposal:
    """Never proposes a lower limit while an appearance probably shows somebody else than it says."""
    accept_now, review_now = round(100 * now.accept_from), round(100 * now.review_from)
    if found.between is None:
        return Proposal(LimitsVerdict.NOTHING_KNOWN, accept_now, review_now)
    if found.is_suspect:
        return Proposal(LimitsVerdict.CHECK_FIRST, accept_now, review_now)
    accept = _within(found.between.similarity + MARGIN, usual.accept_from - MOST_LENIENT, STRICTEST)
    review = now.review_from
    if found.within is not None:
        review = _within(found.within.similarity - MARGIN, usual.review_from - MOST_LENIENT, accept)
    wished = math.ceil(100 * accept - 1e-6), math.floor(100 * min(review, accept) + 1e-6)
    proposed = wished
    if found.people < LEAST_PEOPLE:
        proposed = max(wished[0], accept_now), review_now
    proposed = proposed[0], min(proposed)
    verdict = LimitsVerdict.FITS if proposed == (accept_now, review_now) else LimitsVerdict.CHANGE
    return Proposal(verdict, *proposed, has_few_people=proposed != wished)


def _within(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)
