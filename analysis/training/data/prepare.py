"""From samples to tensors: read, leave out what is broken, group, split, and look for leaks."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from analysis.errors import AnalysisError, LeakingSplit, UnusableTrainingData
from analysis.training.config import Recipe, TrainingConfig
from analysis.training.data.grouping import Groups, group_samples, same_pictures, thumbnails
from analysis.training.data.inputs import InputSpec, Seen, channels_first, load_face_cutter, see_all
from analysis.training.data.samples import TINY_TEST, SplitPart, TrainingData, TrainingSample, expect_enough
from analysis.training.data.split import fold_groups
from analysis.training.data.tensors import Tensors
from analysis.training.progress import Reporter
from analysis.training.run_document import RunWarning, SplitDocument
from analysis.weights import sha256_of

AUTO_PICTURE_PX = 128
"""Side at which the frozen backbones look at whole pictures."""
MOST_BROKEN_SHARE = 0.5
SPLIT_TRIES = 20
NAMED_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class PreparedData:
    """All usable samples in one order: those to learn from and to check with first, the test part last."""

    labels: tuple[str, ...]
    samples: tuple[TrainingSample, ...]
    seen: tuple[Seen, ...]
    targets: NDArray[np.intp]
    groups: NDArray[np.intp]
    """Of each sample; those of the test part have numbers of their own."""
    fold: NDArray[np.intp]
    """0.. for what is learned from; -1 for the test part. Fold 0 is the validation part."""
    evidence: tuple[str, ...]
    broken: tuple[tuple[TrainingSample, AnalysisError], ...]
    warnings: tuple[RunWarning, ...]
    fingerprint: str
    stored_split: bool

    @property
    def folds(self) -> int:
        return int(self.fold.max()) + 1

    def rows(self, part: SplitPart) -> NDArray[np.intp]:
        """Row numbers; the parts of a run that holds fold 0 out."""
        if part is SplitPart.TEST:
            return np.flatnonzero(self.fold < 0)
        return np.flatnonzero(self.fold == 0 if part is SplitPart.VALIDATION else self.fold > 0)

    def learn_rows(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.fold >= 0)

    def tensors(self, inputs: Sequence[str]) -> Tensors:
        """`(n, 3, side, side)` or `(n, frames, 3, side, side)` uint8 for each input."""
        return Tensors(
            tuple(stacked(self.seen, view) for view in inputs), torch.from_numpy(self.targets.astype(np.int64))
        )


def stacked(seen: Sequence[Seen], view: str) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(channels_first(seen, view)))


def input_spec_for(config: TrainingConfig, recipe: Recipe, *, every_source_known: bool) -> InputSpec:
    """What has to be made of each sample for a recipe, and to tell which belong together."""
    if recipe is Recipe.SEQUENCE:
        return InputSpec(config.picture_size, None, config.frames)
    heads = recipe in (Recipe.AUTO, Recipe.FACE_HEAD)
    cutter = load_face_cutter(config.threads) if heads or not every_source_known else None
    return InputSpec(AUTO_PICTURE_PX if heads else config.picture_size, cutter)


def prepare(config: TrainingConfig, recipe: Recipe, data: TrainingData, reporter: Reporter) -> PreparedData:
    """Raises UnusableTrainingData, LeakingSplit, MissingWeights."""
    expect_enough(data)
    refuse_shared_sources(data)
    known = all(sample.source for sample in data.samples)
    spec = input_spec_for(config, recipe, every_source_known=known)
    ordered = (*data.part(None, SplitPart.TRAIN, SplitPart.VALIDATION), *data.part(SplitPart.TEST))
    good, seen, broken = see_all(ordered, spec, lambda done, total: reporter.tell("read", done, total))
    if len(broken) > MOST_BROKEN_SHARE * len(ordered):
        raise UnusableTrainingData(f"{len(broken)} of {len(ordered)} cannot be read; the first: {broken[0][1]}")
    usable = replace(data, samples=tuple(good))
    expect_enough(usable)
    learned = sum(sample.part is not SplitPart.TEST for sample in good)
    groups = group_samples(good[:learned], seen[:learned])
    tested = group_samples(good[learned:], seen[learned:])
    targets = np.array([data.labels.index(sample.label) for sample in good], np.intp)
    fold, stored = split(good[:learned], targets[:learned], groups, config)
    warnings = _warnings(good, seen, learned, broken)
    return PreparedData(
        labels=data.labels,
        samples=tuple(good),
        seen=tuple(seen),
        targets=targets,
        groups=np.concatenate([groups.ids, tested.ids + len(good)]),
        fold=np.concatenate([fold, np.full(len(good) - learned, -1, np.intp)]),
        evidence=groups.evidence,
        broken=tuple(broken),
        warnings=tuple(warnings),
        fingerprint=fingerprint_of(good),
        stored_split=stored,
    )


def refuse_shared_sources(data: TrainingData) -> None:
    """Raises LeakingSplit where a named source stands in two parts."""
    parts: dict[str, set[SplitPart]] = {}
    for sample in data.samples:
        if sample.source:
            parts.setdefault(sample.source, set()).add(sample.part or SplitPart.TRAIN)
    shared = sorted(source for source, found in parts.items() if len(found) > 1)
    if shared:
        named = ", ".join(shared[:NAMED_AT_MOST])
        raise LeakingSplit(f"{len(shared)} sources stand in more than one of train, validation and test: {named}")


def split(
    samples: Sequence[TrainingSample], targets: NDArray[np.intp], groups: Groups, config: TrainingConfig
) -> tuple[NDArray[np.intp], bool]:
    """Fold of each sample; a group is never divided. A stored split becomes fold 0 (validation) and 1 (train)."""
    if any(sample.part is SplitPart.VALIDATION for sample in samples):
        return np.array([0 if sample.part is SplitPart.VALIDATION else 1 for sample in samples], np.intp), True
    fewest = min(len(np.unique(groups.ids[targets == label])) for label in np.unique(targets))
    if fewest < 2:
        alone = next(n for n in np.unique(targets) if len(np.unique(groups.ids[targets == n])) < 2)
        label = samples[int(np.flatnonzero(targets == alone)[0])].label
        raise UnusableTrainingData(
            f"label {label!r}: all samples come from one source, but at least two sources are needed"
        )
    wanted = max(round(1 / config.validation_share), 2) if config.recipe not in _CROSS_VALIDATED else config.folds
    for folds in range(min(wanted, fewest), 1, -1):
        for attempt in range(SPLIT_TRIES):
            fold = fold_groups(groups.ids.tolist(), targets.tolist(), folds, config.seed * SPLIT_TRIES + attempt)
            if all(len(np.unique(targets[fold == f])) == len(np.unique(targets)) for f in range(folds)):
                return fold, False
    raise UnusableTrainingData("the sources cannot be split so that every label is in training and validation")


_CROSS_VALIDATED = (Recipe.AUTO, Recipe.FACE_HEAD)


def _warnings(
    samples: Sequence[TrainingSample],
    seen: Sequence[Seen],
    learned: int,
    broken: Sequence[tuple[TrainingSample, AnalysisError]],
) -> list[RunWarning]:
    warnings: list[RunWarning] = []
    if broken:
        text = f"{len(broken)} pictures or clips cannot be read and were left out"
        warnings.append({"code": "broken", "text": text, "files": _named([s for s, _ in broken])})
    tested = len(samples) - learned
    if tested:
        pairs = same_pictures(thumbnails(seen[learned:]), thumbnails(seen[:learned]))
        copies = sorted({int(pair[0]) + learned for pair in pairs} | _equal_files(samples, learned))
        if copies:
            text = f"{len(copies)} of {tested} test samples are also in the training set, or nearly the same"
            warnings.append({"code": "leak", "text": text, "files": _named([samples[n] for n in copies])})
        if tested < TINY_TEST:
            text = f"the test set has only {tested} samples, so its metrics are rough"
            warnings.append({"code": "tiny_test", "text": text, "files": []})
    return warnings


def _named(samples: Sequence[TrainingSample]) -> list[str]:
    return [str(sample.path) for sample in samples[:NAMED_AT_MOST]]


def _equal_files(samples: Sequence[TrainingSample], learned: int) -> set[int]:
    """Test samples whose bytes are those of one that is learned from."""
    known = {sha256_of(sample.path) for sample in samples[:learned]}
    return {number for number in range(learned, len(samples)) if sha256_of(samples[number].path) in known}


def fingerprint_of(samples: Sequence[TrainingSample]) -> str:
    """Of contents, labels, sources and parts, in any order."""
    lines = sorted(json.dumps([sha256_of(s.path), s.label, s.source, s.part]) for s in samples)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def split_document(prepared: PreparedData, *, cross_validated: bool) -> SplitDocument:
    """`split` of `run.json`. Cross-validated: every sample is learned from, and checked by a model that did not."""
    counts = {part: len(prepared.rows(part)) for part in SplitPart}
    learned = len(prepared.learn_rows())
    document: SplitDocument = {
        "train": learned if cross_validated else counts[SplitPart.TRAIN],
        "validation": learned if cross_validated else counts[SplitPart.VALIDATION],
        "test": counts[SplitPart.TEST],
        "method": "stored" if prepared.stored_split else "by source" if prepared.evidence else "by file",
        "grouped_by": list(prepared.evidence),
        "sources": len(np.unique(prepared.groups[prepared.learn_rows()])),
        "labels": dict(Counter(sample.label for sample in prepared.samples)),
    }
    if cross_validated:
        document["folds"] = prepared.folds
    return document
