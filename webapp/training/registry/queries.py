"""Reads which run of a line is deployed, and what was before it."""

from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from webapp.accounts.models import Team
from webapp.jobs.models import Status
from webapp.training.models import Promotion, TrainingRun

NEWEST_FIRST = ("-made_at", "-pk")


def has_model(run: TrainingRun) -> bool:
    """Returns whether the run has a model: it is done, and not deleted."""
    return run.deleted_at is None and run.job is not None and run.job.status == Status.DONE and bool(run.result)


def deployed_run(line: UUID) -> TrainingRun | None:
    """Returns the run of a line whose model is deployed; None without one."""
    latest = history(line).first()
    return latest.run if latest is not None and latest.run is not None and latest.run.deleted_at is None else None


def deployed_runs(team: Team | UUID) -> list[TrainingRun]:
    """Returns the deployed runs of a team, at most one of each line; in one query."""
    of_line = Promotion.objects.filter(line=OuterRef("line")).order_by(*NEWEST_FIRST).values("pk")[:1]
    latest = Promotion.objects.filter(Q(pk=Subquery(of_line)), team=team, run__deleted_at=None, run__isnull=False)
    found = latest.select_related("run__dataset", "run__job", "run__team").order_by("run__dataset_name", "pk")
    return [promotion.run for promotion in found if promotion.run is not None]


def history(line: UUID) -> QuerySet[Promotion]:
    """Returns the promotions of a line, the newest first."""
    return Promotion.objects.filter(line=line).select_related("run", "made_by").order_by(*NEWEST_FIRST)


def previous_run(line: UUID) -> TrainingRun | None:
    """Returns the run that `roll_back` would deploy; None without one."""
    kept = [each for each in history(line) if each.run is None or each.run.deleted_at is None]
    runs = {each.run.pk: each.run for each in kept if each.run is not None}
    present = deployed_run(line)
    standing = _standing([each.run_id for each in reversed(kept)])
    earlier = [runs[pk] for pk in standing if pk is not None and runs[pk] != present]
    return earlier[-1] if earlier else None


def _standing(promoted: list[UUID | None]) -> list[UUID | None]:
    """Returns the present run and those beneath it, oldest first: rolling back removes what came after."""
    standing: list[UUID | None] = []
    for run_id in promoted:
        if standing and standing[-1] is None:
            standing.pop()
        if run_id in standing:
            del standing[standing.index(run_id) + 1 :]
        else:
            standing.append(run_id)
    return standing
