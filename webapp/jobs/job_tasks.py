"""Keeps what does the work of each kind of job; one Celery task calls it.

Runners are imported inside of them: the parent of a worker loads every task and then forks, and what runners load
(OpenCV, torch) must not have been used before a fork.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from celery import shared_task

from webapp import storage
from webapp.jobs import lifecycle, queues, store_mark_services
from webapp.jobs.errors import DiskFull
from webapp.jobs.models import Job, JobKind

Work = Callable[[Job], None]


@dataclass(frozen=True, slots=True)
class Task:
    """What a kind of job needs: the work, and what is left to do once the job has ended, however it did."""

    work: Work
    afterwards: Work | None = None

    def run(self, job: Job) -> None:
        with lifecycle.working_on(job):
            if storage.is_full():
                raise DiskFull
            self.work(job)
        if self.afterwards is not None:
            self.afterwards(job)


TASKS: dict[str, Task] = {}
"""By kind, filled as the tasks of all apps are loaded."""


def job_task(kind: JobKind, *, afterwards: Work | None = None) -> Callable[[Work], Work]:
    """Registers a function as what does the work of a kind."""

    def register(work: Work) -> Work:
        TASKS[kind] = Task(work, afterwards)
        return work

    return register


@shared_task(name=queues.WORK, Request="webapp.jobs.message_adapter:HandedOut")
def work_on_next(queue: str) -> None:
    """Does the work of the job of this queue whose turn it is, if one waits.

    Without the store it takes none: then others of the queue do, or it is told again by the reaper.
    """
    if not store_mark_services.await_ours():
        return
    job = lifecycle.claim_next(queue)
    if job is not None:
        with suppress(storage.StoreAway):  # the job is in the queue again
            TASKS[job.kind].run(job)
