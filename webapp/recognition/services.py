"""Runs models on videos: deployed ones on new videos by themselves, on earlier ones on request."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from webapp.accounts.models import User
from webapp.datasets.choices import DatasetKind
from webapp.jobs import lifecycle
from webapp.jobs.models import ACTIVE, Job, JobKind, Status
from webapp.recognition.models import CURRENT, Recognition
from webapp.training.models import TrainingRun
from webapp.training.registry.queries import deployed_runs
from webapp.videos.models import Analysis, Video


def recognise_analysed(*, analysis: Analysis, **_: object) -> None:
    """Starts a recognition by every deployed model, for a video that has just been analysed."""
    video = analysis.video
    for run in deployed_runs(video.team_id):
        _begin(run, video, analysis_id=analysis.pk, batch=None, user=None)


def recognise_restored(*, video: Video, deleted_at: datetime, **_: object) -> None:
    """Restarts the recognitions that the deletion of a video stopped, each in its batch."""
    stopped = Recognition.objects.filter(video=video, ended_at=None, run__deleted_at=None)
    stopped = stopped.filter(job__status=Status.CANCELLED, job__finished_at__gte=deleted_at)
    if video.current_job is not None and video.current_job.is_active:
        # Its analysis restarts as well, and starts the deployed models when it ends.
        stopped = stopped.filter(batch__isnull=False)
    for recognition in stopped.select_related("created_by"):
        with transaction.atomic():
            job = _new_job(video, recognition.created_by)
            Recognition.objects.filter(pk=recognition.pk).update(job=job, analysis_id=video.current_analysis_id)


def recognise_again(recognition: Recognition, *, user: User) -> Recognition | None:
    """Starts a recognition again after it failed. Returns None while one is in work."""
    video = recognition.video
    with transaction.atomic():
        if _is_in_work(recognition.run, video):
            return None
        return _begin(recognition.run, video, analysis_id=video.current_analysis_id, batch=None, user=user)


def start_batch(runs: Sequence[TrainingRun], videos: Iterable[Video], *, user: User) -> uuid.UUID | None:
    """Starts recognitions of earlier videos whose labels wait to be applied. Returns the batch; None for no video."""
    batch, begun = uuid.uuid4(), 0
    with transaction.atomic():
        for run in runs:
            for video in videos:
                if can_recognise(run, video) and not _is_in_work(run, video):
                    _begin(run, video, analysis_id=video.current_analysis_id, batch=batch, user=user)
                    begun += 1
    return batch if begun else None


def can_recognise(run: TrainingRun, video: Video) -> bool:
    """Returns whether a model can run on a video of its own team: those of faces need an analysis, others the file."""
    if run.team_id != video.team_id:
        return False
    if run.kind == DatasetKind.FACES:
        return video.current_analysis_id is not None
    return bool(video.sha256 and video.original_key)


def not_labelled_by(run: TrainingRun, videos: QuerySet[Video]) -> QuerySet[Video]:
    """Returns the videos whose current labels do not come from this run."""
    return videos.exclude(Exists(Recognition.objects.filter(CURRENT, run=run, video=OuterRef("pk"))))


def recognisable(run: TrainingRun, videos: QuerySet[Video]) -> QuerySet[Video]:
    """Returns the videos for which `can_recognise` is true."""
    videos = videos.filter(team=run.team_id)
    if run.kind == DatasetKind.FACES:
        return videos.filter(current_analysis__isnull=False)
    return videos.exclude(sha256="").exclude(original_key="")


def _is_in_work(run: TrainingRun, video: Video) -> bool:
    return Recognition.objects.filter(run=run, video=video, job__status__in=ACTIVE).exists()


def _begin(
    run: TrainingRun, video: Video, *, analysis_id: uuid.UUID | None, batch: uuid.UUID | None, user: User | None
) -> Recognition:
    job = _new_job(video, user)
    return Recognition.objects.create(
        video=video, analysis_id=analysis_id, run=run, line=run.line, batch=batch, job=job, created_by=user
    )


def _new_job(video: Video, user: User | None) -> Job:
    return lifecycle.create(
        JobKind.RECOGNISE, team=video.team, subject_id=video.pk, created_by=user, total=video.duration_s
    )
