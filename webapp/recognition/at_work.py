"""Which models are at work: those promoted last in their line, unless withdrawn or deleted."""

from uuid import UUID

from django.db.models import OuterRef, Q, Subquery

from webapp.training.models import Promotion, TrainingRun


def at_work(team_id: UUID) -> list[TrainingRun]:
    """At most one run of each line; in one query."""
    of_line = Promotion.objects.filter(line=OuterRef("line")).order_by("-made_at", "-pk").values("pk")[:1]
    latest = Promotion.objects.filter(Q(pk=Subquery(of_line)), team=team_id, run__isnull=False, run__deleted_at=None)
    found = latest.select_related("run__dataset", "run__team").order_by("run__dataset_name", "pk")
    return [promotion.run for promotion in found if promotion.run is not None]
