"""Makes Celery tasks of functions that work on a claimed job.

Runners are imported inside of them: the parent of a worker loads every task and then forks, and what runners load
(OpenCV, torch) must not have been used before a fork.
"""

from collections.abc import Callable
from typing import Any

from celery import shared_task

from webapp.jobs import lifecycle, queues
from webapp.jobs.models import Job


def job_task(name: str) -> Callable[[Callable[[Job], None]], Any]:
    """Registers a function as the task `name`, which takes the id of a job as text.

    The function runs only where a job could be claimed: a message that comes twice or late, or for a job that is gone,
    does nothing, or where jobs of its kind take turns, starts the next.
    """

    def task_of(work: Callable[[Job], None]) -> Any:
        def claim_and_work(job_id: str) -> None:
            with lifecycle.working(job_id, queues.kind_of(name)) as job:
                if job is not None:
                    work(job)

        return shared_task(name=name)(claim_and_work)

    return task_of
