"""What the worker does for an import: goes through the units of its source and stores what they bring, in batches."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from queue import SimpleQueue

from django.db import transaction

from analysis.errors import Cancelled
from analysis.images.limited_read import PicturePreparation
from webapp import storage
from webapp.datasets.importing import inbox, prepare_runner, store_runner
from webapp.datasets.importing.candidate_types import Candidate, Reader, Work
from webapp.datasets.importing.option_types import CHOSEN, ImportOptions
from webapp.datasets.importing.prepare_runner import PreparedSample
from webapp.datasets.importing.sources import (
    archive_reader,
    clips_reader,
    frames_reader,
    people_reader,
    pictures_reader,
    single_moments_reader,
    synthetic_reader,
    videos_reader,
)
from webapp.datasets.importing.store_runner import STAGE, Notes
from webapp.datasets.measuring.services import request_measuring
from webapp.datasets.models import DatasetKind, Import, Outcome, Source
from webapp.jobs import lifecycle
from webapp.jobs.models import Job
from webapp.uploads import store_services

THREADS = 2
BATCH_COUNT = 64
BATCH_BYTES = 48 * 1024**2
BATCH_S = 1.0
"""A killed worker loses at most one batch of work."""

PreparePictures = Callable[[Sequence[Candidate], int], Iterator[PreparedSample | Outcome]]
"""Prepares pictures, of which none may be smaller than so many pixels, in their order."""

OPEN: dict[str, Callable[[Work, Notes], AbstractContextManager[Reader]]] = {
    Source.PEOPLE: people_reader.opened,
    Source.FRAMES: frames_reader.opened,
    Source.MOMENTS: clips_reader.opened,
    Source.PICTURES: pictures_reader.opened,
    Source.ARCHIVE: archive_reader.opened,
    Source.VIDEOS: videos_reader.opened,
    Source.SYNTHETIC: synthetic_reader.opened,
}


@dataclass(slots=True)
class Batch:
    """Candidates that are stored together, and how many units lie behind them."""

    done: int = 0
    found: list[Candidate] = field(default_factory=list)
    size_bytes: int = 0
    since_s: float = field(default_factory=time.monotonic)

    def take(self, done: int, found: tuple[Candidate, ...]) -> None:
        self.done = done
        self.found += found
        self.size_bytes += sum(_size_bytes(each) for each in found)

    @property
    def is_full(self) -> bool:
        waited_s = time.monotonic() - self.since_s
        return len(self.found) >= BATCH_COUNT or self.size_bytes >= BATCH_BYTES or waited_s >= BATCH_S


def _size_bytes(found: Candidate) -> int:
    """Returns how much it takes in memory or in the scratch folder."""
    if isinstance(found.content, Path):
        return found.content.stat().st_size
    return len(found.content) if isinstance(found.content, bytes | bytearray) else 0


def run_import(job: Job) -> None:
    """Goes on behind what an earlier attempt had stored. What is added stays, however this ends."""
    of_import = Import.objects.select_related("dataset__team").filter(job=job, undone_at=None).first()
    if of_import is None or of_import.dataset.deleted_at is not None:
        lifecycle.cancel(job.pk)
        raise Cancelled
    notes = Notes(list(of_import.options.get("notes", [])))
    lifecycle.report(job, "look", of_import.items_done, of_import.items_total)
    if job.attempts:
        store_runner.remove_orphans(of_import)
    with storage.scratch_dir() as scratch:
        # Repeats the last report, which is the job's heartbeat and notices a cancel.
        heartbeat = lambda: lifecycle.report(job, job.stage, job.done, job.total)  # noqa: E731
        work = Work(job, of_import, ImportOptions.of_json(of_import.options), scratch, heartbeat)
        try:
            _bring_in(work)
            _go_through(work, notes)
        finally:
            _keep_notes(of_import, notes)
    _end(job, of_import)


def _bring_in(work: Work) -> None:
    """Moves files that could not be moved into the inbox when they had come."""
    for upload in work.of_import.uploads.filter(is_stored=True):
        key = inbox.file_key(work.of_import, upload.pk)
        store_services.bring_in(upload.pk, key, upload.size_bytes, lambda _bytes: work.heartbeat())


def _go_through(work: Work, notes: Notes) -> None:
    job, of_import = work.job, work.of_import
    opened = single_moments_reader.opened if work.options.how == CHOSEN else OPEN[of_import.source]
    with opened(work, notes) as reader, preparing_pictures() as pictures:
        job.done, job.total = of_import.items_done, reader.total
        Import.objects.filter(pk=of_import.pk).update(items_total=reader.total)
        lifecycle.report(job, STAGE, job.done, job.total)
        for batch in _batches(reader, of_import.items_done):
            prepared = list(_prepared(work, pictures, batch.found))
            store_runner.store(work, notes, batch.done, prepared)
            job.done = batch.done
            for found, result in prepared:
                prepare_runner.discard(found, result)


def _batches(reader: Reader, start: int) -> Iterator[Batch]:
    batch = Batch()
    for step in reader.steps(start):
        batch.take(step.done, step.candidates)
        if batch.is_full:
            yield batch
            batch = Batch()
    if batch.done:
        yield batch


@contextmanager
def preparing_pictures() -> Iterator[PreparePictures]:
    """Yields what prepares pictures, several at once, each thread with a limited process of its own."""
    waiting = SimpleQueue[PicturePreparation]()
    ways = [PicturePreparation() for _ in range(THREADS)]
    for way in ways:
        waiting.put(way)

    def prepare(found: Candidate, least_side: int) -> PreparedSample | Outcome:
        if isinstance(found.content, Outcome):
            return found.content
        way = waiting.get()
        try:
            return prepare_runner.prepare_picture(found, least_side, way)
        finally:
            waiting.put(way)

    with ThreadPoolExecutor(THREADS) as pool:
        try:
            yield lambda batch, least_side: pool.map(prepare, batch, repeat(least_side))
        finally:
            for way in ways:
                way.close()


def _prepared(
    work: Work, pictures: PreparePictures, batch: list[Candidate]
) -> Iterator[tuple[Candidate, PreparedSample | Outcome]]:
    if work.of_import.dataset.kind == DatasetKind.CLIPS:
        for found in batch:
            yield found, _clip(work, found)
        return
    for found, prepared in zip(batch, pictures(batch, work.options.least_side), strict=True):
        work.heartbeat()
        yield found, prepared


def _clip(work: Work, found: Candidate) -> PreparedSample | Outcome:
    """Prepares one after the other: probing is a process of its own, and FFmpeg uses all cores anyway."""
    if isinstance(found.content, Outcome):
        return found.content
    if not isinstance(found.content, Path):
        raise TypeError("a clip is handed over as a file")
    return prepare_runner.prepare_clip(found, work.scratch, work.heartbeat)


def _keep_notes(of_import: Import, notes: Notes) -> None:
    """Stores the notes also when the import fails: they may say why."""
    stored = Import.objects.values_list("options", flat=True).filter(pk=of_import.pk).first()
    if stored is not None and notes.items and stored.get("notes") != notes.items:
        Import.objects.filter(pk=of_import.pk).update(options=stored | {"notes": notes.items})


def _end(job: Job, of_import: Import) -> None:
    """Ends the job and queues the measuring in one transaction; then deletes the uploaded files."""
    dataset = of_import.dataset
    with transaction.atomic():
        lifecycle.finish(job)
        if of_import.samples.filter(removed_at=None).exists():
            request_measuring(dataset, user=job.created_by)
        of_import.uploads.all().delete()
    storage.delete_prefix(of_import.inbox_prefix)
