"""`judged.csv`: the prediction for each sample that was not learned from, so that mistakes can be inspected."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import DamagedModel
from analysis.spreadsheet_cells import guarded_row, without_guard
from analysis.training.data.samples import SplitPart, TrainingSample
from analysis.training.evaluation.thresholds import decide
from analysis.types import Float64, expect_shape

FIXED = ("file", "part", "label", "said", "certainty")
"""Columns before those of the scores, of which there is one for each label."""
DIGITS = 6


@dataclass(frozen=True, slots=True)
class SamplePrediction:
    """One line: `scores` in the order of the model's labels; `certainty` 0..1 is that of `predicted`."""

    file: str
    part: SplitPart
    target: str
    predicted: str
    certainty: float
    scores: tuple[float, ...]


def predictions_of(
    samples: Sequence[TrainingSample], part: SplitPart, scores: Float64, threshold: float, labels: Sequence[str]
) -> list[SamplePrediction]:
    """Returns one line for each sample; `scores` `(n, labels)` are scaled by the temperature already."""
    expect_shape("scores", scores, (len(samples), len(labels)))
    rounded = scores.round(DIGITS)
    return [
        SamplePrediction(str(sample.path), part, sample.label, labels[best], float(row[best]), tuple(map(float, row)))
        for sample, best, row in zip(samples, decide(scores, threshold), rounded, strict=True)
    ]


def predictions_as_csv(labels: Sequence[str], predictions: Sequence[SamplePrediction]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(guarded_row([*FIXED, *labels]))
    for p in predictions:
        writer.writerow(guarded_row([p.file, p.part.value, p.target, p.predicted, p.certainty, *p.scores]))
    return text.getvalue()


def read_predictions(path: Path, labels: Sequence[str]) -> Iterator[SamplePrediction]:
    """Yields the lines of a file whose labels are these; raises DamagedModel."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = csv.reader(file)
            if [without_guard(cell) for cell in next(lines, [])] != [*FIXED, *labels]:
                raise DamagedModel(f"{path}: not the predictions of this model")
            for line in lines:
                name, part, target, predicted, certainty, *scores = map(without_guard, line)
                if len(scores) != len(labels):
                    raise DamagedModel(f"{path}: expected {len(labels)} scores in each line, got {len(scores)}")
                numbers = tuple(map(float, scores))
                yield SamplePrediction(name, SplitPart(part), target, predicted, float(certainty), numbers)
    except (OSError, ValueError, csv.Error) as error:
        raise DamagedModel(f"{path}: missing or unreadable ({error})") from error
