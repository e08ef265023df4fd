"""Puts the figures of a run into sentences."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.training.run_document import CalibrationBin
from webapp.datasets.choices import DatasetKind, Part
from webapp.http.list_words import sentences
from webapp.training.evaluation.queries import EvaluationData

NEARLY_ALL = 0.99
"""From there on a decimal is shown, so that 99.6 of 100 does not become all."""
WELL_CALIBRATED, BADLY_CALIBRATED = 0.05, 0.12
SIGNIFICANT = 0.05


def right_of(kind: str, share: float, low: float, high: float) -> str:
    """Returns "It gets about 91 of 100 faces right (likely 86 to 96)."; all shares are 0..1."""
    values = {"right": _per_hundred(share), "low": _per_hundred(low), "high": _per_hundred(high)}
    if kind == DatasetKind.FACES:
        words = _("It gets about %(right)s of 100 faces right (likely %(low)s to %(high)s).")
    elif kind == DatasetKind.CLIPS:
        words = _("It gets about %(right)s of 100 clips right (likely %(low)s to %(high)s).")
    else:
        words = _("It gets about %(right)s of 100 pictures right (likely %(low)s to %(high)s).")
    return words % values


def _per_hundred(share: float) -> str:
    return _number(100 * share) if share > NEARLY_ALL else str(round(100 * share))


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def evaluated_on(kind: str, data: EvaluationData, part: str) -> str:
    """Returns "196 of 212 pictures right, from 14 videos it had never seen."; `part` is a value of `Part`."""
    values = {"n": data.right, "all": data.count}
    if kind == DatasetKind.FACES:
        things = ngettext("%(n)d of %(all)d face right", "%(n)d of %(all)d faces right", data.count) % values
    elif kind == DatasetKind.CLIPS:
        things = ngettext("%(n)d of %(all)d clip right", "%(n)d of %(all)d clips right", data.count) % values
    else:
        things = ngettext("%(n)d of %(all)d picture right", "%(n)d of %(all)d pictures right", data.count) % values
    sources = data.sources
    if data.are_videos:
        where = ngettext("%(n)d video", "%(n)d videos", sources) % {"n": sources}
    else:
        where = ngettext("%(n)d source", "%(n)d sources", sources) % {"n": sources}
    words = (
        _("%(things)s, from %(where)s it had never seen.")
        if part == Part.TEST
        else _("%(things)s, from %(where)s it was not trained on, but that were used to choose its settings.")
    )
    return words % {"things": things, "where": where}


def calibration(error: float, bins: list[CalibrationBin]) -> str:
    """Says how far its percentages can be trusted; `error` is the expected calibration error, 0..1."""
    points = round(100 * error)
    if error <= WELL_CALIBRATED:
        words = _("Its percentages are accurate: off by %(points)d percentage points on average.")
    elif error < BADLY_CALIBRATED:
        words = _("Its percentages are roughly right: off by %(points)d percentage points on average.")
    else:
        words = _("Don’t rely on its percentages: they are off by %(points)d percentage points on average.")
    summary = words % {"points": points}
    if not bins:
        return summary
    fullest = max(bins, key=lambda each: each["count"])
    example = _("When it is %(sure)d %% sure, it is right %(right)d %% of the time.") % {
        "sure": round(100 * fullest["confidence"]),
        "right": round(100 * fullest["accuracy"]),
    }
    return sentences(summary, example)


def at_threshold(label: str, counts: list[int]) -> list[str]:
    """Says what is found and missed at a threshold; `counts`: true and false positives, false and true negatives."""
    yes, alarm, missed, _no = counts
    return [
        _("Finds %(yes)d of %(all)d “%(label)s” samples and misses %(missed)d.")
        % {"all": yes + missed, "label": label, "yes": yes, "missed": missed},
        _("Says “%(label)s” %(said)d times: %(yes)d right, %(alarm)d wrong.")
        % {"said": yes + alarm, "label": label, "yes": yes, "alarm": alarm},
    ]


def flipped(label: str, more: bool, right: int, wrong: int) -> str:
    """Says how many predictions change with the threshold, and whether for the better."""
    n = right + wrong
    if not n:
        return _("Same result as with the current threshold.")
    if more:
        words = ngettext(
            "%(n)d more sample becomes “%(label)s”: %(right)d right, %(wrong)d wrong.",
            "%(n)d more samples become “%(label)s”: %(right)d right, %(wrong)d wrong.",
            n,
        )
    else:
        words = ngettext(
            "%(n)d sample is no longer “%(label)s”: %(right)d right, %(wrong)d wrong.",
            "%(n)d samples are no longer “%(label)s”: %(right)d right, %(wrong)d wrong.",
            n,
        )
    return words % {"n": n, "label": label, "right": right, "wrong": wrong}


def difference(chance: float, better: str, other: str, points: float, common: int) -> str:
    """Says whether one of two runs is better by more than chance (a p-value); `better` and `other` are their names."""
    measured = ngettext("the same %(n)d sample", "the same %(n)d samples", common) % {"n": common}
    if points == 0:
        values = {"first": better, "second": other, "measured": measured}
        return _("%(first)s and %(second)s are equally accurate on %(measured)s.") % values
    values = {
        "better": better,
        "other": other,
        "points": _number(abs(points)),
        "measured": measured,
        "chance": _percent(chance),
    }
    if chance < SIGNIFICANT:
        words = _(
            "%(better)s is %(points)s percentage points more accurate than %(other)s on %(measured)s. This is unlikely "
            "to be chance: two equally good models differ that much in %(chance)s of cases."
        )
    else:
        words = _(
            "%(better)s is %(points)s percentage points more accurate than %(other)s on %(measured)s, but this may be "
            "chance: two equally good models differ that much in %(chance)s of cases."
        )
    return words % values


def _percent(share: float) -> str:
    return _("under 1 %") if share < 0.01 else _("%(n)d %%") % {"n": round(100 * share)}
