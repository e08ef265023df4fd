"""What is exported of a dataset or of a version: its labels and samples, read in batches so that memory stays flat."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from webapp.datasets.importing import boxed_picture_codec
from webapp.datasets.media_types import SUFFIXES
from webapp.datasets.models import Dataset, Label, Sample, SampleBoxes, Version

BATCH = 500
LONGEST_FOLDER = 60
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Windows knows no files of these names."""


@dataclass(frozen=True, slots=True)
class ExportedSample:
    """A sample as it is exported."""

    sample: Sample
    label: str
    """Empty where it has none."""
    source: str
    part: str = ""
    """Of the version, else what it came with."""

    @property
    def boxes(self) -> SampleBoxes | None:
        """The boxes that came with it, None where none did."""
        return getattr(self.sample, "boxes", None)


@dataclass(frozen=True, slots=True)
class Contents:
    """A dataset as it stands, or one of its versions."""

    dataset: Dataset
    version: Version | None = None

    @property
    def title(self) -> str:
        return f"{self.dataset.name} v{self.version.number}" if self.version else self.dataset.name

    def labels(self) -> list[Label]:
        """Returns labels in order. Those of a version that were renamed or deleted since have no colour left."""
        labels = list(Label.objects.filter(dataset=self.dataset))
        if self.version is None:
            return labels
        names = set(self.version.samples.values_list("label", flat=True).distinct())
        kept = [label for label in labels if label.name in names]
        gone = sorted(names - {label.name for label in kept})
        return kept + [Label(dataset=self.dataset, name=name, position=len(labels)) for name in gone]

    def part_folders(self) -> set[str]:
        """Returns the parts that samples are in, "" for those in none."""
        samples = self.dataset.samples.filter(removed_at=None) if self.version is None else self.version.samples
        return set(samples.values_list("part", flat=True).distinct())

    def rows(self) -> Iterator[ExportedSample]:
        """Yields samples by number; each batch is its own query, so that a slow reader holds no transaction open."""
        after = 0
        while batch := self._batch(after):
            yield from batch
            after = batch[-1].sample.number

    def _batch(self, after: int) -> list[ExportedSample]:
        if self.version is not None:
            frozen = self.version.samples.filter(sample__number__gt=after)
            chosen = frozen.select_related("sample__boxes").order_by("sample__number")[:BATCH]
            return [ExportedSample(each.sample, each.label, each.source, each.part) for each in chosen]
        samples = self.dataset.samples.filter(removed_at=None, number__gt=after)
        chosen_samples = samples.select_related("label", "boxes").order_by("number")[:BATCH]
        return [
            ExportedSample(each, each.label.name if each.label else "", each.source, each.part)
            for each in chosen_samples
        ]


def folders_of(labels: list[Label]) -> dict[str, str]:
    """Maps labels to distinct folder names that every system accepts."""
    folders: dict[str, str] = {}
    taken: set[str] = set()
    for label in labels:
        plain = safe_name(label.name)
        folder, number = plain, 1
        while folder.casefold() in taken:
            number += 1
            folder = f"{plain} ({number})"
        taken.add(folder.casefold())
        folders[label.name] = folder
    return folders


def safe_name(name: str) -> str:
    """Returns a short name without characters or endings that a system forbids; never empty."""
    plain = FORBIDDEN.sub("_", unicodedata.normalize("NFC", name))
    plain = "".join(c for c in plain if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn"))
    plain = plain[:LONGEST_FOLDER].strip(" .") or "_"
    if plain.startswith(("__MACOSX", "._")):
        plain = f"_{plain.lstrip('_.')}"
    return f"_{plain}" if RESERVED.fullmatch(plain) else plain


def file_name(row: ExportedSample) -> str:
    """Returns a file name made of the number; the list holds what it was called."""
    return f"{row.sample.number:06d}{SUFFIXES[row.sample.media_type]}"


def columns_of(row: ExportedSample) -> dict[str, str]:
    """Returns everything known of a sample beside its file and label, as text; empty where unknown."""
    sample = row.sample
    return {
        "source": row.source,
        "source_name": sample.source_name,
        "identity": sample.identity,
        "video": str(sample.video_id) if sample.video_id else "",
        "second": "" if sample.time_s is None else repr(sample.time_s),
        "sequence": sample.sequence,
        "name": sample.name,
        "left_out": "yes" if sample.is_left_out else "",
        "part": row.part,
        "boxes": boxed_picture_codec.as_cell(row.boxes),
    }
