"""Many small computations at once, each on one core: for these that is quicker than all cores for one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

import torch

T = TypeVar("T")

HEARD_EVERY_S = 0.2
"""So often the caller hears of it, though nothing has ended."""


class _Stopped(Exception):
    """Ends what nobody waits for any more."""


def in_parallel(tasks: Sequence[Callable[[Callable[[], None]], T]], tell: Callable[[int], None]) -> list[T]:
    """Returns results in the order of the tasks; they are the same for any number of cores.

    Each task gets a function that it calls now and then; it raises when the task is wanted no longer. `tell` hears in
    the caller's thread how many have ended; whatever it raises, or a task, ends all others and goes through.
    """
    stop = Event()

    def check_stopped() -> None:
        if stop.is_set():
            raise _Stopped

    cores = torch.get_num_threads()
    torch.set_num_threads(1)  # new threads take it over
    pool = ThreadPoolExecutor(min(cores, len(tasks)))
    try:
        futures = [pool.submit(task, check_stopped) for task in tasks]
        _hear(futures, tell)
        return [future.result() for future in futures]
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(cores)


def _hear(futures: Sequence[Future[T]], tell: Callable[[int], None]) -> None:
    waiting = set(futures)
    while waiting:
        ended, waiting = wait(waiting, HEARD_EVERY_S, FIRST_COMPLETED)
        for future in ended:
            future.result()
        tell(len(futures) - len(waiting))
