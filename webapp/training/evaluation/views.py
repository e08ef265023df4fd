"""The page of a finished run: figures, mistakes, what another threshold would change, relabelling."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from analysis.training.evaluation.intervals import accuracy_interval
from analysis.training.run_document import CalibrationBin
from webapp import access
from webapp.accounts.request_types import SignedInRequest
from webapp.datasets.labelling import services as labelling
from webapp.datasets.measuring import services as measuring
from webapp.datasets.models import Dataset, Label, Part, Sample
from webapp.http.ids import integer_or_none
from webapp.http.responses import done, refused
from webapp.training import caveat_words
from webapp.training.evaluation import method_words, queries
from webapp.training.evaluation import words as evaluation_words
from webapp.training.evaluation.queries import OneVsRest
from webapp.training.models import TrainingRun
from webapp.training.page_context import finished_run, head_context
from webapp.training.registry import queries as registry_queries
from webapp.training.runs import run_context
from webapp.training.setting_words import name_of, value_of

PAGE_SIZE = 36
PROMOTIONS_SHOWN = 8
"""Promotions that the page shows; the history has all."""
TABLE_STEPS = range(0, 101, 10)


def result(request: HttpRequest, run: TrainingRun) -> HttpResponse:
    """Renders the result of a run that is done and that this person may see."""
    part = queries.chosen_part(run, request.GET)
    figures = queries.figures(run, part)
    low, high = accuracy_interval(figures)
    wrong = queries.mistakes(run, part)
    context = head_context(request, run) | _threshold_context(request, run, part)
    context |= {
        "tab": "result",
        "figures": figures,
        "interval": {"from": low, "to": high, "low": 100 * low, "width": 100 * (high - low)},
        "right_words": evaluation_words.right_of(run.kind, figures["accuracy"], low, high),
        "evaluated_words": evaluation_words.evaluated_on(run.kind, queries.evaluated_on(run, part), part),
        "calibration_words": evaluation_words.calibration(
            figures["expected_calibration_error"], figures["calibration"]
        ),
        "bins": _bins(figures["calibration"]),
        "caveats": caveat_words.caveats_of(run),
        "parts": [(each, Part(each).label) for each in queries.parts_of(run)],
        "matrix": queries.matrix(run, part),
        "wrong_count": wrong.count(),
        "mistakes": list(queries.cards(wrong)[: queries.CARDS]),
        "labels_today": queries.labels_today(context["dataset"]),
        "promotions": list(registry_queries.history(run.line)[:PROMOTIONS_SHOWN]),
        "before": registry_queries.previous_run(run.line),
        **run_context.learning_context(run),
        "why_this_method": method_words.why_this_method(run.document),
        "settings": [(name_of(name), value_of(name, value)) for name, value in sorted(run.config.items())],
    }
    return render(request, "training/result.html", context)


@require_GET
def predictions(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Lists the predictions of a cell, all mistakes, or all: ?part=&truth=&said=&wrong=1"""
    run = finished_run(request, run_id)
    part = queries.chosen_part(run, request.GET)
    rows = queries.cards(queries.chosen_predictions(run, part, request.GET))
    context = head_context(request, run)
    context |= {
        "part": part,
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "truth": request.GET.get("truth", ""),
        "said": request.GET.get("said", ""),
        "labels_today": queries.labels_today(context["dataset"]),
    }
    return render(request, "training/predictions.html", context)


