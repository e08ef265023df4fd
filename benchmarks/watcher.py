"""Looks at something again and again from a thread, while something else is measured."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self


class Watcher:
    """Calls `look` every `every_s` seconds while it is open; what that raises is raised at the end."""

    every_s = 0.02

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(1)
        self._watching: Future[None] | None = None

    def look(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._watching = self._threads.submit(self._watch)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._threads.shutdown()
        if self._watching is not None:
            self._watching.result()

    def _watch(self) -> None:
        while not self._stop.wait(self.every_s):
            self.look()
