"""What workers do for jobs of this app, once claimed."""

from webapp.jobs.job_tasks import job_task
from webapp.jobs.models import Job, JobKind


@job_task(JobKind.TRAIN)
def train_model(job: Job) -> None:
    """Trains the run of a job."""
    from webapp.training.runs import runner  # deferred: loads torch

    runner.run_training(job)


@job_task(JobKind.EXPLAIN)
def explain_picture(job: Job) -> None:
    """Computes the explanation of a job."""
    from webapp.training.explanations import runner  # deferred: loads torch

    runner.explain_picture(job)
