"""What workers do for jobs of this app, once claimed."""

from webapp.jobs.job_tasks import job_task
from webapp.jobs.models import Job, JobKind


@job_task(JobKind.EXPORT)
def make_export(job: Job) -> None:
    """Makes the file of an export."""
    from webapp.exports import runner  # deferred: loads cv2

    runner.make_export(job)
