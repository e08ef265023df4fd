"""The product's Celery application, whose checks go on until somebody stops them."""

import time
from typing import TYPE_CHECKING

from celery.signals import worker_process_init

from webapp.celery import app as app

if TYPE_CHECKING:
    from webapp.jobs.models import Job


def slow(job: "Job") -> None:
    from webapp.jobs import lifecycle  # Celery sets Django up only after importing this module

    for second in range(600):
        lifecycle.report(job, "detect", second / 10, 60)
        time.sleep(0.1)


@worker_process_init.connect
def replace_checks(**_: object) -> None:
    from webapp.jobs.job_tasks import TASKS, Task  # Celery sets Django up only after importing this module
    from webapp.jobs.models import JobKind  # as above

    TASKS[JobKind.CHECK] = Task(slow)
