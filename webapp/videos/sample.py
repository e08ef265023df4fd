"""The sample video for people who have none at hand: drawn by the worker when somebody asks for it, once per team."""

from django.db import transaction

from analysis import weights
from analysis.sample_video import make_sample_video
from analysis.types import Progress
from webapp import storage
from webapp.accounts.models import Team, User
from webapp.jobs import lifecycle
from webapp.jobs.models import Job, Kind
from webapp.videos.models import State, Video
from webapp.videos.uploads import original_key

FILE_NAME = "sample.mp4"


def begin_sample(*, team: Team, user: User, title: str) -> Video:
    """The team's sample; a new one only where there is none, or none that came to anything."""
    there = Video.objects.filter(team=team, is_sample=True, deleted_at=None).select_related("current_job").first()
    if there is not None and there.state not in (State.FAILED, State.CANCELLED):
        return there
    with transaction.atomic():
        video = Video.objects.create(team=team, title=title, file_name=FILE_NAME, uploaded_by=user, is_sample=True)
        job = lifecycle.create(Kind.CHECK, team=team, subject_id=video.pk, created_by=user)
        video.current_job = job
        video.save(update_fields=["current_job"])
    return video


def draw_if_missing(job: Job) -> None:
    """The first part of a sample's check: its file does not arrive but is made here. Raises MissingWeights."""
    video = Video.objects.filter(pk=job.subject_id, current_job=job, is_sample=True, original_key="").first()
    if video is None:
        return

    def on_progress(progress: Progress) -> None:
        lifecycle.report(job, progress.stage, progress.done, progress.total)

    pictures = {name: weights.verified_path(picture) for name, picture in weights.SAMPLE_PICTURES.items()}
    key = original_key(video)
    with storage.scratch_dir() as scratch:
        film = scratch / FILE_NAME
        make_sample_video(pictures, film, on_progress)
        size_bytes = film.stat().st_size
        storage.put_file(key, film)
    Video.objects.filter(pk=video.pk).update(original_key=key, size_bytes=size_bytes)
