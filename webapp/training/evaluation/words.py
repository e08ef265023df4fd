"""The figures of a run as sentences that people say."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analysis.training.run_document import CalibrationBin
from webapp.datasets.choices import DatasetKind, Part
from webapp.training.evaluation.queries import EvaluationData

PER_HUNDRED_FROM = 0.95
"""From there on "of 10" would be 9.7, which nobody can picture."""
WELL_CALIBRATED, BADLY_CALIBRATED = 0.05, 0.12
SURE_OF_DIFFERENCE = 0.05


def right_of(kind: str, share: float, low: float, high: float) -> str:
    """Of 10 pictures 9 are right, most likely between 8.4 and 9.5."""
    whole = 100 if share >= PER_HUNDRED_FROM else 10
    values = {"whole": whole, "right": _number(share * whole)}
    values |= {"low": _number(low * whole), "high": _number(high * whole)}
    if kind == DatasetKind.FACES:
        words = _("Of %(whole)d faces it is right about %(right)s, most likely between %(low)s and %(high)s.")
    elif kind == DatasetKind.CLIPS:
        words = _("Of %(whole)d clips it is right about %(right)s, most likely between %(low)s and %(high)s.")
    else:
        words = _("Of %(whole)d pictures it is right about %(right)s, most likely between %(low)s and %(high)s.")
    return words % values


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def measured_on(kind: str, measured: EvaluationData, part: str) -> str:
    """Measured on 212 pictures of 14 videos that it never saw."""
    n = measured.count
    if kind == DatasetKind.FACES:
        things = ngettext("%(n)d face", "%(n)d faces", n) % {"n": n}
    elif kind == DatasetKind.CLIPS:
        things = ngettext("%(n)d clip", "%(n)d clips", n) % {"n": n}
    else:
        things = ngettext("%(n)d picture", "%(n)d pictures", n) % {"n": n}
    sources = measured.sources
    if measured.are_videos:
        where = ngettext("%(n)d video", "%(n)d videos", sources) % {"n": sources}
    else:
        where = ngettext("%(n)d source", "%(n)d sources", sources) % {"n": sources}
    words = (
        _("Measured on %(things)s of %(where)s that it never saw.")
        if part == Part.TEST
        else _(
            "Measured on %(things)s of %(where)s that it did not learn from, but that its settings were chosen with."
        )
    )
    return words % {"things": things, "where": where}


def calibration(error: float, bins: list[CalibrationBin]) -> str:
    """What "90 % sure" is worth, from the fullest of the bins above a half."""
    points = round(100 * error)
    if error <= WELL_CALIBRATED:
        words = _("You can take its percentages as they are: on average they are off by %(points)d points.")
    elif error < BADLY_CALIBRATED:
        words = _("Its percentages are roughly right: on average they are off by %(points)d points.")
    else:
        words = _("Do not trust its percentages: on average they are off by %(points)d points.")
    said = words % {"points": points}
    if not bins:
        return said
    fullest = max(bins, key=lambda each: each["count"])
    example = _("When it says %(sure)d %%, it is right in %(right)d %% of the cases.") % {
        "sure": round(100 * fullest["confidence"]),
        "right": round(100 * fullest["accuracy"]),
    }
    return f"{said} {example}"


def at_threshold(label: str, counts: list[int]) -> list[str]:
    """`counts`: right yes, wrong yes, missed, right no."""
    yes, alarm, missed, _no = counts
    return [
        _("Of %(all)d that are “%(label)s” it finds %(yes)d and misses %(missed)d.")
        % {"all": yes + missed, "label": label, "yes": yes, "missed": missed},
        _("Of %(said)d that it calls “%(label)s” %(yes)d are, %(alarm)d are not.")
        % {"said": yes + alarm, "label": label, "yes": yes, "alarm": alarm},
    ]


def flipped(label: str, more: bool, right: int, wrong: int) -> str:
    """About how many it changes its mind, and whether that is for the better."""
    n = right + wrong
    if not n:
        return _("Nothing changes against the threshold that it has.")
    if more:
        words = ngettext(
            "%(n)d more is called “%(label)s”: %(right)d rightly, %(wrong)d wrongly.",
            "%(n)d more are called “%(label)s”: %(right)d rightly, %(wrong)d wrongly.",
            n,
        )
    else:
        words = ngettext(
            "%(n)d is no longer called “%(label)s”: %(right)d rightly, %(wrong)d wrongly.",
            "%(n)d are no longer called “%(label)s”: %(right)d rightly, %(wrong)d wrongly.",
            n,
        )
    return words % {"n": n, "label": label, "right": right, "wrong": wrong}


def difference(chance: float, better: str, other: str, points: float, common: int) -> str:
    """Whether one of two runs is better by more than chance; `better` and `other` are their names."""
    measured = ngettext("the %(n)d sample", "the same %(n)d samples", common) % {"n": common}
    if points == 0:
        values = {"first": better, "second": other, "measured": measured}
        return _("%(first)s and %(second)s are right equally often on %(measured)s.") % values
    values = {
        "better": better,
        "other": other,
        "points": _number(abs(points)),
        "measured": measured,
        "chance": _percent(chance),
    }
    if chance < SURE_OF_DIFFERENCE:
        words = _(
            "%(better)s is better than %(other)s, and hardly by chance: by %(points)s points on %(measured)s. Two "
            "equally good models differ that much in %(chance)s of cases."
        )
    else:
        words = _(
            "%(better)s was right %(points)s points more often than %(other)s on %(measured)s, but that may be chance: "
            "two equally good models differ that much in %(chance)s of cases."
        )
    return words % values


def _percent(share: float) -> str:
    return _("under 1 %") if share < 0.01 else _("%(n)d %%") % {"n": round(100 * share)}
