"""`judged.csv`: what a model says of each sample that it had not learned from, so that mistakes can be looked at."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import DamagedModel
from analysis.training.data.samples import Part, Sample
from analysis.training.evaluation.evaluate import decide
from analysis.types import Float64, expect_shape

FIXED = ("file", "part", "label", "said", "certainty")
"""Columns before those of the scores, of which there is one for each label."""
DIGITS = 6


@dataclass(frozen=True, slots=True)
class JudgedSample:
    """One line: `scores` in the order of the model's labels; `certainty` is that of `said`."""

    file: str
    part: Part
    label: str
    said: str
    certainty: float
    scores: tuple[float, ...]


def judged_samples(
    samples: Sequence[Sample], part: Part, scores: Float64, threshold: float, labels: Sequence[str]
) -> list[JudgedSample]:
    """`scores` `(n, labels)` after scaling by the temperature."""
    expect_shape("scores", scores, (len(samples), len(labels)))
    rounded = scores.round(DIGITS)
    return [
        JudgedSample(str(sample.path), part, sample.label, labels[said], float(row[said]), tuple(map(float, row)))
        for sample, said, row in zip(samples, decide(scores, threshold), rounded, strict=True)
    ]


def judged_csv(labels: Sequence[str], judged: Sequence[JudgedSample]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*FIXED, *labels])
    writer.writerows([j.file, j.part.value, j.label, j.said, j.certainty, *j.scores] for j in judged)
    return text.getvalue()


def read_judged(path: Path, labels: Sequence[str]) -> Iterator[JudgedSample]:
    """The lines of a file whose labels are these; raises DamagedModel."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = csv.reader(file)
            if next(lines, None) != [*FIXED, *labels]:
                raise DamagedModel(f"{path}: not the list of what this model said")
            for line in lines:
                name, part, label, said, certainty, *scores = line
                if len(scores) != len(labels):
                    raise DamagedModel(f"{path}: expected {len(labels)} scores in each line, got {len(scores)}")
                yield JudgedSample(name, Part(part), label, said, float(certainty), tuple(map(float, scores)))
    except (OSError, ValueError, csv.Error) as error:
        raise DamagedModel(f"{path}: missing or unreadable ({error})") from error
