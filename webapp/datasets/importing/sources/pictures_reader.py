"""Pictures that a browser sent in numbered batches; see `webapp.datasets.importing.inbox`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from webapp import storage
from webapp.datasets.importing import inbox
from webapp.datasets.importing.candidate_types import Candidate, ListReader, Reader, Work
from webapp.datasets.importing.store_runner import Notes
from webapp.datasets.models import Outcome


@contextmanager
def opened(work: Work, notes: Notes) -> Iterator[Reader]:
    yield UploadedPictureReader(work, inbox.arrived_pictures(work.of_import))


@dataclass(frozen=True, slots=True)
class UploadedPictureReader(ListReader):
    """One unit for each picture, in the order of the batches."""

    def found(self, at: int, unit: inbox.Arrived) -> Candidate:
        of_import, options = self.work.of_import, self.work.options
        try:
            content: bytes | Outcome = storage.read_bytes(unit.key)
        except FileNotFoundError:
            content = Outcome.UNREADABLE
        return Candidate(
            name=unit.name,
            content=content,
            label=options.label,
            source=str(of_import.pk) if options.one_source else "",
            source_name=of_import.title if options.one_source else "",
        )
