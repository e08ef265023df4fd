"""Puts candidates into the dataset: files first, then rows, counts and the place to go on in one transaction."""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.db import IntegrityError, transaction
from django.db.models import F

from webapp import storage
from webapp.datasets import live
from webapp.datasets.importing import boxed_picture_codec
from webapp.datasets.importing.candidate_types import Candidate, Work
from webapp.datasets.importing.prepare_runner import PreparedSample
from webapp.datasets.media_types import SUFFIXES
from webapp.datasets.models import Dataset, Import, ImportProblem, Label, Outcome, Sample, SampleBoxes
from webapp.datasets.services import TooManyLabels, clean_label, label_called
from webapp.jobs import lifecycle
from webapp.people.models import Person, Track
from webapp.videos.models import Video

PROBLEMS_KEPT = 1000
PICTURE_LENGTH = 500
FILES_IN_A_FOLDER = 1000
STAGE = "import"
TRIES = 3
LONGEST_FACT = 255
"""Something that a sample points to may vanish while it is stored (a person, a track): then it is looked at again."""


@dataclass(slots=True)
class PendingSample:
    """One of a batch. `ordinal` counts the candidates of the whole import."""

    ordinal: int
    candidate: Candidate
    prepared: PreparedSample | Outcome
    key: str = ""
    thumbnail_key: str = ""
    written: bool = False

    @property
    def outcome(self) -> Outcome:
        return self.prepared if isinstance(self.prepared, Outcome) else Outcome.ADDED


def _short(fact: object) -> object:
    """Returns the end of a long text: of a path, what tells most."""
    return f"…{fact[1 - LONGEST_FACT :]}" if isinstance(fact, str) and len(fact) > LONGEST_FACT else fact


@dataclass(slots=True)
class Notes:
    """What a person should be told about the import as a whole; sentences are made in `import_words`."""

    items: list[dict[str, object]] = field(default_factory=list)

    def add(self, code: str, **facts: object) -> None:
        note = {"code": code} | {key: _short(fact) for key, fact in facts.items()}
        if note not in self.items:
            self.items.append(note)

    def replace(self, code: str, **facts: object) -> None:
        """Says it in place of what an earlier attempt said."""
        self.items = [note for note in self.items if note["code"] != code]
        self.add(code, **facts)


def store(
    work: Work, notes: Notes, done: int, prepared: Sequence[tuple[Candidate, PreparedSample | Outcome]]
) -> list[int]:
    """Adds the batch and notes that `done` units are dealt with; returns the numbers of the new samples.

    Raises Cancelled when the job is no longer ours: then nothing of the batch stays.
    """
    of_import = Import.objects.select_related("dataset").get(pk=work.of_import.pk)
    first = sum(of_import.counts.values())
    batch = [PendingSample(first + n, *pair) for n, pair in enumerate(prepared)]
    with _no_file_left_over(batch):
        _mark_known(of_import.dataset, batch)
        for pending in batch:
            if pending.outcome is Outcome.ADDED:
                _write(work, of_import, pending)
        numbers = _commit(work, notes, of_import, done, batch)
    live.samples_changed(of_import.dataset, numbers)
    return numbers


@contextmanager
def _no_file_left_over(batch: Sequence[PendingSample]) -> Iterator[None]:
    """Deletes the files of candidates that did not become samples, whatever the reason."""
    kept = False
    try:
        yield
        kept = True
    finally:
        for pending in batch:
            if pending.written and not (kept and pending.outcome is Outcome.ADDED):
                storage.delete(pending.key)
                storage.delete(pending.thumbnail_key)


def _mark_known(dataset: Dataset, batch: Sequence[PendingSample]) -> None:
    """Marks content that the dataset, or the batch, has already."""
    fresh = {pending.prepared.sha256 for pending in batch if isinstance(pending.prepared, PreparedSample)}
    there = dataset.samples.filter(sha256__in=fresh, removed_at=None)
    known = set(there.values_list("sha256", flat=True))
    for pending in batch:
        if isinstance(pending.prepared, PreparedSample):
            sha256 = pending.prepared.sha256
            if sha256 in known:
                pending.prepared = Outcome.ALREADY_THERE
            known.add(sha256)


def _write(work: Work, of_import: Import, pending: PendingSample) -> None:
    """Writes under names of this attempt's own: one given up for dead cannot touch its successor's files."""
    prepared = pending.prepared
    assert isinstance(prepared, PreparedSample)
    attempt = work.job.claim_id.hex[:8] if work.job.claim_id else uuid.uuid4().hex[:8]
    stem = f"{folder_of(of_import)}/{pending.ordinal // FILES_IN_A_FOLDER}/{pending.ordinal}-{attempt}"
    pending.key, pending.thumbnail_key = stem + SUFFIXES[prepared.media_type], stem + ".thumbnail.jpg"
    pending.written = True
    if isinstance(prepared.data, Path):
        storage.put_file(pending.key, prepared.data)
    else:
        storage.put_bytes(pending.key, prepared.data)
    storage.put_bytes(pending.thumbnail_key, prepared.thumbnail)


def folder_of(of_import: Import) -> str:
    return f"{of_import.dataset.files_prefix}/{of_import.pk.hex}"


def _commit(work: Work, notes: Notes, of_import: Import, done: int, batch: Sequence[PendingSample]) -> list[int]:
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                return _commit_once(work, notes, of_import, done, batch)
        except IntegrityError as error:
            problem = error
    raise problem


