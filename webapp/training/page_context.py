"""The template context of the head that all pages of a finished run share."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from webapp import access
from webapp.training.evaluation import queries as evaluation_queries
from webapp.training.models import TrainingRun
from webapp.training.registry import queries


def head_context(request: HttpRequest, run: TrainingRun) -> dict[str, Any]:
    """Returns the run, its dataset, what this person may do, and which run of its line is deployed."""
    team = {"pk": run.team_id}
    dataset = evaluation_queries.standing_dataset(run)
    deployed = queries.deployed_run(run.line)
    return {
        "run": run,
        "dataset": dataset,
        "labels": run.result.get("labels", []),
        "can_edit": access.editable_teams(request.user).filter(**team).exists(),
        "can_manage": access.manageable_teams(request.user).filter(**team).exists(),
        "deployed": deployed,
        "is_deployed": deployed == run,
    }


def finished_run(request: HttpRequest, run_id: UUID) -> TrainingRun:
    """Returns a run with a result that this person may see. Raises Http404."""
    runs = access.visible_runs(request.user).select_related("dataset", "job", "team").exclude(result={})
    return get_object_or_404(runs, pk=run_id)
