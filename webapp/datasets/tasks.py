"""What Celery workers call, by the id of a job."""

from celery import shared_task

from webapp.datasets.doctor import runner as doctor_runner
from webapp.datasets.importing import runner
from webapp.datasets.measuring import runner as measuring_runner
from webapp.jobs import lifecycle


@shared_task(name="import_samples")
def import_samples(job_id: str) -> None:
    with lifecycle.working(job_id) as job:
        if job is not None:
            runner.run_import(job)


@shared_task(name="measure_samples")
def measure_samples(job_id: str) -> None:
    with lifecycle.working(job_id) as job:
        if job is not None:
            measuring_runner.measure_samples(job)


@shared_task(name="examine_dataset")
def examine_dataset(job_id: str) -> None:
    with lifecycle.working(job_id) as job:
        if job is not None:
            doctor_runner.examine_dataset(job)
