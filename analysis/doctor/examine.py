"""Runs all checks of the doctor on one dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.doctor.balance import ThinLabel, UnbalancedLabel, thin_labels, unbalanced_labels
from analysis.doctor.duplicates import DuplicateGroup, near_duplicates
from analysis.doctor.flaws import Flagged, find_blurred, find_dark, find_low_contrast, find_tiny, find_too_bright
from analysis.doctor.measures import MeasureTable
from analysis.doctor.wrong_labels import PatternsOf, WrongLabels, likely_wrong_labels
from analysis.types import Float32, Progress


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings among n pictures; indices are rows of the examined table."""

    blurred: Flagged
    dark: Flagged
    too_bright: Flagged
    tiny: Flagged
    low_contrast: Flagged
    duplicates: list[DuplicateGroup]
    unbalanced: list[UnbalancedLabel]
    thin: list[ThinLabel]
    wrong_labels: WrongLabels


def examine(
    table: MeasureTable,
    labels: Sequence[str | None],
    *,
    embeddings: Float32 | None = None,
    patterns_of: PatternsOf | None = None,
    sources: Sequence[str] | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Findings:
    """Checks n measured pictures with a label each, or None; without `embeddings` (n, d) labels are not checked.

    `patterns_of`: see `likely_wrong_labels`; called with rows of the table.
    """
    duplicates = near_duplicates(table.signatures, embeddings=embeddings, sources=sources, on_progress=on_progress)
    return Findings(
        blurred=find_blurred(table),
        dark=find_dark(table),
        too_bright=find_too_bright(table),
        tiny=find_tiny(table),
        low_contrast=find_low_contrast(table),
        duplicates=duplicates,
        unbalanced=unbalanced_labels(labels),
        thin=thin_labels(labels, sources),
        wrong_labels=_wrong_labels(
            embeddings, table.signatures, patterns_of, labels, sources or _copies_as_sources(len(table), duplicates)
        ),
    )


def _copies_as_sources(n: int, duplicates: Sequence[DuplicateGroup]) -> list[str]:
    """Returns a source per picture that at least keeps copies from vouching for each other's labels."""
    sources = [str(index) for index in range(n)]
    for group in duplicates:
        for index in group.indices:
            sources[index] = str(group.indices[0])
    return sources


def _wrong_labels(
    embeddings: Float32 | None,
    signatures: NDArray[np.uint8],
    patterns_of: PatternsOf | None,
    labels: Sequence[str | None],
    sources: Sequence[str],
) -> WrongLabels:
    """Returns likely wrong labels by index among all pictures; those without a label cannot be wrong."""
    labelled = np.array([index for index, label in enumerate(labels) if label is not None], np.int64)
    if embeddings is None:
        labelled = labelled[:0]
        embeddings = np.zeros((len(labels), 1), np.float32)
    found = likely_wrong_labels(
        embeddings[labelled],
        [str(labels[index]) for index in labelled],
        [sources[index] for index in labelled],
        signatures=signatures[labelled],
        patterns_of=None if patterns_of is None else lambda rows: patterns_of(labelled[rows]),
    )
    probabilities = np.zeros(len(labels), np.float32)
    probabilities[labelled] = found.all_probabilities
    return WrongLabels(labelled[found.indices], found.probabilities, found.suggestions, probabilities)
