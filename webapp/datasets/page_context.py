"""What every page of a dataset shows at its top."""

from typing import Any

from django.http import HttpRequest

from webapp import access
from webapp.datasets import queries, signals
from webapp.datasets.models import Dataset


def head_context(request: HttpRequest, dataset: Dataset) -> dict[str, Any]:
    """Returns what `datasets/_head.html` needs."""
    team = {"pk": dataset.team_id}
    return {
        "dataset": dataset,
        "overview": queries.overview(dataset),
        "deployed_model": signals.first_answer(signals.deployed_model_wanted, dataset),
        "can_edit": access.editable_teams(request.user).filter(**team).exists(),
        "can_manage": access.manageable_teams(request.user).filter(**team).exists(),
    }
