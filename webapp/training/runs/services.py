"""Starts, pauses, resumes, cancels, deletes and restores training runs, and ends them early with the best so far."""

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from analysis.training.config import TrainingConfig
from webapp.accounts.models import Team, User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import AuditSubject, record, subject_of
from webapp.datasets.models import Version
from webapp.jobs import lifecycle, live_updates
from webapp.jobs.models import ACTIVE, Job, JobKind, Status
from webapp.team_scope import across_teams
from webapp.training.models import Line, RequestedAction, TrainingRun
from webapp.training.registry import queries
from webapp.training.runs import readiness_words
from webapp.uploads import quota_services


class NotTrainable(Exception):
    """The version cannot be trained on; `reasons` are sentences for people."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class TooManyTrainings(Exception):
    """So many trainings as are allowed wait or run: `most` of a person, or of the team where `is_team`."""

    def __init__(self, most: int, *, is_team: bool) -> None:
        super().__init__(f"{most} wait or run")
        self.most, self.is_team = most, is_team


class StillDeployed(Exception):
    """The run cannot be deleted while its model is deployed."""


def start_run(version: Version, *, user: User, config: TrainingConfig, trials: int = 0, note: str = "") -> TrainingRun:
    """Starts a run on a version, with its first job. Raises NotTrainable, TooManyTrainings."""
    dataset = version.dataset
    reasons = readiness_words.obstacles(version.statistics, dataset.kind, config.recipe)
    if reasons:
        raise NotTrainable(reasons)
    with transaction.atomic():
        run = TrainingRun.objects.create(
            team=dataset.team,
            number=_next_number(version),
            line=dataset.pk,
            dataset=dataset,
            dataset_name=dataset.name,
            kind=dataset.kind,
            version=version,
            version_number=version.number,
            version_fingerprint=version.fingerprint,
            data=version.statistics,
            note=note,
            recipe=config.recipe.value,
            config=config.as_json(),
            trials=trials,
            created_by=user,
        )
        _new_job(run, user)
        after = {"version": version.number, "recipe": run.recipe, "trials": trials}
        record(user, Action.STARTED_TRAINING, audit_subject(run), team_id=run.team_id, after=after)
    return run


def audit_subject(run: TrainingRun) -> AuditSubject:
    return subject_of(SubjectKind.RUN, run, f"{run.dataset_name}, run {run.number}")


def _next_number(version: Version) -> int:
    """Returns the next number of the line; the update locks its row, so two runs never get the same one."""
    Line.objects.get_or_create(pk=version.dataset_id)
    Line.objects.filter(pk=version.dataset_id).update(last_number=F("last_number") + 1)
    return Line.objects.get(pk=version.dataset_id).last_number


def _new_job(run: TrainingRun, user: User) -> None:
    _expect_turn(run.team, user)
    run.job = lifecycle.create(JobKind.TRAIN, team=run.team, subject_id=run.pk, created_by=user)
    TrainingRun.objects.filter(pk=run.pk).update(job=run.job, paused_at=None, wish=RequestedAction.NOTHING)


@across_teams()
def _trainings_of(**whose: Team | User) -> int:
    return Job.objects.filter(kind=JobKind.TRAIN, status__in=ACTIVE, **whose).count()


def _expect_turn(team: Team, user: User) -> None:
    """Raises TooManyTrainings."""
    quota_services.take_turns(team, user)
    if _trainings_of(created_by=user) >= settings.TRAININGS_PER_PERSON:
        raise TooManyTrainings(settings.TRAININGS_PER_PERSON, is_team=False)
    if _trainings_of(team=team) >= settings.TRAININGS_PER_TEAM:
        raise TooManyTrainings(settings.TRAININGS_PER_TEAM, is_team=True)


def pause_run(run: TrainingRun) -> bool:
    """Stops a run now, to be resumed after its last complete epoch. Returns False when it had already ended."""
    with transaction.atomic():
        if run.job_id is None or not lifecycle.cancel(run.job_id):
            return False
        TrainingRun.objects.filter(pk=run.pk).update(paused_at=timezone.now())
    return True


def resume_run(run: TrainingRun, *, user: User) -> bool:
    """Resumes a paused or failed run after its last complete epoch; of several requests only one succeeds.

    Raises TooManyTrainings.
    """
    with transaction.atomic():
        paused = TrainingRun.objects.filter(pk=run.pk, job=run.job_id, paused_at__isnull=False)
        failed = TrainingRun.objects.filter(pk=run.pk, job=run.job_id, paused_at=None, job__status=Status.FAILED)
        # Takes the job away first: who comes second finds neither.
        if not (paused | failed).update(paused_at=None, job=None):
            return False
        _new_job(run, user)
    return True


def cancel_run(run: TrainingRun) -> bool:
    """Cancels a run for good; its checkpoint goes with the next cleanup. Returns False when it had already ended."""
    with transaction.atomic():
        was_paused = TrainingRun.objects.filter(pk=run.pk, paused_at__isnull=False).update(paused_at=None)
        was_active = run.job_id is not None and lifecycle.cancel(run.job_id)
    if was_paused:
        _refresh_pages(run)
    return bool(was_paused or was_active)


def keep_best(run: TrainingRun) -> bool:
    """Asks the worker to stop training and store the best so far. Returns False when no training is running."""
    learning = TrainingRun.objects.filter(pk=run.pk, paused_at=None, job__status=Status.RUNNING)
    if not learning.update(wish=RequestedAction.KEEP):
        return False
    _refresh_pages(run)
    return True


def _refresh_pages(run: TrainingRun) -> None:
    """Tells open pages of a change that comes without a change of its job."""
    live_updates.publish({"type": "stale", "subject": str(run.pk)}, run.team_id, run.pk)


def delete_run(run: TrainingRun, *, user: User | None = None) -> None:
    """Hides the run at once and pauses it; rows and files go after the undo period. Raises StillDeployed."""
    if queries.deployed_run(run.line) == run:
        raise StillDeployed
    with transaction.atomic():
        pause_run(run)
        if TrainingRun.objects.filter(pk=run.pk, deleted_at=None).update(deleted_at=timezone.now()):
            record(user, Action.DELETED, audit_subject(run), team_id=run.team_id)
    live_updates.publish_gone(team_id=run.team_id, subject_id=run.pk)


def restore_run(run: TrainingRun, *, user: User | None = None) -> None:
    """Undoes the deletion of a run."""
    with transaction.atomic():
        if TrainingRun.objects.filter(pk=run.pk, deleted_at__isnull=False).update(deleted_at=None):
            record(user, Action.RESTORED, audit_subject(run), team_id=run.team_id)
