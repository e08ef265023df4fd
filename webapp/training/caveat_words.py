"""Caveats: what makes the figures of a run less reliable than they look, in words for people."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analysis.training.data.samples import TINY_TEST
from analysis.training.run_document import RunDocument
from webapp.datasets.choices import Part
from webapp.training.models import TrainingRun

FEW_SOURCES = 5
"""Pictures of one video resemble each other, so sources count, not pictures."""
LEAK, TINY, ONE_SOURCE, FEW = "leak", "tiny_test", "one_source", "few_sources"
NOT_TESTED, ONNX, BROKEN = "not_tested", "onnx_differs", "broken"
NEED_CONFIRMATION = frozenset({LEAK, TINY, ONE_SOURCE, ONNX})
"""A model with one of these is deployed only after a confirmation."""
WORDS: dict[str, tuple[Promise, Promise]] = {
    LEAK: (
        _("Some test pictures were also used for training."),
        _("Results look better than they are. Check the dataset for duplicates, create a new version and train again."),
    ),
    TINY: (
        _("It was tested on very few samples."),
        _("A single sample changes the result a lot. Label more samples from other videos."),
    ),
    ONE_SOURCE: (
        _("All samples come from one source, so a fair test is not possible."),
        _("The result shows how well it knows this source, not other videos. Add samples from other videos."),
    ),
    FEW: (
        _("The test samples come from very few sources."),
        _("It may do much better or worse on other videos. Test on five or more sources for a reliable result."),
    ),
    NOT_TESTED: (
        _("There was no test set, so it was measured on the samples used to choose its settings."),
        _("The result is slightly too good. Create a version with a test set for a fair one."),
    ),
    ONNX: (
        _("The exported model, which runs on videos, gives different scores from the one that was measured."),
        _("Train again. If this keeps happening, tell the person who runs Rollcall."),
    ),
    BROKEN: (
        _("Some files could not be read and were left out."),
        _("Run the doctor on the dataset to see which samples are damaged."),
    ),
}


@dataclass(frozen=True, slots=True)
class Caveat:
    """One caveat in words; with an `is_grave` one a model is deployed only after a confirmation."""

    code: str
    happened: Promise
    advice: Promise
    is_grave: bool


def measured_part(result: RunDocument) -> str:
    """Returns the part that the headline figures come from: the test, or the validation where there is no test."""
    return Part.TEST if result.get("test") else Part.VALIDATION


def caveats_of(run: TrainingRun) -> list[Caveat]:
    """Returns the caveats of a run, the gravest first; none for a run that is not done."""
    codes = _codes(run.document) if run.result else set()
    return [Caveat(code, *WORDS[code], code in NEED_CONFIRMATION) for code in WORDS if code in codes]


def grave_caveats(run: TrainingRun) -> list[Caveat]:
    """Returns the caveats that ask for a confirmation before the model is deployed."""
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
