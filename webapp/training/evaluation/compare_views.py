"""The page that compares runs in one table."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from webapp import access
from webapp.http.ids import uuid_or_none
from webapp.training import setting_words
from webapp.training.evaluation import compare_queries
from webapp.training.evaluation import words as evaluation_words
from webapp.training.evaluation.compare_queries import AccuracyDifference
from webapp.training.models import TrainingRun
from webapp.training.registry import queries

MOST_RUNS = 50
"""The latest runs of a line; more rows cannot be compared by eye."""


@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Compares the runs of ?line=<id>, or those of ?run=<id>&run=<id>; two ?pair=<id> are tested against chance."""
    chosen = _runs(request)
    if not chosen:
        raise Http404
    sort = request.GET.get("sort", "")
    names, rows = compare_queries.table(chosen, sort)
    pair = _pair(request, [row.run for row in rows])
    told = compare_queries.difference(*pair) if pair else None
    context = {
        "names": [setting_words.name_of(name) for name in names],
        "rows": rows,
        "sort": sort if sort in compare_queries.SORTS else "accuracy",
        "pair": [run.pk for run in pair or ()],
        "difference": told,
        "difference_words": _told(told) if told else "",
        "deployed_keys": {run.pk for run in queries.deployed_runs(chosen[0].team_id)},
        "title": chosen[0].dataset_name,
        "line": chosen[0].line if len({run.line for run in chosen}) == 1 else None,
    }
    return render(request, "training/compare.html", context)


def _runs(request: HttpRequest) -> list[TrainingRun]:
    """Returns the finished runs that are asked for, of one team, the newest first."""
    runs = access.visible_runs(request.user).exclude(result={}).order_by("-created_at", "-number")
    if line := uuid_or_none(request.GET.get("line", "")):
        return list(runs.filter(line=line)[:MOST_RUNS])
    wished = [pk for text in request.GET.getlist("run") if (pk := uuid_or_none(text))]
    found = list(runs.filter(pk__in=wished[:MOST_RUNS]))
    return [run for run in found if run.team_id == found[0].team_id]


def _pair(request: HttpRequest, runs: list[TrainingRun]) -> tuple[TrainingRun, TrainingRun] | None:
    """Returns the two runs that are asked about, else the first two."""
    wished = request.GET.getlist("pair")
    asked = [run for run in runs if str(run.pk) in wished]
    some = asked if len(asked) == 2 else runs[:2]
    return (some[0], some[1]) if len(some) == 2 else None


def _told(told: AccuracyDifference) -> str:
    if told.chance is None:
        return _(
            "These two runs cannot be compared fairly because they were tested on different samples. Train both on the "
            "same version of the dataset."
        )
    other = told.second if told.better == told.first else told.first
    better, worse = (_("Run %(number)d") % {"number": run.number} for run in (told.better, other))
    words = evaluation_words.difference(told.chance, better, worse, told.points, told.common)
    if told.alone:
        words += " " + _("Samples that only one of the two was tested on are not counted.")
    return words