def _commit_once(work: Work, notes: Notes, of_import: Import, done: int, batch: Sequence[PendingSample]) -> list[int]:
    lifecycle.report(work.job, STAGE, done, work.job.total, new_results=True)
    # Also serves as a lock: two imports into one dataset take turns from here on.
    Dataset.objects.filter(pk=of_import.dataset_id).update(last_number=F("last_number"))
    _mark_known(of_import.dataset, batch)
    present = _Present.of(batch)
    for pending in batch:
        if pending.candidate.video and pending.candidate.video not in present.videos:
            pending.prepared = Outcome.UNREADABLE
    added = [pending for pending in batch if pending.outcome is Outcome.ADDED]
    Dataset.objects.filter(pk=of_import.dataset_id).update(last_number=F("last_number") + len(added))
    last = Dataset.objects.values_list("last_number", flat=True).get(pk=of_import.dataset_id)
    labels = _labels(of_import.dataset, {pending.candidate.label for pending in added}, notes)
    numbers = list(range(last - len(added) + 1, last + 1))
    samples = Sample.objects.bulk_create(
        _row(of_import, pending, number, labels, present) for number, pending in zip(numbers, added, strict=True)
    )
    SampleBoxes.objects.bulk_create(_boxes(samples, added))
    _note(work, notes, of_import, done, batch)
    return numbers


@dataclass(frozen=True, slots=True)
class _Present:
    """What of the things that samples came from still stands."""

    videos: set[uuid.UUID]
    tracks: set[int]
    people: set[uuid.UUID]

    @classmethod
    def of(cls, batch: Sequence[PendingSample]) -> "_Present":
        found = [pending.candidate for pending in batch if pending.outcome is Outcome.ADDED]
        videos = Video.objects.filter(pk__in={each.video for each in found if each.video}, deleted_at=None)
        tracks = Track.objects.filter(pk__in={each.track for each in found if each.track})
        people = Person.objects.filter(pk__in={each.person for each in found if each.person})
        return cls(
            set(videos.values_list("pk", flat=True)),
            set(tracks.values_list("pk", flat=True)),
            set(people.values_list("pk", flat=True)),
        )


def _labels(dataset: Dataset, names: set[str], notes: Notes) -> dict[str, Label]:
    labels = {}
    for name in sorted(names - {""}):
        with suppress(ValueError):
            try:
                label = labels[name] = label_called(dataset, name)
            except TooManyLabels:
                notes.add("too_many_labels")
                continue
            if label.name != clean_label(name):
                notes.add("one_label", names=sorted([label.name, clean_label(name)]))
    return labels


def _row(of_import: Import, pending: PendingSample, number: int, labels: dict[str, Label], present: _Present) -> Sample:
    found, prepared = pending.candidate, pending.prepared
    assert isinstance(prepared, PreparedSample)
    return Sample(
        dataset=of_import.dataset,
        number=number,
        came_with=of_import,
        name=found.name[-500:],
        key=pending.key,
        thumbnail_key=pending.thumbnail_key,
        media_type=prepared.media_type,
        size_bytes=prepared.size_bytes,
        sha256=prepared.sha256,
        width=prepared.width,
        height=prepared.height,
        duration_s=prepared.duration_s,
        video_id=found.video,
        time_s=found.time_s,
        track_id=found.track if found.track in present.tracks else None,
        person_id=found.person if found.person in present.people else None,
        source=(found.source or prepared.sha256)[:255],
        source_name=(found.source_name or found.name)[-255:],
        identity=found.identity[:255],
        sequence=found.sequence[:64],
        part=found.part,
        label=labels.get(found.label),
        is_left_out=found.is_left_out,
    )


def _boxes(samples: Sequence[Sample], added: Sequence[PendingSample]) -> Iterator[SampleBoxes]:
    for sample, pending in zip(samples, added, strict=True):
        boxed, prepared = pending.candidate.boxed, pending.prepared
        assert isinstance(prepared, PreparedSample)
        size = (boxed.size if boxed else None) or prepared.picture_size
        if boxed is None or size is None or min(size) < 1 or not (boxes := boxed_picture_codec.in_pixels(boxed, size)):
            continue
        picture = boxed.name[-PICTURE_LENGTH:]
        yield SampleBoxes(
            sample=sample, picture=picture, width=size[0], height=size[1], is_cut_out=boxed.is_cut_out, boxes=boxes
        )


def _note(work: Work, notes: Notes, of_import: Import, done: int, batch: Sequence[PendingSample]) -> None:
    counts = Counter(of_import.counts) + Counter(str(pending.outcome) for pending in batch)
    options = of_import.options | {"notes": notes.items}
    Import.objects.filter(pk=of_import.pk).update(items_done=done, counts=dict(counts), options=options)
    quiet = (Outcome.ADDED, Outcome.ALREADY_THERE)
    problems = [pending for pending in batch if pending.outcome not in quiet]
    kept = ImportProblem.objects.filter(of_import=of_import).count() if problems else 0
    ImportProblem.objects.bulk_create(
        ImportProblem(of_import=of_import, item=each.ordinal, name=each.candidate.name[-500:], outcome=each.outcome)
        for each in problems[: max(0, PROBLEMS_KEPT - kept)]
    )


def remove_orphans(of_import: Import) -> None:
    """Deletes files that a killed attempt wrote but could not note."""
    known = set(Sample.objects.filter(came_with=of_import).values_list("key", flat=True))
    known |= set(Sample.objects.filter(came_with=of_import).values_list("thumbnail_key", flat=True))
    for folder in storage.names(folder_of(of_import)):
        for name in storage.names(f"{folder_of(of_import)}/{folder}"):
            key = f"{folder_of(of_import)}/{folder}/{name}"
            if key not in known:
                storage.delete(key)
