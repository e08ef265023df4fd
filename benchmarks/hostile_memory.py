"""Peak memory of the processes of a running product, by what they do, read from Linux's own account of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmarks.watcher import Watcher

MEGA = 1_000_000
PROC = Path("/proc")
DECODES = ("analysis.limited", "ffmpeg")
WORKS = "celery"


@dataclass(slots=True)
class _Process:
    """A process as it was when it was seen first, and its most since, in bytes."""

    decodes: bool
    first: int
    first_peak: int
    most: int = 0

    def look(self, now: int, peak: int) -> None:
        """Takes the peak of its whole life where that rose since it was seen first."""
        self.most = max(self.most, now, peak if peak > self.first_peak or self.decodes else 0)


class Peaks(Watcher):
    """Watches the descendants of a process while it is open."""

    every_s = 0.01

    def __init__(self, pid: int) -> None:
        super().__init__()
        self.pid = pid
        self._processes: dict[int, _Process] = {}
        self._others: set[int] = set()

    @property
    def decoding_bytes(self) -> int:
        """The most that one process held which decodes foreign bytes."""
        return max((process.most for process in self._processes.values() if process.decodes), default=0)

    @property
    def growth_bytes(self) -> int:
        """The most by which one worker grew since it was seen first."""
        grown = (process.most - process.first for process in self._processes.values() if not process.decodes)
        return max(grown, default=0)

    def __enter__(self) -> Self:
        # Those that decode already do so for an earlier file.
        self._others = {pid for pid in descendants(self.pid) if decodes(command_of(pid))}
        self.look()
        return super().__enter__()

    def look(self) -> None:
        for pid in set(descendants(self.pid)) - self._others:
            # In this order: until it is another program, a new process is listed with what its parent holds.
            command = command_of(pid)
            if not decodes(command) and not any(WORKS in part for part in command):
                continue
            try:
                now, peak = memory_of(pid)
            except (OSError, KeyError):  # it has ended
                continue
            held = self._processes.get(pid)
            if held is None or held.decodes != decodes(command):
                held = self._processes[pid] = _Process(decodes(command), now, peak)
            held.look(now, peak)


def command_of(pid: int) -> list[str]:
    """Returns the command line; nothing where the process has ended."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def decodes(command: list[str]) -> bool:
    return any(word in part for part in command[:3] for word in DECODES)


def descendants(pid: int) -> Iterator[int]:
    """Yields the processes that a process started, and those that these started."""
    try:
        texts = [path.read_text() for path in (PROC / str(pid) / "task").glob("*/children")]
    except OSError:  # it has ended, or one of its threads
        return
    for text in texts:
        children = text.split()
        for child in map(int, children):
            yield child
            yield from descendants(child)


def memory_of(pid: int) -> tuple[int, int]:
    """Returns the resident memory of a process in bytes: now, and the most since it began.

    Raises OSError or KeyError where it has ended.
    """
    lines = dict(line.split(":", 1) for line in (PROC / str(pid) / "status").read_text().splitlines())
    return int(lines["VmRSS"].split()[0]) * 1024, int(lines["VmHWM"].split()[0]) * 1024
