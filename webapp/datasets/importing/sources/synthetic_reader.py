"""Reads the pictures of the sample dataset, synthesised anew each time and always the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

import cv2

from analysis.samples.drawings import DRAWINGS, Drawing, sample_drawings
from webapp.datasets.importing.candidate_types import Candidate, Reader, ReaderStep, Work
from webapp.datasets.importing.store_runner import Notes
from webapp.datasets.models import Label


@contextmanager
def opened(work: Work, notes: Notes) -> Iterator[Reader]:
    names = Label.objects.filter(dataset=work.of_import.dataset_id).values_list("name", flat=True)
    yield SyntheticReader(tuple(names[:2]))


@dataclass(frozen=True, slots=True)
class SyntheticReader:
    """One unit for each drawing."""

    labels: tuple[str, ...]
    """Of the smiling ones and of the others: the dataset's first two, whatever somebody calls them meanwhile."""

    @property
    def total(self) -> int:
        return DRAWINGS

    def steps(self, start: int) -> Iterator[ReaderStep]:
        for at, drawing in islice(enumerate(sample_drawings(), 1), start, None):
            yield ReaderStep(at, (self._found(drawing),))

    def _found(self, drawing: Drawing) -> Candidate:
        _, content = cv2.imencode(".png", drawing.image_bgr)
        place = 0 if drawing.is_smiling else 1
        return Candidate(drawing.name, content.tobytes(), label=self.labels[place] if place < len(self.labels) else "")
