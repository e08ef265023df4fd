"""What Celery workers call, by the id of a job."""

from celery import shared_task

from webapp.jobs import lifecycle
from webapp.training.explanations import runner as explanations_runner
from webapp.training.runs import runner


@shared_task(name="train_model")
def train_model(job_id: str) -> None:
    with lifecycle.working(job_id) as job:
        if job is not None:
            runner.run_training(job)


@shared_task(name="explain_picture")
def explain_picture(job_id: str) -> None:
    with lifecycle.working(job_id) as job:
        if job is not None:
            explanations_runner.explain_picture(job)
