"""The models at work of a team, and how far they have looked around."""

import uuid
from dataclasses import dataclass

from django.db.models import Count, Max

from webapp.accounts.models import Team
from webapp.recognition.active_learning import queries as active_learning_queries
from webapp.recognition.models import CURRENT, Recognition
from webapp.training.models import Promotion, TrainingRun
from webapp.training.registry.services import at_work
from webapp.videos.models import Video


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model at work."""

    run: TrainingRun
    promotion: Promotion | None
    looked: int
    """Videos whose labels are of this very model."""
    videos: int
    doubts: int
    """Moments that wait for an answer."""

    @property
    def not_looked(self) -> int:
        return max(0, self.videos - self.looked)


def of_team(team: Team) -> list[ModelRow]:
    """A handful of queries, however many models."""
    runs = at_work(team.pk)
    standing = Video.objects.filter(team=team, deleted_at=None)
    videos = standing.exclude(sha256="").count()
    looks = Recognition.objects.filter(CURRENT, run__in=runs, video__in=standing).order_by()
    looked = {row["run"]: row["n"] for row in looks.values("run").annotate(n=Count("pk"))}
    doubts = active_learning_queries.counts(runs)
    promotions = _latest_promotions([run.line for run in runs])
    return [
        ModelRow(run, promotions.get(run.line), looked.get(run.pk, 0), videos, doubts.get(run.line, 0)) for run in runs
    ]


def _latest_promotions(lines: list[uuid.UUID]) -> dict[uuid.UUID, Promotion]:
    latest = Promotion.objects.filter(line__in=lines).order_by().values("line").annotate(last=Max("pk"))
    rows = Promotion.objects.filter(pk__in=[row["last"] for row in latest]).select_related("made_by")
    return {row.line: row for row in rows}
