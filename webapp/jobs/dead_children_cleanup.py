"""What a worker's main process does beside Celery: gives back jobs of children that die, and says that it goes on."""

import os
from typing import Any

from celery import bootsteps
from django.db import connections

from webapp.jobs import alive_files, reaper

LOOK_EVERY_S = 1.0


class GivesBackJobsOfTheDead(bootsteps.StartStopStep):
    """Queues again what a pool child was doing when it was killed, or ran out of memory.

    Without, it would take as long as a silent worker is waited for (`reaper.STALE_AFTER_S`).
    """

    requires = ("celery.worker.components:Timer", "celery.worker.components:Pool")

    def __init__(self, worker: Any, **options: Any) -> None:
        self.known: set[int] | None = None
        super().__init__(worker, **options)

    def start(self, worker: Any) -> None:
        worker.timer.call_repeatedly(LOOK_EVERY_S, self.look, (worker,))
        # By the loop that also takes messages: it stands still while the queue is away.
        worker.timer.call_repeatedly(alive_files.EVERY_S, alive_files.touch)

    def look(self, worker: Any) -> None:
        alive = set(worker.pool.info["processes"])
        if alive != self.known:  # some began, so others ended
            reaper.logging_failures(lambda: self._give_back(alive))

    def _give_back(self, alive: set[int]) -> None:
        try:
            reaper.recover_children(os.getpid(), alive)
            self.known = alive
        finally:
            connections.close_all()  # a child that is forked later must not share them
