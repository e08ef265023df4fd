"""The web processes: all accept from one listening socket, and are replaced one after the other."""

import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from webapp import env
from webapp.supervisor.children import Child, stop_together

REPLACE_SIGNAL = signal.SIGUSR1
"""Has whoever owns web processes replace them, and a web process leave once it has answered what it has begun."""
LEAVES_WITHIN_S = 600.0
"""An upload or a download may go on so long in a process that has been replaced; both can be taken up again."""
STARTS_WITHIN_S = 60.0
MOST_BY_DEFAULT = 4
"""Each holds some 140 MiB."""


def wanted_count() -> int:
    """Returns how many there are to be. Raises ImproperlyConfigured."""
    by_default = min(MOST_BY_DEFAULT, max(2, len(os.sched_getaffinity(0))))
    return env.number("ROLLCALL_WEB_PROCESSES", by_default, at_least=1)


def command(listener_fd: int, ready: Path) -> list[str]:
    """Returns what starts one, which makes the file `ready` once it accepts connections."""
    return [sys.executable, "-m", "webapp.supervisor.web", str(listener_fd), "--ready", str(ready)]


class WebServers:
    """Those that serve, each in its place, and those that were replaced and still answer what they have begun."""

    def __init__(self, make: Callable[[str, Path], Child], folder: Path, count: int) -> None:
        """`make` takes the name of a process and the file in `folder` with which it says that it is ready."""
        self._make, self._folder = make, folder
        self._made = itertools.count(1)
        self.serving = [self._new(place)[0] for place in range(count)]
        self._leaving: list[tuple[Child, float]] = []
        self._to_replace: list[int] = []
        self._successor: tuple[Child, Path] | None = None

    def _new(self, place: int) -> tuple[Child, Path]:
        name = "The web server" if place == 0 else f"The web server (process {place + 1})"
        ready = self._folder / f"web-{next(self._made)}.ready"
        return self._make(name, ready), ready

    def start(self) -> None:
        """Starts those that do not run yet."""
        for child in self.serving:
            if child.process is None:
                child.start()

    def replace(self) -> None:
        """Begins to replace all, unless that goes on already."""
        if not self._to_replace:
            self._to_replace = list(range(len(self.serving)))

    def tick(self) -> Iterator[str]:
        """Starts again what died, and goes on replacing; yields words about both."""
        for child in self.serving:
            if words := child.has_just_died():
                yield words
            if child.start_if_due():
                yield f"{child.name} is running again"
        self._end_those_that_left()
        if self._to_replace:
            yield from self._go_on_replacing(self._to_replace[0])

    def _go_on_replacing(self, place: int) -> Iterator[str]:
        if self._successor is None:
            self._successor = self._new(place)
            self._successor[0].start()
            return
        child, ready = self._successor
        if ready.exists():
            self._leave(self.serving[place])
            self.serving[place], self._successor = child, None
            self._to_replace.pop(0)
            if not self._to_replace:
                yield "The web server has been restarted"
        elif child.has_ended() or time.monotonic() - child.started_s > STARTS_WITHIN_S:
            child.stop()
            self._successor, self._to_replace = None, []
            yield f"A new web server does not start, so the old one stays ({child.where_to_look})"

    def _leave(self, child: Child) -> None:
        if child.process is not None:
            child.process.send_signal(REPLACE_SIGNAL)
            self._leaving.append((child, time.monotonic() + LEAVES_WITHIN_S))

    def _end_those_that_left(self) -> None:
        for child, until_s in self._leaving:
            if child.has_ended() or time.monotonic() > until_s:
                child.stop()
        self._leaving = [each for each in self._leaving if each[0].process is not None]

    def stop(self) -> None:
        successors = [] if self._successor is None else [self._successor[0]]
        stop_together([*self.serving, *successors, *(child for child, _until_s in self._leaving)])
