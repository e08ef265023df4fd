"""Labelled pictures and clips: which there are, and from which video, person or occasion each comes."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from analysis.errors import UnusableTrainingData
from analysis.images.read import SUFFIXES as PICTURE_SUFFIXES
from analysis.spreadsheet_cells import without_guard

CLIP_SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".ts", ".wmv", ".3gp"})
SOURCES_FILE = "sources.csv"
FEWEST_PER_LABEL = 4
TINY_TEST = 30
"""Figures of fewer samples are marked: a single one moves the accuracy by more than three points."""


class SplitPart(StrEnum):
    """What a sample is for. The test part is looked at once, at the very end."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


PART_FOLDERS = {
    "train": SplitPart.TRAIN,
    "valid": SplitPart.VALIDATION,
    "val": SplitPart.VALIDATION,
    "validation": SplitPart.VALIDATION,
    "test": SplitPart.TEST,
}


@dataclass(frozen=True, slots=True)
class TrainingSample:
    """One labelled picture or clip. `part` None: not decided yet."""

    path: Path
    label: str
    source: str = ""
    """Video, person or occasion it comes from; empty where that is not known."""
    part: SplitPart | None = None

    @property
    def is_clip(self) -> bool:
        return self.path.suffix.lower() in CLIP_SUFFIXES


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Samples of at least two labels. `labels`: their names in the order of the model's outputs."""

    labels: tuple[str, ...]
    samples: tuple[TrainingSample, ...]

    def __post_init__(self) -> None:
        if len(self.labels) < 2:
            raise UnusableTrainingData(f"expected at least two labels, got {len(self.labels)}: {list(self.labels)}")
        unknown = sorted({sample.label for sample in self.samples} - set(self.labels))
        if unknown:
            raise UnusableTrainingData(f"labels that the model does not know: {', '.join(unknown)}")

    def part(self, *parts: SplitPart | None) -> tuple[TrainingSample, ...]:
        return tuple(sample for sample in self.samples if sample.part in parts)


def read_training_data(folder: Path, test_folder: Path | None = None) -> TrainingData:
    """One folder per label, or folders `train`, `validation`, `test` with these inside; raises UnusableTrainingData."""
    samples = read_samples(folder)
    labels = tuple(sorted({sample.label for sample in samples}))
    if test_folder is not None:
        tested = [replace(sample, part=SplitPart.TEST) for sample in read_samples(test_folder)]
        strange = sorted({sample.label for sample in tested} - set(labels))
        if strange:
            raise UnusableTrainingData(f"{test_folder}: labels without pictures to learn from: {', '.join(strange)}")
        samples = [sample for sample in samples if sample.part is not SplitPart.TEST] + tested
    data = TrainingData(labels, tuple(samples))
    expect_enough(data)
    return data


def expect_enough(data: TrainingData) -> None:
    """Raises UnusableTrainingData when a label has too few samples to learn from and to check with."""
    counts = Counter(sample.label for sample in data.part(None, SplitPart.TRAIN, SplitPart.VALIDATION))
    for label in data.labels:
        if counts[label] < FEWEST_PER_LABEL:
            raise UnusableTrainingData(f"label {label!r}: {counts[label]} usable, at least {FEWEST_PER_LABEL} needed")


def read_samples(folder: Path) -> list[TrainingSample]:
    """Sorted by label and file name; raises UnusableTrainingData for an empty label or no folder."""
    if not folder.is_dir():
        raise UnusableTrainingData(f"{folder}: no such folder")
    within = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    parts = {each: PART_FOLDERS[each.name.lower()] for each in within if each.name.lower() in PART_FOLDERS}
    if len(parts) == len(within) and SplitPart.TRAIN in parts.values():
        return [replace(sample, part=part) for each, part in parts.items() for sample in read_samples(each)]
    sources = read_sources(folder / SOURCES_FILE)
    samples = []
    for label_folder in within:
        files = sorted(each for each in label_folder.rglob("*") if _is_usable(each, label_folder))
        if not files:
            raise UnusableTrainingData(f"label {label_folder.name!r}: no pictures or clips in {label_folder}")
        for file in files:
            known = sources.get(file.relative_to(folder).as_posix(), sources.get(file.name, ""))
            samples.append(TrainingSample(file, label_folder.name, known))
    if not samples:
        raise UnusableTrainingData(f"{folder}: expected one folder of pictures or clips for each label")
    return samples


def _is_usable(path: Path, below: Path) -> bool:
    hidden = any(piece.startswith(".") for piece in path.relative_to(below).parts)
    return not hidden and path.suffix.lower() in PICTURE_SUFFIXES | CLIP_SUFFIXES and path.is_file()


def read_sources(path: Path) -> dict[str, str]:
    """`file -> source` of a CSV with these two columns; files relative to its folder, or just their names."""
    if not path.exists():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            if not {"file", "source"} <= set(rows.fieldnames or ()):
                raise UnusableTrainingData(f"{path}: expected the columns file,source, got {rows.fieldnames}")
            cells = ((without_guard(row["file"]), without_guard(row["source"] or "")) for row in rows if row["file"])
            return {name.strip(): source.strip() for name, source in cells}
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnusableTrainingData(f"{path}: not a CSV file in UTF-8 ({error})") from error


def clips_among(samples: Sequence[TrainingSample]) -> int:
    return sum(sample.is_clip for sample in samples)
