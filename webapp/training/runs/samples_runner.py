"""Materialises the samples of a run's version as files in one folder, for as long as it works."""

import logging
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from analysis.training.data.samples import SplitPart, TrainingData, TrainingSample
from webapp import storage
from webapp.datasets.media_types import SUFFIXES
from webapp.datasets.models import GroupBy, VersionSample
from webapp.datasets.versions.queries import samples_of
from webapp.training.errors import DataGone
from webapp.training.models import TrainingRun

logger = logging.getLogger(__name__)

FOLDER = "samples"
SPLIT_MARK = " / "


@dataclass(frozen=True, slots=True)
class MaterialisedSamples:
    """Samples as files; `sample_of_path` maps each path given to the training to the key of its sample row."""

    data: TrainingData
    sample_of_path: dict[str, int]
    missing: int
    """Samples whose file is not in the store."""


@contextmanager
def materialised(
    run: TrainingRun, place: Path, on_progress: Callable[[int, int], None]
) -> Iterator[MaterialisedSamples]:
    """Yields the samples as files in `place`, copied so that nobody can delete them meanwhile; removes them at the end.

    Raises DataGone, UnusableTrainingData.
    """
    folder = place / FOLDER
    folder.mkdir(exist_ok=True)
    try:
        yield _materialise(run, folder, on_progress)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _materialise(run: TrainingRun, folder: Path, on_progress: Callable[[int, int], None]) -> MaterialisedSamples:
    if run.version is None:
        raise DataGone(f"version {run.version_number} of {run.line}")
    rows, total = [], run.version.samples.count()
    for number, row in enumerate(samples_of(run.version), start=1):
        on_progress(number, total)
        if _is_there(row, path_of(row, folder)):
            rows.append(row)
    if not rows:
        raise DataGone(f"no file of version {run.version_number} of {run.line} is in the store")
    sources = sources_of(rows, GroupBy(run.version.keep_together))
    found = [
        TrainingSample(path_of(row, folder), row.label, source, SplitPart(row.part))
        for row, source in zip(rows, sources, strict=True)
    ]
    labels = tuple(sorted({row.label for row in rows}))
    paths = {str(sample.path): row.sample_id for sample, row in zip(found, rows, strict=True)}
    return MaterialisedSamples(TrainingData(labels, tuple(found)), paths, total - len(rows))


def path_of(row: VersionSample, folder: Path) -> Path:
    """Returns where the file of a sample is materialised in `folder`."""
    return folder / f"{row.sample.number:06d}{SUFFIXES[row.sample.media_type]}"


def _is_there(row: VersionSample, path: Path) -> bool:
    """Whether the file is in place: copied now, or by an attempt that was killed."""
    if path.exists():
        return True
    try:
        storage.copy_out(row.sample.key, path)
    except FileNotFoundError:
        logger.warning("Sample %s is frozen in a version but its file is gone", row.sample_id)
        return False
    return True


def sources_of(rows: Sequence[VersionSample], group_by: GroupBy) -> list[str]:
    """Returns the source of each row, so that no source is in two parts of the version's split.

    A version keeps videos or people together. Where there was one source only it parts that one, which its warnings
    say: then by sequence, the finest that is known.
    """
    by_person = group_by == GroupBy.PERSON
    coarse = [(row.sample.identity if by_person else "") or row.source for row in rows]
    finer = [SPLIT_MARK.join((first, row.sample.sequence)) for first, row in zip(coarse, rows, strict=True)]
    finest = [SPLIT_MARK.join((first, row.part)) for first, row in zip(finer, rows, strict=True)]
    for candidate in (finer, finest):
        shared = _shared(coarse, rows)
        coarse = [new if old in shared else old for old, new in zip(coarse, candidate, strict=True)]
    return coarse


def _shared(sources: Sequence[str], rows: Sequence[VersionSample]) -> set[str]:
    parts: dict[str, set[str]] = defaultdict(set)
    for source, row in zip(sources, rows, strict=True):
        parts[source].add(row.part)
    return {source for source, found in parts.items() if len(found) > 1}
