"""What makes the figures of a run worth less than they look, each with a sentence for people."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analysis.training.data.samples import TINY_TEST
from analysis.training.run_document import RunDocument
from webapp.datasets.choices import Part
from webapp.training.models import TrainingRun

FEW_SOURCES = 5
"""What several pictures of one video have in common counts once."""
LEAK, TINY, ONE_SOURCE, FEW, NOT_TESTED, ONNX, BROKEN = (
    "leak",
    "tiny_test",
    "one_source",
    "few_sources",
    "not_tested",
    "onnx_differs",
    "broken",
)
NEED_CONFIRMATION = frozenset({LEAK, TINY, ONE_SOURCE, ONNX})
"""With these nobody puts a model to work by a single click."""
WORDS: dict[str, tuple[Promise, Promise]] = {
    LEAK: (
        _("Pictures of the test are also among those that it learned from."),
        _("Its figures are too good. Have the doctor look for copies, make a new version and train again."),
    ),
    TINY: (
        _("It was tested on very few samples."),
        _("One sample more or less right changes the figure a lot. Label more samples of other videos."),
    ),
    ONE_SOURCE: (
        _("All samples come from one source, so no honest test is possible."),
        _("The figure says how well it knows this one source, not how it does on the next video."),
    ),
    FEW: (
        _("The test rests on very few sources."),
        _("The figure may be far off for the next video. Five or more sources for the test make it solid."),
    ),
    NOT_TESTED: (
        _("There was no test part: it was checked on samples that its settings were chosen with."),
        _("The figure is a little too good. A version with a test part shows what it is worth."),
    ),
    ONNX: (
        _("The model as it works on videos gives other scores than the one that was measured."),
        _("Train again; if it happens again, tell the person who runs Rollcall."),
    ),
    BROKEN: (
        _("Some files could not be read and were left out."),
        _("The doctor of the dataset shows which samples are damaged."),
    ),
}


@dataclass(frozen=True, slots=True)
class Caveat:
    """`is_grave`: a model with it is put to work only after a question."""

    code: str
    happened: Promise
    advice: Promise
    is_grave: bool


def measured_part(result: RunDocument) -> str:
    """The part that the figures on top are of: the test, or for want of one the validation."""
    return Part.TEST if result.get("test") else Part.VALIDATION


def caveats_of(run: TrainingRun) -> list[Caveat]:
    """The gravest first; empty for a run that is not done."""
    codes = _codes(run.document) if run.result else set()
    return [Caveat(code, *WORDS[code], code in NEED_CONFIRMATION) for code in WORDS if code in codes]


def grave_caveats(run: TrainingRun) -> list[Caveat]:
    return [caveat for caveat in caveats_of(run) if caveat.is_grave]


def _codes(result: RunDocument) -> set[str]:
    figures = result["test"] or result["validation"]
    codes = {warning["code"] for warning in result["warnings"]}
    if figures["count"] < TINY_TEST:
        codes.add(TINY)
    if figures["sources"] < 2 or result["split"]["sources"] < 2:
        codes.add(ONE_SOURCE)
    elif figures["sources"] < FEW_SOURCES:
        codes.add(FEW)
    if not result["test"]:
        codes.add(NOT_TESTED)
    return codes
