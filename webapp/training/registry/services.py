"""The model registry: deploys, withdraws and rolls back models. Each is a new row, so the history says who and when."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from webapp.accounts.models import Team, User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import record, subject_of
from webapp.datasets.measuring.services import request_measuring
from webapp.datasets.models import Dataset
from webapp.training import caveat_words
from webapp.training.caveat_words import Caveat
from webapp.training.models import Promotion, TrainingRun
from webapp.training.registry.queries import deployed_run, has_model, previous_run


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


def deployed_model(dataset: Dataset, **_signal: object) -> TrainingRun | None:
    """Answers `deployed_model_wanted` of datasets."""
    return deployed_run(dataset.pk)


def _put(team: Team, line: UUID, run: TrainingRun | None, user: User | None) -> Deployment:
    with transaction.atomic():
        before = deployed_run(line)
        if before == run:
            return Deployment(None, before)
        promotion = Promotion.objects.create(team=team, line=line, run=run, made_by=user)
        _record(run, before, promotion, user)
        dataset = Dataset.objects.filter(pk=line, deleted_at=None).first()
        if dataset is not None:
            request_measuring(dataset, user=user)  # its suggestions for unlabelled samples appear in the grid
        return Deployment(promotion, before)


def _record(run: TrainingRun | None, before: TrainingRun | None, promotion: Promotion, user: User | None) -> None:
    action, about = (Action.DEPLOYED, run) if run else (Action.WITHDREW, before)
    assert about is not None  # a withdrawal of nothing changes nothing
    subject = subject_of(SubjectKind.MODEL, about, f"{about.dataset_name}, run {about.number}")
    numbers = [{"run": each.number if each else None} for each in (before, run)]
    record(user, action, subject, team_id=promotion.team_id, before=numbers[0], after=numbers[1])
