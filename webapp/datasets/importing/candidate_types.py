"""What a source of an import hands over: candidates for samples, in a fixed order, unit by unit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from analysis.archives.listed_files import Box, BoxedPicture
from webapp.datasets.importing.option_types import ImportOptions
from webapp.datasets.models import Import, Outcome
from webapp.jobs.models import Job

Content = bytes | bytearray | Path | Outcome
"""A picture, a clip's file (in the scratch folder; it may be moved away), or why there is none."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible sample and everything that is known of it."""

    name: str
    content: Content
    label: str = ""
    video: UUID | None = None
    time_s: float | None = None
    track: int | None = None
    person: UUID | None = None
    source: str = ""
    """Empty: it stands for itself, and its content becomes its source."""
    source_name: str = ""
    identity: str = ""
    sequence: str = ""
    is_left_out: bool = False
    part: str = ""
    box_xywh: Box | None = None
    """Only this part of the picture is the sample."""
    boxed: BoxedPicture | None = None


@dataclass(frozen=True, slots=True)
class ReaderStep:
    """A unit is dealt with: `done` of all units lie behind it. It may have brought nothing, one or several."""

    done: int
    candidates: tuple[Candidate, ...] = ()


class Reader(Protocol):
    """An opened source. Opened again, it has the same units in the same order."""

    @property
    def total(self) -> int:
        """Returns how many units there are."""

    def steps(self, start: int) -> Iterator[ReaderStep]:
        """Yields one step for each unit from `start` on, however little it brings."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a source may use while it reads."""

    job: Job
    of_import: Import
    options: ImportOptions
    scratch: Path
    heartbeat: Callable[[], None]
    """To be called at least once a second; raises Cancelled."""


@dataclass(frozen=True, slots=True)
class ListReader:
    """The part of a `Reader` that all share whose units stand in a list; by default each brings one candidate."""

    work: Work
    units: list[Any]

    @property
    def total(self) -> int:
        return len(self.units)

    def steps(self, start: int) -> Iterator[ReaderStep]:
        for at, unit in enumerate(self.units[start:], start):
            self.work.heartbeat()
            yield ReaderStep(at + 1, (self.found(at, unit),))

    def found(self, at: int, unit: Any) -> Candidate:
        """Returns what unit number `at` brings."""
        raise NotImplementedError
