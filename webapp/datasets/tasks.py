"""What workers do for jobs of this app, once claimed."""

from webapp.jobs.job_tasks import job_task
from webapp.jobs.models import Job, JobKind


@job_task(JobKind.IMPORT)
def import_samples(job: Job) -> None:
    from webapp.datasets.importing import runner  # deferred: loads cv2

    runner.run_import(job)


@job_task(JobKind.MEASURE)
def measure_samples(job: Job) -> None:
    from webapp.datasets.measuring import runner  # deferred: loads cv2

    runner.measure_samples(job)


@job_task(JobKind.CHECKUP)
def examine_dataset(job: Job) -> None:
    from webapp.datasets.doctor import runner  # deferred: loads cv2

    runner.scan_dataset(job)
