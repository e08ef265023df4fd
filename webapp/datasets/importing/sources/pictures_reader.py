"""Pictures that a browser sent in numbered batches; see `webapp.datasets.importing.inbox`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from webapp import storage
from webapp.datasets.importing import inbox
from webapp.datasets.importing.candidate_types import Candidate, ListReader, Reader, ReaderStep, Work
from webapp.datasets.importing.store_runner import Notes
from webapp.datasets.models import Outcome


@contextmanager
def opened(work: Work, notes: Notes) -> Iterator[Reader]:
    yield UploadedPictureReader(work, inbox.arrived_pictures(work.of_import))


@dataclass(frozen=True, slots=True)
class UploadedPictureReader(ListReader):
    """One unit for each picture, in the order of the batches."""

    def steps(self, start: int) -> Iterator[ReaderStep]:
        for at, arrived in enumerate(self.units[start:], start):
            yield ReaderStep(at + 1, (self._found(arrived),))

    def _found(self, arrived: inbox.Arrived) -> Candidate:
        of_import, options = self.work.of_import, self.work.options
        try:
            content: bytes | Outcome = storage.read_bytes(arrived.key)
        except FileNotFoundError:
            content = Outcome.UNREADABLE
        return Candidate(
            name=arrived.name,
            content=content,
            label=options.label,
            source=str(of_import.pk) if options.one_source else "",
            source_name=of_import.title if options.one_source else "",
        )
