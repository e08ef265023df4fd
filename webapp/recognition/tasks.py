"""What Celery workers call, by the id of a job."""

from celery import shared_task

from webapp.jobs import lifecycle
from webapp.recognition import runner


@shared_task(name="recognise_in_video")
def recognise_in_video(job_id: str) -> None:
    with lifecycle.working(job_id) as job:
        if job is not None:
            runner.recognise_in_video(job)
