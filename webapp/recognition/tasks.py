"""What workers do for jobs of this app, once claimed."""

from webapp.jobs.job_tasks import job_task
from webapp.jobs.models import Job, JobKind


@job_task(JobKind.RECOGNISE)
def recognise_in_video(job: Job) -> None:
    """Runs the recognition of a job."""
    from webapp.recognition import runner  # deferred: loads torch

    runner.recognise_in_video(job)
