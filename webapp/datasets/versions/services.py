"""Freezing a dataset into a version: which samples, with which label, in which part; and comparing two versions."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone

from analysis.training.data.split import connected, split_groups
from webapp.accounts.models import User
from webapp.datasets.models import (
    Checkup,
    Dataset,
    FindingKind,
    KeepTogether,
    Part,
    Sample,
    Version,
    VersionSample,
)
from webapp.jobs.models import Status
from webapp.people.models import Person

BATCH = 1000
LEAST_PER_LABEL = 10
"""Fewer samples of a label in the training part teach next to nothing."""
LEAST_TEST_GROUPS = 5
"""A score that rests on fewer sources says little about the next video."""

ONE_SOURCE, FEW_SOURCES, LABEL_MISSING, THIN_LABEL = "one_source", "few_sources", "label_missing", "thin_label"
NOT_EXAMINED = "not_examined"


class NothingToFreeze(Exception):
    """No sample has a label."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a version keeps of a sample."""

    pk: int
    number: int
    sha256: str
    label: str
    source: str
    identity: str
    sequence: str


@dataclass(frozen=True, slots=True)
class Split:
    """The part of each row, the number of groups in each part, and what an honest reader has to know."""

    parts: list[str]
    groups: dict[str, int]
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Difference:
    """From an older version to a newer one: sample ids, and for relabelled ones the label before and after."""

    added: list[int]
    removed: list[int]
    relabelled: list[tuple[int, str, str]]


def freeze(
    dataset: Dataset,
    *,
    user: User | None,
    note: str = "",
    keep_together: KeepTogether = KeepTogether.SOURCE,
    shares: Mapping[str, float],
    seed: int = 0,
) -> Version:
    """All labelled samples that are not left out, as they are now. Raises NothingToFreeze."""
    with transaction.atomic():
        rows = rows_to_freeze(dataset)
        if not rows:
            raise NothingToFreeze
        split = split_of(rows, keep_together, shares, seed, twins_of(dataset))
        version = _numbered(
            dataset,
            fingerprint=fingerprint_of(dataset.kind, rows),
            note=note,
            created_by=user,
            keep_together=keep_together,
            seed=seed,
            shares=dict(shares),
            statistics=statistics_of(rows, split),
        )
        VersionSample.objects.bulk_create(
            (
                VersionSample(version=version, sample_id=row.pk, label=row.label, part=part, source=row.source)
                for row, part in zip(rows, split.parts, strict=True)
            ),
            batch_size=BATCH,
        )
    return version


def _numbered(dataset: Dataset, **fields: object) -> Version:
    """With the next number of the dataset, also when two people freeze at once."""
    while True:
        last = Version.objects.filter(dataset=dataset).aggregate(last=Max("number"))["last"] or 0
        try:
            with transaction.atomic():
                return Version.objects.create(dataset=dataset, number=last + 1, **fields)
        except IntegrityError:
            if not Version.objects.filter(dataset=dataset, number=last + 1).exists():
                raise


def rows_to_freeze(dataset: Dataset) -> list[Row]:
    chosen = Sample.objects.filter(dataset=dataset, removed_at=None, is_left_out=False, label__isnull=False)
    columns = ("pk", "number", "sha256", "label__name", "source", "identity", "sequence")
    became = _who_became_whom(dataset)
    rows = [Row(*values) for values in chosen.order_by("number").values_list(*columns)]
    return [replace(row, identity=became.get(row.identity, row.identity)) for row in rows]


def _who_became_whom(dataset: Dataset) -> dict[str, str]:
    """Of people that were merged into others since their samples came: both are one person to a split."""
    merged = Person.objects.filter(team=dataset.team_id, merged_into__isnull=False)
    into = {str(source): str(target) for source, target in merged.values_list("pk", "merged_into")}
    return {source: _end_of(source, into) for source in into}


def _end_of(person: str, into: Mapping[str, str]) -> str:
    seen = {person}
    while (target := into.get(person)) and target not in seen:
        person = target
        seen.add(person)
    return person


def fingerprint_of(kind: str, rows: Sequence[Row]) -> str:
    """Of content and labels alone: neither order, names, split nor time count."""
    digest = hashlib.sha256(f"{kind}\n".encode())
    for line in sorted(f"{row.sha256} {row.label}\n" for row in rows):
        digest.update(line.encode())
    return digest.hexdigest()


