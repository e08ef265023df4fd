"""What workers do for jobs of this app, once claimed."""

from webapp.jobs.job_tasks import job_task
from webapp.jobs.models import Job, JobKind, Status
from webapp.team_scope import within_teams
from webapp.videos import cleanup
from webapp.videos.models import Video


def _clear_up(job: Job) -> None:
    """Clears away what was refused, and makes the first picture of what was accepted."""
    from webapp.videos import ingest_runner  # deferred: loads cv2

    cleanup.clear_refused()
    with within_teams([job.team_id]):
        video = Video.objects.filter(pk=job.subject_id, is_sample=False).select_related("team").first()
        if video is not None and job.status == Status.DONE:  # a sample's own copy has nothing to wait for ahead
            ingest_runner.poster_early(video)


@job_task(JobKind.CHECK, afterwards=_clear_up)
def check_video(job: Job) -> None:
    """Checks what was uploaded."""
    from webapp.videos import ingest_runner, sample_runner  # deferred: loads cv2

    sample_runner.draw_if_missing(job)
    ingest_runner.check_video(job)


@job_task(JobKind.WEB_COPY)
def make_web_copy(job: Job) -> None:
    """Makes the copy that browsers can play."""
    from webapp.videos import ingest_runner  # deferred: loads cv2

    ingest_runner.prepare_for_browser(job)
