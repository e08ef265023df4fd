"""Reads about versions: samples to freeze, duplicates among them, samples of a version, two versions compared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from django.db.models import Count, F

from webapp.datasets.models import Checkup, Dataset, FindingKind, Version, VersionSample
from webapp.datasets.versions.split_rules import FrozenSample
from webapp.jobs.models import Status
from webapp.people.models import Person

BATCH = 1000


@dataclass(frozen=True, slots=True)
class VersionDifference:
    """From an older version to a newer one: sample ids, and for relabelled ones the label before and after."""

    added: list[int]
    removed: list[int]
    relabelled: list[tuple[int, str, str]]


def samples_to_freeze(dataset: Dataset) -> list[FrozenSample]:
    """Returns all labelled samples that are not excluded, by number."""
    chosen = dataset.samples.filter(removed_at=None, is_left_out=False, label__isnull=False)
    columns = ("pk", "number", "sha256", "label__name", "source", "identity", "sequence", "part")
    merged_into = _merged_people(dataset)
    samples = [FrozenSample(*values) for values in chosen.order_by("number").values_list(*columns)]
    return [replace(sample, identity=merged_into.get(sample.identity, sample.identity)) for sample in samples]


def _merged_people(dataset: Dataset) -> dict[str, str]:
    """Maps people that were merged since their samples came to whom they are now: one person to a split."""
    merged = Person.objects.filter(team=dataset.team_id, merged_into__isnull=False)
    into = {str(source): str(target) for source, target in merged.values_list("pk", "merged_into")}
    return {source: _last_of(source, into) for source in into}


def _last_of(person: str, into: Mapping[str, str]) -> str:
    seen = {person}
    while (target := into.get(person)) and target not in seen:
        person = target
        seen.add(person)
    return person


def duplicates_found(dataset: Dataset) -> dict[int, int] | None:
    """Maps the number of a sample to that of the one it repeats, by the doctor's last scan; None without any."""
    scans = Checkup.objects.filter(dataset=dataset, job__status=Status.DONE)
    scan = scans.order_by("-created_at").first()
    if scan is None:
        return None
    found = scan.findings.filter(kind=FindingKind.DUPLICATES).first()
    return {number: kept for number, _similarity, kept in found.samples} if found else {}


def given_parts(dataset: Dataset) -> dict[str, int]:
    """Returns how many of the samples to freeze came with each part; empty where none did."""
    chosen = dataset.samples.filter(removed_at=None, is_left_out=False, label__isnull=False).exclude(part="")
    return dict(chosen.values_list("part").annotate(Count("pk")))


def samples_of(version: Version) -> Iterator[VersionSample]:
    """Yields the samples in a fixed order, each with its `sha256`, for training and export."""
    rows = version.samples.select_related("sample").order_by("pk")
    return rows.annotate(sha256=F("sample__sha256")).iterator(BATCH)


def compare(older: Version, newer: Version) -> VersionDifference:
    """Compares by content: samples with the same bytes are the same."""
    before, after = _contents(older), _contents(newer)
    return VersionDifference(
        added=[after[content][0] for content in after.keys() - before.keys()],
        removed=[before[content][0] for content in before.keys() - after.keys()],
        relabelled=[
            (after[content][0], before[content][1], after[content][1])
            for content in before.keys() & after.keys()
            if before[content][1] != after[content][1]
        ],
    )


def _contents(version: Version) -> dict[str, tuple[int, str]]:
    """Maps content to sample and label."""
    rows = version.samples.order_by("pk")
    return {sha256: (pk, label) for sha256, pk, label in rows.values_list("sample__sha256", "sample", "label")}
