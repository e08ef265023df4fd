"""Which sample of a version goes into training, validation and test, and what an honest reader has to know about it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.training.data.split import connected, split_groups
from webapp.datasets.choices import GroupBy, Part

LEAST_PER_LABEL = 10
"""Fewer samples of a label in the training part teach next to nothing."""
LEAST_TEST_GROUPS = 5
"""A score that rests on fewer sources says little about the next video."""

ONE_SOURCE, FEW_SOURCES, LABEL_MISSING, THIN_LABEL = "one_source", "few_sources", "label_missing", "thin_label"
NOT_EXAMINED, GIVEN_APART = "not_examined", "given_apart"


@dataclass(frozen=True, slots=True)
class FrozenSample:
    """What a version keeps of a sample."""

    pk: int
    number: int
    sha256: str
    label: str
    source: str
    identity: str
    sequence: str
    part: str = ""
    """What it came with."""


@dataclass(frozen=True, slots=True)
class Split:
    """The part of each sample, the number of groups in each part, and the codes of warnings."""

    parts: list[str]
    groups: dict[str, int]
    warnings: list[str]


def split_samples(
    samples: Sequence[FrozenSample],
    group_by: GroupBy,
    shares: Mapping[str, float],
    seed: int,
    duplicates: Mapping[int, int] | None = None,
    *,
    keeps_given: bool = True,
) -> Split:
    """Splits by whole sources or people, keeping near-duplicates with the sample that they repeat.

    `shares` gives each part its share, 0..1; `duplicates` maps numbers as `queries.duplicates_found` does. Where there
    is only one source, whole sequences are split instead, and a warning says so. Samples that came with a part stay in
    it if `keeps_given`, and those that belong to them come too; where they belong to several parts, nobody's counts.
    """
    warnings = [NOT_EXAMINED] if duplicates is None else []
    duplicate_of = [f"like {(duplicates or {}).get(sample.number, sample.number)}" for sample in samples]
    groups = connected(_groups(samples, group_by), duplicate_of)
    if len(set(groups)) == 1:
        warnings.append(ONE_SOURCE)
        groups = connected([sample.sequence or f"sample {sample.pk}" for sample in samples], duplicate_of)
    given = _given(samples, groups) if keeps_given else {}
    free = [(group, sample.label) for group, sample in zip(groups, samples, strict=True) if not given.get(group)]
    part_of = {group: part for group, part in given.items() if part}
    part_of |= split_groups([group for group, _label in free], [label for _group, label in free], shares, seed)
    if "" in given.values():
        warnings.append(GIVEN_APART)
    parts = [part_of[group] for group in groups]
    in_part = Counter(part_of.values())
    if ONE_SOURCE not in warnings and in_part[Part.TEST] < LEAST_TEST_GROUPS:
        warnings.append(FEW_SOURCES)
    by_label = Counter((sample.label, part) for sample, part in zip(samples, parts, strict=True))
    labels = {sample.label for sample in samples}
    if any(not by_label[label, part] for label in labels for part in shares):
        warnings.append(LABEL_MISSING)
    if any(by_label[label, Part.TRAIN] < LEAST_PER_LABEL for label in labels):
        warnings.append(THIN_LABEL)
    return Split(parts, dict(in_part), warnings)


def _given(samples: Sequence[FrozenSample], groups: Sequence[int]) -> dict[int, str]:
    """Returns the part with which the samples of a group came, "" where they came with several."""
    given: dict[int, str] = {}
    for sample, group in zip(samples, groups, strict=True):
        if sample.part:
            given[group] = sample.part if given.get(group, sample.part) == sample.part else ""
    return given


def _groups(samples: Sequence[FrozenSample], group_by: GroupBy) -> list[int]:
    sources = [sample.source for sample in samples]
    people = [sample.identity for sample in samples]
    if group_by == GroupBy.SOURCE:
        return connected(sources)
    if group_by == GroupBy.PERSON:
        # A face whose person is unknown stays with its source.
        return connected([person or f"source {source}" for person, source in zip(people, sources, strict=True)])
    return connected(sources, people)


def statistics_of(samples: Sequence[FrozenSample], split: Split) -> dict[str, object]:
    """Returns what `Version.statistics` holds."""
    labels: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(Part.values, 0))
    sources: dict[str, set[str]] = defaultdict(set)
    for sample, part in zip(samples, split.parts, strict=True):
        labels[sample.label][part] += 1
        sources[part].add(sample.source)
    return {
        "samples": len(samples),
        "sources": len({sample.source for sample in samples}),
        "labels": dict(labels),
        "parts": {part: sum(counts[part] for counts in labels.values()) for part in Part.values},
        "part_sources": {part: len(sources[part]) for part in Part.values},
        "part_groups": {part: split.groups.get(part, 0) for part in Part.values},
        "warnings": split.warnings,
    }
