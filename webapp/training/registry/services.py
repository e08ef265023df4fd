"""The model registry: deploys, withdraws and rolls back models. Each is a new row, so the history says who and when."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from webapp.accounts.models import Team, User
from webapp.datasets.measuring.services import request_measuring
from webapp.datasets.models import Dataset
from webapp.jobs.models import Status
from webapp.training import caveat_words
from webapp.training.caveat_words import Caveat
from webapp.training.models import Promotion, TrainingRun

NEWEST_FIRST = ("-made_at", "-pk")


class HasNoModel(Exception):
    """The run has no model (it is not done, or it is deleted)."""


class NeedsConfirmation(Exception):
    """The run has grave caveats: somebody has to confirm that it shall be deployed anyway."""

    def __init__(self, grave: list[Caveat]) -> None:
        super().__init__(", ".join(caveat.code for caveat in grave))
        self.caveats = grave


class NothingBefore(Exception):
    """There is no earlier model to go back to."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A change of the deployed run: `promotion` is None where nothing changed, `before` the run deployed until now."""

    promotion: Promotion | None
    before: TrainingRun | None


def promote(run: TrainingRun, user: User | None, *, is_confirmed: bool = False) -> Deployment:
    """Deploys this run in its line. Raises HasNoModel, or NeedsConfirmation unless `is_confirmed`."""
    if not has_model(run):
        raise HasNoModel
    grave = caveat_words.grave_caveats(run)
    if grave and not is_confirmed:
        raise NeedsConfirmation(grave)
    return _put(run.team, run.line, run, user)


def withdraw(line: UUID, team: Team, user: User | None) -> Deployment:
    """Leaves the line without a deployed model."""
    return _put(team, line, None, user)


def roll_back(line: UUID, team: Team, user: User | None) -> Deployment:
    """Deploys the previous model of the line again. Raises NothingBefore."""
    earlier = previous_run(line)
    if earlier is None:
        raise NothingBefore
    return _put(team, line, earlier, user)


def has_model(run: TrainingRun) -> bool:
    """Returns whether the run has a model: it is done, and not deleted."""
    return run.deleted_at is None and run.job is not None and run.job.status == Status.DONE and bool(run.result)


def deployed_run(line: UUID) -> TrainingRun | None:
    """Returns the run of a line whose model is deployed; None without one."""
    latest = history(line).first()
    return latest.run if latest is not None and latest.run is not None and latest.run.deleted_at is None else None


def deployed_model(dataset: Dataset, **_signal: object) -> TrainingRun | None:
    """Answers `deployed_model_wanted` of datasets."""
    return deployed_run(dataset.pk)


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


def _put(team: Team, line: UUID, run: TrainingRun | None, user: User | None) -> Deployment:
    with transaction.atomic():
        before = deployed_run(line)
        if before == run:
            return Deployment(None, before)
        promotion = Promotion.objects.create(team=team, line=line, run=run, made_by=user)
        dataset = Dataset.objects.filter(pk=line, deleted_at=None).first()
        if dataset is not None:
            request_measuring(dataset, user=user)  # its suggestions for unlabelled samples appear in the grid
        return Deployment(promotion, before)
