"""What Celery workers call, by the id of a job."""

from celery import shared_task

from webapp.analyses import runner
from webapp.jobs import lifecycle


@shared_task(name="run_analysis")
def run_analysis(job_id: str) -> None:
    with lifecycle.working(job_id) as job:
        if job is not None:
            runner.run_analysis(job)


@shared_task(name="analyse_segment")
def analyse_segment(job_id: str) -> None:
    with lifecycle.working(job_id) as job:
        if job is not None:
            runner.analyse_segment(job)
