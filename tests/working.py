"""Does the work of a job in this process, as a worker whose turn falls on it does."""

from uuid import UUID

from webapp.celery import app
from webapp.jobs import lifecycle
from webapp.jobs.job_tasks import TASKS


def work_on(job_id: UUID | str | None) -> None:
    """Claims the job and does what its kind needs; nothing where it cannot be claimed."""
    app.loader.import_default_modules()
    assert job_id is not None
    job = lifecycle.claim(job_id)
    if job is not None:
        TASKS[job.kind].run(job)