def twins_of(dataset: Dataset) -> dict[int, int] | None:
    """Number of a sample -> number of the one that it repeats, as the doctor saw it; None without a checkup."""
    checkups = Checkup.objects.filter(dataset=dataset, job__status=Status.DONE)
    checkup = checkups.order_by("-created_at").first()
    if checkup is None:
        return None
    found = checkup.findings.filter(kind=FindingKind.DUPLICATES).first()
    return {number: kept for number, _likeness, kept in found.samples} if found else {}


def split_of(
    rows: Sequence[Row],
    keep_together: KeepTogether,
    shares: Mapping[str, float],
    seed: int,
    twins: Mapping[int, int] | None = None,
) -> Split:
    """By whole sources or people, near copies with their twins. Where there is only one source, by whole sequences,
    which the warnings call what it is."""
    warnings = [NOT_EXAMINED] if twins is None else []
    twin_of = [f"like {(twins or {}).get(row.number, row.number)}" for row in rows]
    groups = connected(_groups(rows, keep_together), twin_of)
    if len(set(groups)) == 1:
        warnings.append(ONE_SOURCE)
        groups = connected([row.sequence or f"sample {row.pk}" for row in rows], twin_of)
    part_of = split_groups(groups, [row.label for row in rows], shares, seed)
    parts = [part_of[group] for group in groups]
    in_part = Counter(part_of.values())
    if ONE_SOURCE not in warnings and in_part[Part.TEST] < LEAST_TEST_GROUPS:
        warnings.append(FEW_SOURCES)
    by_label = Counter((row.label, part) for row, part in zip(rows, parts, strict=True))
    labels = {row.label for row in rows}
    if any(not by_label[label, part] for label in labels for part in shares):
        warnings.append(LABEL_MISSING)
    if any(by_label[label, Part.TRAIN] < LEAST_PER_LABEL for label in labels):
        warnings.append(THIN_LABEL)
    return Split(parts, dict(in_part), warnings)


def _groups(rows: Sequence[Row], keep_together: KeepTogether) -> list[int]:
    sources = [row.source for row in rows]
    people = [row.identity for row in rows]
    if keep_together == KeepTogether.SOURCE:
        return connected(sources)
    if keep_together == KeepTogether.PERSON:
        # A face that nobody could tell stays with its source.
        return connected([person or f"source {source}" for person, source in zip(people, sources, strict=True)])
    return connected(sources, people)


def statistics_of(rows: Sequence[Row], split: Split) -> dict[str, object]:
    labels: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(Part.values, 0))
    sources: dict[str, set[str]] = defaultdict(set)
    for row, part in zip(rows, split.parts, strict=True):
        labels[row.label][part] += 1
        sources[part].add(row.source)
    return {
        "samples": len(rows),
        "sources": len({row.source for row in rows}),
        "labels": dict(labels),
        "parts": {part: sum(counts[part] for counts in labels.values()) for part in Part.values},
        "part_sources": {part: len(sources[part]) for part in Part.values},
        "part_groups": {part: split.groups.get(part, 0) for part in Part.values},
        "warnings": split.warnings,
    }


def compare(older: Version, newer: Version) -> Difference:
    """Samples are the same when their content is."""
    before, after = _contents(older), _contents(newer)
    return Difference(
        added=[after[content][0] for content in after.keys() - before.keys()],
        removed=[before[content][0] for content in before.keys() - after.keys()],
        relabelled=[
            (after[content][0], before[content][1], after[content][1])
            for content in before.keys() & after.keys()
            if before[content][1] != after[content][1]
        ],
    )


def _contents(version: Version) -> dict[str, tuple[int, str]]:
    """Content -> sample and label."""
    rows = VersionSample.objects.filter(version=version).order_by("pk")
    return {sha256: (pk, label) for sha256, pk, label in rows.values_list("sample__sha256", "sample", "label")}


def delete_version(version: Version) -> None:
    """Out of sight at once, for good after the undo period (see `cleanup.py`)."""
    Version.objects.filter(pk=version.pk, deleted_at=None).update(deleted_at=timezone.now())


def restore_version(version: Version) -> None:
    Version.objects.filter(pk=version.pk).update(deleted_at=None)


def samples_of(version: Version) -> Iterator[VersionSample]:
    """In a fixed order, for training and export."""
    rows = VersionSample.objects.filter(version=version).select_related("sample").order_by("pk")
    return rows.annotate(sha256=F("sample__sha256")).iterator(BATCH)
