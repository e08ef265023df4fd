"""What all kinds of fuzzing share: a case told by kind, seed and number, what is missed, and what a run tells."""

from __future__ import annotations

import logging
import re
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

CRASH, TRACEBACK, SERVER_ERROR, HANG, DEATH = "crash", "traceback", "server error", "hang", "death"
MEMORY, LOST, UNWORDED, FOREIGN = "memory", "lost byte", "unworded", "another team's"
MOST_BYTES = 400_000_000
MOST_S = 300
BY_SIGNAL = re.compile(r"(?:ended with|exit status) -(\d+)")
OWN_LIMITS = frozenset({"9", "24"})
"""SIGKILL and SIGXCPU: how a process ends that went beyond a limit of its own."""


class Missed(Exception):
    """Something was seen that must not happen; `what` is one of the kinds above."""

    def __init__(self, what: str, words: str) -> None:
        super().__init__(f"{what}: {words}")
        self.what, self.words = what, words


@dataclass(frozen=True, slots=True)
class Place:
    """Where a kind works: a folder of its own, and for kinds of the web the product and its data."""

    folder: Path
    seed: int
    port: int = 0
    data_dir: Path | None = None


class FuzzKind(ABC):
    """One kind of input. Opened once; `run` takes one case and returns its outcome in a word."""

    name = ""
    needs_product = False
    most_s = MOST_S

    def __init__(self, place: Place) -> None:
        self.place = place

    def __enter__(self) -> FuzzKind:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    @abstractmethod
    def run(self, random: Random, number: int) -> str:
        """Builds a case from `random` alone and tries it. Raises Missed; whatever else is raised is a crash."""


def random_of(kind: str, seed: int, number: int) -> Random:
    """Returns what decides everything in a case, the same on every machine."""
    return Random(f"{kind} {seed} {number}")


@dataclass
class Tally:
    """What came of the cases of one kind."""

    kind: str
    cases: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[int, str, str]] = field(default_factory=list)
    """Number, kind of miss, words."""
    contained: Counter[str] = field(default_factory=Counter)
    """Signals by which limited processes ended: a foreign library's own crash, which cost one worded failure."""

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "cases": self.cases,
            "seconds": self.seconds,
            "outcomes": dict(self.outcomes),
            "missed": self.missed,
            "contained": dict(self.contained),
        }

    def add(self, said: dict[str, Any]) -> None:
        """Adds what a process for the same kind has told."""
        self.cases += said["cases"]
        self.seconds += said["seconds"]
        self.outcomes.update(said["outcomes"])
        self.missed += [(number, what, words) for number, what, words in said["missed"]]
        self.contained.update(said["contained"])


class Overheard(logging.Handler):
    """Keeps warnings and errors that the product's own code logs during a case."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[tuple[int, str]] = []
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelno, self.format(record)))

    def take(self, contained: Counter[str]) -> None:
        """Judges what was logged since the last time, and counts crashes that stayed in limited processes.

        Raises Missed for errors and tracebacks.
        """
        lines, self.lines = self.lines, []
        for level, line in lines:
            signals = [number for number in BY_SIGNAL.findall(line) if number not in OWN_LIMITS]
            contained.update(f"signal {number}" for number in signals)
            if level >= logging.ERROR or "Traceback" in line:
                raise Missed(TRACEBACK, line[-1500:])
