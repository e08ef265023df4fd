"""Reads for the page of deployed models."""

import uuid
from dataclasses import dataclass

from django.db.models import Count, Max

from webapp.accounts.models import Team
from webapp.recognition.active_learning import queries as active_learning_queries
from webapp.recognition.models import CURRENT, Recognition
from webapp.training.models import Promotion, TrainingRun
from webapp.training.registry.queries import deployed_runs
from webapp.videos.models import Video


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A deployed model, and how many videos it has labelled."""

    run: TrainingRun
    promotion: Promotion | None
    labelled: int
    """Videos whose current labels come from this model."""
    videos: int
    uncertain: int
    """Moments that wait for an answer."""


def of_team(team: Team) -> list[ModelRow]:
    """Returns a row for each deployed model of a team; the number of queries does not grow with them."""
    runs = deployed_runs(team.pk)
    standing = Video.objects.filter(team=team, deleted_at=None)
    videos = standing.exclude(sha256="").count()
    current = Recognition.objects.filter(CURRENT, run__in=runs, video__in=standing).order_by()
    labelled = {row["run"]: row["n"] for row in current.values("run").annotate(n=Count("pk"))}
    uncertain = active_learning_queries.counts(runs)
    promotions = _latest_promotions([run.line for run in runs])
    return [
        ModelRow(run, promotions.get(run.line), labelled.get(run.pk, 0), videos, uncertain.get(run.line, 0))
        for run in runs
    ]


def _latest_promotions(lines: list[uuid.UUID]) -> dict[uuid.UUID, Promotion]:
    latest = Promotion.objects.filter(line__in=lines).order_by().values("line").annotate(last=Max("pk"))
    rows = Promotion.objects.filter(pk__in=[row["last"] for row in latest]).select_related("made_by")
    return {row.line: row for row in rows}
