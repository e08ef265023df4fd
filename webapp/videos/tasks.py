"""What Celery workers call, by the id of a job."""

from celery import shared_task

from webapp.jobs import lifecycle
from webapp.jobs.job_tasks import job_task
from webapp.jobs.models import Job
from webapp.team_scope import within_teams
from webapp.videos import cleanup


@shared_task(name="check_video")
def check_video(job_id: str) -> None:
    """Checks what was uploaded; then clears it away, or makes the first picture of what was accepted."""
    from webapp.videos import ingest_runner, sample_runner  # deferred: loads cv2

    accepted = None
    with lifecycle.working(job_id) as job:
        if job is not None:
            sample_runner.draw_if_missing(job)
            accepted = ingest_runner.check_video(job)
    cleanup.clear_refused()
    if accepted is not None and not accepted.is_sample:  # nothing to wait for is ahead of the sample's own copy
        with within_teams([accepted.team_id]):
            ingest_runner.poster_early(accepted)


@job_task("make_web_copy")
def make_web_copy(job: Job) -> None:
    """Makes the copy that browsers can play."""
    from webapp.videos import ingest_runner  # deferred: loads cv2

    ingest_runner.prepare_for_browser(job)
