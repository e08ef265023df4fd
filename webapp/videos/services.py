"""Changes to videos that people ask for: rename, delete and restore, cancel, analyse again, the sample."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from webapp.accounts.models import Team, User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import AuditSubject, record_all, subject_of
from webapp.folded_fields import with_folded
from webapp.jobs import lifecycle, live_updates
from webapp.jobs.models import ACTIVE, Job, JobKind
from webapp.videos import signals, upload_services
from webapp.videos.models import Analysis, Playback, Video, VideoState

SAMPLE_FILE_NAME = "sample.mp4"


class CannotAnalyse(Exception):
    """The video is being worked on, or its file is gone; `str()` is for the log, not for people."""


class AlreadyHere(Exception):
    """Another video of the team has the same content."""


def begin_sample(*, team: Team, user: User, title: str) -> Video:
    """Returns the team's sample, whose file its check makes; a new one where there is none or it failed."""
    there = Video.objects.filter(team=team, is_sample=True, deleted_at=None).select_related("current_job").first()
    if there is not None and there.state not in (VideoState.FAILED, VideoState.CANCELLED):
        return there
    with transaction.atomic():
        video = Video.objects.create(
            team=team, title=title, file_name=SAMPLE_FILE_NAME, uploaded_by=user, is_sample=True
        )
        job = lifecycle.create(JobKind.CHECK, team=team, subject_id=video.pk, created_by=user)
        video.current_job = job
        video.save(update_fields=["current_job"])
    return video


def rename_video(video: Video, *, title: str) -> None:
    Video.objects.filter(pk=video.pk).update(**with_folded(Video, title=title))


def delete_video(video: Video, *, user: User | None = None) -> None:
    """Hides a video at once; its rows and files are deleted after the undo period (see `cleanup.py`)."""
    with transaction.atomic():
        if _hide(video):
            _record(user, Action.DELETED, [video])


def delete_videos(videos: Sequence[Video], *, user: User | None) -> None:
    """Hides several, each in a transaction of its own, so that nobody waits long for the database."""
    hidden: list[Video] = []
    try:
        hidden += (video for video in videos if _hide(video))
    finally:
        _record(user, Action.DELETED, hidden)


def _hide(video: Video) -> bool:
    """Returns False where it was deleted already."""
    with transaction.atomic():
        if not Video.objects.filter(pk=video.pk, deleted_at=None).update(deleted_at=timezone.now()):
            return False
        jobs = Job.objects.filter(subject_id=video.pk, parent=None, status__in=ACTIVE)
        for job_id in jobs.values_list("pk", flat=True):
            lifecycle.cancel(job_id)
        # Before what receivers publish: pages of this video must not fetch again what is no longer there.
        transaction.on_commit(lambda: live_updates.publish_gone(team_id=video.team_id, subject_id=video.pk))
        signals.video_deleted.send(Video, video=video)
    return True


def restore_video(video: Video, *, user: User | None = None) -> None:
    """Brings a deleted video back and restarts the work that its deletion had cancelled. Raises AlreadyHere."""
    with transaction.atomic():
        if _bring_back(video):
            _record(user, Action.RESTORED, [video])


def restore_videos(videos: Iterable[Video], *, user: User | None) -> tuple[int, int]:
    """Restores several; returns how many, and how many stay deleted as their content is there again."""
    restored: list[Video] = []
    duplicates = 0
    try:
        for video in videos:
            try:
                restored += [video] * _bring_back(video)
            except AlreadyHere:
                duplicates += 1
    finally:
        _record(user, Action.RESTORED, restored)
    return len(restored), duplicates


def _record(user: User | None, action: Action, videos: Iterable[Video]) -> None:
    by_team: dict[UUID, list[AuditSubject]] = defaultdict(list)
    for video in videos:
        by_team[video.team_id].append(subject_of(SubjectKind.VIDEO, video, video.title))
    for team_id, subjects in by_team.items():
        record_all(user, action, subjects, team_id=team_id)


def _bring_back(video: Video) -> bool:
    """Returns False where it was not deleted any more. Raises AlreadyHere."""
    deleted_at = video.deleted_at
    with transaction.atomic():
        try:
            with transaction.atomic():
                if not Video.objects.filter(pk=video.pk, deleted_at=deleted_at).update(deleted_at=None):
                    return False
        except IntegrityError as error:
            raise AlreadyHere from error
        video.refresh_from_db()
        stopped = Job.objects.filter(subject_id=video.pk, parent=None, status="cancelled", finished_at__gte=deleted_at)
        kinds = set(stopped.values_list("kind", flat=True))
        if video.current_job_id and stopped.filter(pk=video.current_job_id).exists():
            analyse_again(video, thoroughness=video.thoroughness, user=video.uploaded_by)
        if JobKind.WEB_COPY in kinds:
            lifecycle.create(JobKind.WEB_COPY, team=video.team, subject_id=video.pk, total=video.duration_s)
        signals.video_restored.send(Video, video=video, deleted_at=deleted_at)
    return True


def cancel_work(video: Video) -> bool:
    """Cancels the current check or analysis; returns False when nothing ran."""
    return video.current_job_id is not None and lifecycle.cancel(video.current_job_id)


def analyse_again(video: Video, *, thoroughness: str, user: User | None) -> Job:
    """Starts an analysis, or the check where none has succeeded yet. Raises CannotAnalyse."""
    is_over = video.state in (VideoState.DONE, VideoState.FAILED, VideoState.CANCELLED) and not video.is_refused
    if not is_over or not upload_services.has_original(video):
        raise CannotAnalyse(f"{video.pk}: {video.state}")
    with transaction.atomic():
        Video.objects.filter(pk=video.pk).update(thoroughness=thoroughness)
        if video.playback == Playback.IMPOSSIBLE:
            _copy_again(video)
        if video.sha256:
            return begin_analysis(video, replacing=video.current_job_id, thoroughness=thoroughness, user=user)
        job = lifecycle.create(JobKind.CHECK, team=video.team, subject_id=video.pk, created_by=user)
        _make_current(video, job, replacing=video.current_job_id)
    return job


def _copy_again(video: Video) -> None:
    """Tries once more to make the copy for the browser."""
    Video.objects.filter(pk=video.pk).update(playback=Playback.PENDING)
    lifecycle.create(JobKind.WEB_COPY, team=video.team, subject_id=video.pk, total=video.duration_s)


def begin_analysis(video: Video, *, replacing: UUID | None, thoroughness: str, user: User | None) -> Job:
    """Starts an analysis: a job, its `Analysis`, and the video that points to it; call it in a transaction.

    Raises CannotAnalyse when another one was started first (a double click).
    """
    job = lifecycle.create(
        JobKind.ANALYSIS, team=video.team, subject_id=video.pk, created_by=user, total=video.duration_s
    )
    Analysis.objects.create(video=video, job=job, thoroughness=thoroughness)
    _make_current(video, job, replacing=replacing)
    return job


def _make_current(video: Video, job: Job, *, replacing: UUID | None) -> None:
    if not Video.objects.filter(pk=video.pk, current_job=replacing, deleted_at=None).update(current_job=job):
        raise CannotAnalyse(f"{video.pk}: the job is no longer {replacing}")
