"""What Celery workers call, by the id of a job."""

from webapp.jobs.job_tasks import job_task
from webapp.jobs.models import Job


@job_task("make_export")
def make_export(job: Job) -> None:
    """Makes the file of an export."""
    from webapp.exports import runner  # deferred: loads cv2

    runner.make_export(job)
