"""What a worker's main process does beside Celery: it sees its children die, and gives their jobs back at once."""

import os
from typing import Any

from celery import bootsteps
from django.db import connections

from webapp.jobs import reaper
from webapp.jobs.lifecycle import process_name

LOOK_EVERY_S = 1.0


class GivesBackJobsOfTheDead(bootsteps.StartStopStep):
    """Queues again what a pool child was doing when it was killed, or ran out of memory.

    Without, it would take as long as a silent worker is waited for (`reaper.STALE_AFTER_S`).
    """

    requires = ("celery.worker.components:Timer", "celery.worker.components:Pool")

    def __init__(self, worker: Any, **options: Any) -> None:
        self.alive: set[int] = set()
        self.gone: set[int] = set()
        super().__init__(worker, **options)

    def start(self, worker: Any) -> None:
        worker.timer.call_repeatedly(LOOK_EVERY_S, self.look, (worker,))

    def look(self, worker: Any) -> None:
        now = set(worker.pool.info["processes"])
        self.gone |= self.alive - now
        self.alive = now
        if self.gone:
            reaper.logging_failures(self._give_back)

    def _give_back(self) -> None:
        try:
            reaper.recover_processes([process_name(pid, os.getpid()) for pid in self.gone])
            self.gone.clear()
        finally:
            connections.close_all()  # a child that is forked later must not share them
