"""What the worker does after an import: measures new samples, embeds them, suggests labels for the unlabelled."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np
from django.db import transaction
from django.db.models import F, Q, QuerySet
from numpy.typing import NDArray

from analysis.doctor.embedding import PictureEmbedder, load_picture_embedder
from analysis.doctor.face_patterns import FacePatterns, load_face_patterns
from analysis.doctor.measures import MEASURES_VERSION, measure_picture
from analysis.doctor.suggestions import suggest_labels
from analysis.errors import AnalysisError, Cancelled
from analysis.images.limited_read import PictureReader
from analysis.types import Float32, Image
from webapp import storage
from webapp.datasets import live, signals
from webapp.datasets.models import Dataset, DatasetKind, Label, Measured, Sample
from webapp.datasets.signals import Suggester
from webapp.jobs import lifecycle
from webapp.jobs.models import Job

logger = logging.getLogger(__name__)

BATCH = 32
ROWS = 2000
VECTOR_TYPE = np.dtype("<f2")
MEASURED = Q(measured__version=MEASURES_VERSION, measured__embedder=PictureEmbedder.name)
"""Samples whose measures are made as they are made today; others cannot be compared with them."""
REPLACED = ("blur", "brightness", "highlights", "shadows", "contrast", "version", "signature", "embedder", "embedding")
LEAST_LABELLED = 2
"""Labels that have at least this many samples are suggested."""
MOST_ASKED = 2000
"""Samples that the deployed model predicts each time, the most uncertain ones: about a minute of one core."""
MOST_KNOWN = 5000
"""Labelled samples that vote on suggestions; more of them change little and cost memory."""


def measure_samples(job: Job) -> None:
    """Measures all samples not measured yet, or by an older measure, then suggests labels.

    Each batch is stored as it is ready, so a repeat goes on.
    """
    dataset = Dataset.objects.filter(pk=job.subject_id, deleted_at=None).first()
    if dataset is None:
        lifecycle.cancel(job.pk)
        raise Cancelled
    new = dataset.samples.filter(removed_at=None).exclude(MEASURED).order_by("number")
    total, done = new.count(), 0
    after = 0
    lifecycle.report(job, "measure", 0, total)
    while batch := list(new.filter(number__gt=after)[:BATCH]):
        Measured.objects.bulk_create(
            _measured(batch), update_conflicts=True, unique_fields=["sample"], update_fields=REPLACED
        )
        after, done = batch[-1].number, done + len(batch)
        lifecycle.report(job, "measure", done, max(total, done))
    lifecycle.report(job, "suggest", total, max(total, 1))
    suggest(dataset, lambda: lifecycle.report(job, "suggest", total, max(total, 1)))


def _measured(samples: Sequence[Sample]) -> list[Measured]:
    pictures = [(sample, image) for sample in samples if (image := picture_of(sample)) is not None]
    if not pictures:
        return []
    vectors = embedder().embed([image for _sample, image in pictures])
    return [_row(sample, image, vector) for (sample, image), vector in zip(pictures, vectors, strict=True)]


def _row(sample: Sample, image_bgr: Image, vector: Float32) -> Measured:
    measures = measure_picture(image_bgr)
    return Measured(
        sample=sample,
        blur=measures.blur,
        brightness=measures.brightness,
        highlights=measures.highlights,
        shadows=measures.shadows,
        contrast=measures.contrast,
        version=MEASURES_VERSION,
        signature=measures.signature,
        embedder=embedder().name,
        embedding=vector.astype(VECTOR_TYPE).tobytes(),
    )


def picture_of(sample: Sample) -> Image | None:
    """Returns the picture, or a clip's thumbnail, as BGR; None when its file is gone or broken."""
    key = sample.thumbnail_key if sample.dataset.kind == DatasetKind.CLIPS else sample.key
    try:
        return picture_reader().decode(storage.read_bytes(key), sample.name)
    except (FileNotFoundError, AnalysisError) as error:
        logger.warning("Sample %s cannot be measured: %s", sample.pk, error)
        return None


@lru_cache(maxsize=1)
def picture_reader() -> PictureReader:
    """Returns what decodes pictures, a process beside each worker process."""
    return PictureReader()


@lru_cache(maxsize=1)
def embedder() -> PictureEmbedder:
    """Returns the embedder, loaded once in each worker process."""
    return load_picture_embedder(threads=1)


@lru_cache(maxsize=1)
def pattern_maker() -> FacePatterns:
    return load_face_patterns(threads=1)


def patterns_of(samples: Sequence[Sample], tell: Callable[[int], None]) -> NDArray[np.float16]:
    """Returns `(n, d)` vectors of measured samples, making and storing missing ones.

    `tell` hears how many are done. A sample whose file is gone has the mean of the others, which says nothing."""
    vectors = np.full((len(samples), FacePatterns.length), np.nan, VECTOR_TYPE)
    for start in range(0, len(samples), BATCH):
        batch = samples[start : start + BATCH]
        rows = Measured.objects.select_related("sample__dataset").in_bulk([sample.pk for sample in batch])
        _make_patterns([row for row in rows.values() if row.patterns_by != FacePatterns.name])
        for number, sample in enumerate(batch, start):
            if sample.pk in rows and rows[sample.pk].patterns_by == FacePatterns.name:
                vectors[number] = np.frombuffer(rows[sample.pk].patterns or b"", VECTOR_TYPE)
        tell(start + len(batch))
    gone = np.isnan(vectors[:, 0])
    vectors[gone] = vectors[~gone].mean(axis=0, dtype=np.float32) if not gone.all() else 0
    return vectors


