"""The page of a run that is done: what it is worth."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from webapp import access
from webapp.training import run_page
from webapp.training.models import TrainingRun


def result(request: HttpRequest, run: TrainingRun) -> HttpResponse:
    can_manage = access.manageable_teams(request.user).filter(pk=run.team_id).exists()
    figures = run.result.get("test") or run.result.get("validation")
    context = run_page.context(run, can_manage) | {
        "figures": figures,
        "is_tested": bool(run.result.get("test")),
    }
    return render(request, "training/result.html", context)