@require_GET
def threshold(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Renders what changes at another threshold: ?part=&label=&at=0..100"""
    run = finished_run(request, run_id)
    part = queries.chosen_part(run, request.GET)
    context = head_context(request, run) | _threshold_context(request, run, part)
    return render(request, "training/_threshold_changes.html", context)


@require_POST
def relabel(request: SignedInRequest, run_id: UUID, number: int) -> HttpResponseBase:
    """Relabels a sample (`label` by id, `revision`) or excludes it (`leave_out`), for the next version; undoable."""
    run = get_object_or_404(access.editable_runs(request.user).select_related("dataset"), pk=run_id)
    dataset = get_object_or_404(access.editable_datasets(request.user), pk=run.dataset_id)
    sample = get_object_or_404(Sample, dataset=dataset, number=number)
    here = reverse("training:run", args=[run.pk])
    revision = integer_or_none(request.POST.get("revision", ""))
    seen = {number: revision} if revision is not None else {}
    if "leave_out" in request.POST:
        outcome = labelling.exclude_samples(dataset, user=request.user, seen=seen, excluded=True)
        words = _("Sample %(number)d will be left out of the next version.") % {"number": number}
    else:
        label = _label(dataset, request.POST.get("label", ""))
        if label is None:
            return refused(
                request, _("This label no longer exists. Reload the page to see the current labels."), here, status=400
            )
        outcome = labelling.label_samples(dataset, user=request.user, label=label, seen=seen)
        words = _("Sample %(number)d is now “%(label)s”. The next version will use it.")
        words %= {"number": number, "label": label.name}
    if outcome.act is None:
        return refused(request, _unchanged(sample), here)
    measuring.request_suggestions(dataset)
    return done(request, words, here, reverse("datasets:undo_act", args=[dataset.pk, outcome.act.pk]), _back(request))


def _back(request: HttpRequest) -> dict[str, str]:
    """Returns the form field that leads the undo back to where the button was pressed."""
    return {"next": request.POST["next"]} if request.POST.get("next") else {}


def _label(dataset: Dataset, wished: str) -> Label | None:
    pk = integer_or_none(wished)
    return None if pk is None else Label.objects.filter(dataset=dataset, pk=pk).first()


def _unchanged(sample: Sample) -> str:
    if sample.removed_at is not None:
        return _("This sample is no longer in the dataset.")
    return _("Nothing changed: someone may have changed this sample first. Reload the page to see its current label.")


def _threshold_context(request: HttpRequest, run: TrainingRun, part: str) -> dict[str, Any]:
    label = queries.chosen_label(run, request.GET, part)
    against = OneVsRest(run, queries.predictions_of(run, part), label)
    at = queries.read_threshold(request.GET, against.default_threshold)
    step = round(at * 100)
    keys = against.flipped(step / 100)
    rows = set(keys)
    among = [key in rows for key in against.predictions.keys.tolist()]
    is_label = int(against.positive[among].sum())
    more = at < against.default_threshold
    right, wrong = (is_label, len(keys) - is_label) if more else (len(keys) - is_label, is_label)
    return {
        "part": part,
        "label": label,
        "at": step,
        "default_at": round(against.default_threshold * 100),
        "threshold_words": evaluation_words.at_threshold(label, against.table[step]),
        "flipped_words": evaluation_words.flipped(label, more, right, wrong),
        "flipped": queries.in_order(run.held_out_predictions.all(), keys[: queries.FLIPPED_SHOWN]),
        "against": against,
        "roc_line": _line(against.roc.points),
        "precision_line": _line(against.precision_recall.points),
        "steps": _steps(against.table),
    }


def _line(points: Any) -> str:
    """Returns points 0..1 as an SVG polyline in a field of 100 by 100 with its origin at the bottom left."""
    return " ".join(f"{100 * x:.1f},{100 - 100 * y:.1f}" for x, y in points)


def _steps(table: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
    """Returns the curves as numbers, for those who cannot see them."""
    rows = []
    for step in TABLE_STEPS:
        yes, alarm, missed, no = table[step]
        found, alarms = yes / max(yes + missed, 1), alarm / max(alarm + no, 1)
        precision = yes / (yes + alarm) if yes + alarm else None
        rows.append({"at": step, "found": found, "alarms": alarms, "precision": precision})
    return rows


def _bins(bins: list[CalibrationBin]) -> list[dict[str, float]]:
    most = max((each["count"] for each in bins), default=1)
    return [
        {
            "x": 100 * each["confidence"],
            "y": 100 - 100 * each["accuracy"],
            "r": 1.5 + 4 * (each["count"] / most) ** 0.5,
            "sure": each["confidence"],
            "right": each["accuracy"],
            "count": each["count"],
        }
        for each in bins
    ]
