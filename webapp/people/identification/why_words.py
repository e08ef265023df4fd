"""Sentences that say why an appearance has its name, from what was kept when it was decided."""

from collections.abc import Sequence

from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from analysis.faces.clarity import (
    CLEAR_PITCH_DEG,
    CLEAR_PRESENCE,
    CLEAR_SHARPNESS,
    CLEAR_SIDE_PX,
    CLEAR_YAW_DEG,
    FRONTAL_YAW_DEG,
)
from analysis.types import ViewMeasures
from webapp.http.clock import clock
from webapp.people.identification.confidence_words import percent
from webapp.people.models import Decision, DecisionKind, EventKind, Moved, Person

CLOSE = 0.08
"""With a smaller difference in cosine the runner-up could just as well be the one."""
LEVEL_PITCH_DEG = 25.0
"""A face that looks further up or down is not seen from the front."""
SHARP, LARGE_PX = 0.25, 40.0


def by_human(moved: Moved, person: Person) -> str:
    """Says who made this appearance that person's."""
    event = moved.event
    values = {
        "who": event.made_by or _("Someone"),
        "day": date_format(localtime(event.made_at), "j M Y"),
        "person": person,
        "before": moved.before,
    }
    if event.act == EventKind.MERGE:
        return _("%(who)s merged %(before)s into %(person)s on %(day)s.") % values
    if event.act == EventKind.SPLIT:
        return _("%(who)s split this off from %(before)s on %(day)s.") % values
    return _("%(who)s said on %(day)s that this is %(person)s.") % values


def confirmed(person: Person) -> str:
    return _("Someone confirmed that this is %(person)s.") % {"person": person}


def decided(decision: Decision | None, person: Person, *, is_clear: bool = True) -> list[str]:
    """Says how the group of this appearance became the person, when its video was analysed.

    `is_clear`: whether any of its pictures is, so that it was compared.
    """
    if decision is None:
        return [_("This was decided by earlier rules, and what they compared was not kept.")]
    values = {"person": person, **_figures(decision)}
    if decision.kind == DecisionKind.HUMAN:
        return [_("Someone said who this is, about another appearance that this one belongs to.")]
    if decision.kind == DecisionKind.IDENTIFIED:
        return [_("%(similarity)d %% match with %(nearest)s. Faces match automatically from %(limit)d %%.") % values]
    if decision.kind == DecisionKind.CARRIED:
        return [
            _("The previous analysis of this video found the same face at the same time as %(person)s.") % values,
            *_earlier(decision, values),
        ]
    if decision.nearest is None and not is_clear:
        return [_("%(person)s was first found in this video.") % values]
    if decision.limit is None or decision.nearest is None:
        return [_("%(person)s was first found in this video. There was nobody similar to compare with.") % values]
    return [
        _(
            "%(person)s was first found in this video. The closest match was %(nearest)s with %(below)d %%, and faces "
            "match automatically only from %(limit)d %%."
        )
        % values
    ]


def _earlier(decision: Decision, values: dict[str, object]) -> list[str]:
    if decision.limit is None:
        return []
    return [_("Back then it was a %(similarity)d %% match. Faces matched automatically from %(limit)d %%.") % values]


def _figures(decision: Decision) -> dict[str, object]:
    similarity, limit = decision.similarity or 0.0, decision.limit or 0.0
    return {
        "nearest": decision.nearest,
        "similarity": percent(similarity),
        # What is below the limit must not be rounded up to it.
        "below": min(percent(similarity), percent(limit) - 1) if similarity < limit else percent(similarity),
        "limit": percent(limit),
    }


def grouped(join_similarity: float | None, grouped_from: float | None, person: Person) -> str:
    """Says how the appearance joined the others of its person in the same video."""
    if join_similarity is None or grouped_from is None:
        return ""
    return _(
        "Within this video it is a %(similarity)d %% match with other appearances of %(person)s. Appearances are "
        "grouped from %(limit)d %%."
    ) % {"person": person, "similarity": percent(join_similarity), "limit": percent(grouped_from)}


def followed(time_s: float) -> str:
    """Says that continuity decided; `time_s` is player time."""
    return _("Followed without a break from a clear view at %(at)s.") % {"at": clock(time_s)}


def nothing_clear() -> str:
    return _("None of its pictures is clear, so it was not compared with anyone.")


def by_another_model() -> str:
    return _("Another face model was in use then. Its percentages cannot be compared with those of today.")


def margin(decision: Decision) -> str:
    """Says how near the runner-up was to whoever matched."""
    if decision.kind == DecisionKind.FOUNDED:
        return ""
    if decision.runner_up is None or decision.runner_up_similarity is None or decision.similarity is None:
        return ""
    values = {"person": decision.runner_up, "percent": percent(decision.runner_up_similarity)}
    ahead = decision.similarity - decision.runner_up_similarity
    if ahead < 0:
        return _("%(person)s was even closer (%(percent)d %%), but needs a higher similarity to match.") % values
    if ahead < CLOSE:
        return _("%(person)s was almost as close a match (%(percent)d %%), so check carefully.") % values
    return _("The next closest match was %(person)s, with only %(percent)d %%.") % values


def picture(measures: ViewMeasures | None, side_px: float, is_clear: bool, is_said: bool = False) -> str:
    """Says how well one can tell from a view who it is; `side_px` is the shorter side of the face.

    `is_said`: a person knows who it is, so that nothing was left to a comparison.
    """
    if measures is None:
        return _("How clear this picture is was not measured when the video was analysed.")
    if not is_clear:
        words = get_text_list(_flaws(measures, side_px) or [_("hard to recognise")], _("and"))
        if is_said:
            return _("The picture is not clear: %(flaws)s.") % {"flaws": words}
        return _("The picture is not clear: %(flaws)s. A mistake is more likely.") % {"flaws": words}
    if slight := _slight_flaws(measures, side_px):
        return _("The picture is clear, though %(flaws)s.") % {"flaws": get_text_list(slight, _("and"))}
    return _("The picture is clear: sharp and seen from the front.")


def _flaws(measures: ViewMeasures, side_px: float) -> list[str]:
    return _named(
        [
            (measures.presence < CLEAR_PRESENCE, _("hard to make out")),
            (abs(measures.yaw_deg) > CLEAR_YAW_DEG, _("turned away")),
            (measures.pitch_deg < -CLEAR_PITCH_DEG, _("looking down")),
            (measures.pitch_deg > CLEAR_PITCH_DEG, _("looking up")),
            (measures.sharpness < CLEAR_SHARPNESS, _("blurred")),
            (side_px < CLEAR_SIDE_PX, _("small")),
        ]
    )


def _slight_flaws(measures: ViewMeasures, side_px: float) -> list[str]:
    return _named(
        [
            (abs(measures.yaw_deg) > FRONTAL_YAW_DEG, _("turned to the side")),
            (measures.pitch_deg < -LEVEL_PITCH_DEG, _("looking down")),
            (measures.pitch_deg > LEVEL_PITCH_DEG, _("looking up")),
            (measures.sharpness < SHARP, _("a little blurred")),
            (side_px < LARGE_PX, _("small")),
        ]
    )


def _named(flaws: Sequence[tuple[bool, str]]) -> list[str]:
    return [words for is_so, words in flaws if is_so]