def _make_patterns(rows: Sequence[Measured]) -> None:
    pictures = [(row, image) for row in rows if (image := picture_of(row.sample)) is not None]
    vectors = pattern_maker().embed([image for _row, image in pictures]) if pictures else ()
    for (row, _image), vector in zip(pictures, vectors, strict=True):
        row.patterns, row.patterns_by = vector.astype(VECTOR_TYPE).tobytes(), FacePatterns.name
    Measured.objects.bulk_update([row for row, _image in pictures], ["patterns", "patterns_by"])


def suggest(dataset: Dataset, heartbeat: Callable[[], None]) -> None:
    """Suggests for every unlabelled sample the label of its most similar neighbours; forgets older suggestions.

    Where the dataset has a deployed model, that predicts those of which the neighbours are least certain.
    """
    samples = dataset.samples.filter(removed_at=None, is_left_out=False)
    outdated = dataset.samples.filter(suggested__isnull=False).exclude(label=None)
    outdated.update(suggested=None, certainty=None)
    labelled = samples.filter(label__isnull=False)
    Dataset.objects.filter(pk=dataset.pk).update(labels_at_suggestion=labelled.count())
    names = _labels_with_enough(labelled)
    if len(names) >= 2:
        _suggest_by_neighbours(dataset, samples.filter(label=None), labelled.filter(label__in=names))
    if suggester := signals.first_answer(signals.label_suggester_wanted, dataset):
        _suggest_by_model(dataset, samples.filter(label=None), suggester, heartbeat)


def _suggest_by_neighbours(dataset: Dataset, samples: QuerySet[Sample], voters: QuerySet[Sample]) -> None:
    known, vectors = _vectors(voters)
    labels = [str(label) for label in known]
    for rows, asked in _vectors_in_parts(samples):
        found = suggest_labels(vectors, labels, asked)
        with transaction.atomic():
            for sample, number, certainty in zip(rows, found.numbers, found.certainties, strict=True):
                sample.suggested_id = int(found.labels[int(number)])
                sample.certainty = float(certainty)
            Sample.objects.bulk_update(rows, ["suggested", "certainty"], batch_size=300)
        live.samples_changed(dataset, [row.number for row in rows])


def _suggest_by_model(
    dataset: Dataset, samples: QuerySet[Sample], suggester: Suggester, heartbeat: Callable[[], None]
) -> None:
    least_certain = samples.select_related("dataset").order_by(F("certainty").asc(nulls_first=True), "number")
    asked = list(least_certain[:MOST_ASKED])
    for start in range(0, len(asked), BATCH):
        rows = []
        batch = asked[start : start + BATCH]
        for sample, suggestion in zip(batch, suggester(batch), strict=True):
            if suggestion is not None:
                sample.suggested_id, sample.certainty = suggestion
                rows.append(sample)
        Sample.objects.bulk_update(rows, ["suggested", "certainty"])
        live.samples_changed(dataset, [row.number for row in rows])
        heartbeat()


def _labels_with_enough(labelled: QuerySet[Sample]) -> list[int]:
    counts: dict[int, int] = {}
    for label in labelled.filter(MEASURED).values_list("label", flat=True):
        counts[label or 0] = counts.get(label or 0, 0) + 1
    there = set(Label.objects.filter(pk__in=counts).values_list("pk", flat=True))
    return [label for label, count in counts.items() if count >= LEAST_LABELLED and label in there]


def _vectors(samples: QuerySet[Sample]) -> tuple[list[int], Float32]:
    """Returns label and vector of measured samples, spread over all of them."""
    ids = list(samples.filter(MEASURED).order_by("number").values_list("pk", flat=True))
    step = max(1, len(ids) // MOST_KNOWN)
    rows = Measured.objects.filter(sample__in=ids[::step]).values_list("sample__label", "embedding")
    labels, blobs = zip(*rows, strict=True)
    return list(labels), unpack_vectors(blobs)


def _vectors_in_parts(samples: QuerySet[Sample]) -> Iterator[tuple[list[Sample], Float32]]:
    after = 0
    waiting = samples.filter(MEASURED).select_related("measured").order_by("number")
    while rows := list(waiting.filter(number__gt=after)[:ROWS]):
        yield rows, unpack_vectors([row.measured.embedding for row in rows])
        after = rows[-1].number


def unpack_vectors(blobs: Sequence[bytes | memoryview]) -> Float32:
    """Returns `(n, d)` float32."""
    return np.stack([np.frombuffer(blob, VECTOR_TYPE) for blob in blobs]).astype(np.float32)
