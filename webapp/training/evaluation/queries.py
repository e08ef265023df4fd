"""Reads for the page of a finished run: its figures, what it said of which sample, curves, thresholds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from django.db.models import Count, F, Q, QuerySet

from analysis.training.evaluation import curves
from analysis.training.evaluation.curves import PrecisionRecall, Roc
from analysis.training.run_document import PartFigures, figures_of
from analysis.types import Float64
from webapp.datasets.models import Dataset, Label, Part
from webapp.training import caveat_words
from webapp.training.models import HeldOutPrediction, TrainingRun

MOST_ROWS = 50_000
"""Curves of more samples look the same and take seconds."""
SHADES = 8
"""Steps of colour of the confusion matrix."""
CARDS = 12
"""Mistakes on the page itself; the list has them all."""
FLIPPED_SHOWN = 12
"""Pictures that are shown of those about which another threshold changes its mind."""


@dataclass(frozen=True, slots=True)
class PartPredictions:
    """What was said of the samples of one part: one row each, labels by their place in the run's list."""

    labels: tuple[str, ...]
    keys: "np.ndarray[Any, np.dtype[np.int64]]"
    target: "np.ndarray[Any, np.dtype[np.intp]]"
    predicted: "np.ndarray[Any, np.dtype[np.intp]]"
    scores: Float64
    """`(n, labels)`."""


def predictions_of(run: TrainingRun, part: str) -> PartPredictions:
    labels = tuple(run.document["labels"])
    place = {label: number for number, label in enumerate(labels)}
    rows = (
        run.held_out_predictions.filter(part=part)
        .order_by("pk")
        .values_list("pk", "truth", "said", "scores")[:MOST_ROWS]
    )
    known = [row for row in rows if row[1] in place and row[2] in place]
    return PartPredictions(
        labels,
        np.array([row[0] for row in known], np.int64),
        np.array([place[row[1]] for row in known], np.intp),
        np.array([place[row[2]] for row in known], np.intp),
        np.array([row[3] for row in known], np.float64).reshape(len(known), len(labels)),
    )


@dataclass(frozen=True, slots=True)
class ConfusionCell:
    """Samples that are `target` and were predicted as `predicted`; `shade` 0..SHADES by its share of the row."""

    target: str
    predicted: str
    count: int
    shade: int

    @property
    def is_right(self) -> bool:
        return self.target == self.predicted


def matrix(run: TrainingRun, part: str) -> list[tuple[str, int, list[ConfusionCell]]]:
    """Truth, how many there are, and a cell for each label that was said. From the run's own figures."""
    labels = run.document["labels"]
    rows = []
    for target, counts in zip(labels, figures(run, part)["confusion"], strict=True):
        all_ = sum(counts)
        cells = [
            ConfusionCell(target, predicted, n, _shade(n, all_)) for predicted, n in zip(labels, counts, strict=True)
        ]
        rows.append((target, all_, cells))
    return rows


def _shade(count: int, all_: int) -> int:
    return max(1, round(SHADES * count / all_)) if count else 0


def figures(run: TrainingRun, part: str) -> PartFigures:
    """Returns what was measured on one of `parts_of(run)`."""
    found = figures_of(run.document, part)
    assert found is not None
    return found


def parts_of(run: TrainingRun) -> list[str]:
    """Those with figures, the test first."""
    return [part for part in (Part.TEST, Part.VALIDATION) if run.result.get(part)]


def chosen_part(run: TrainingRun, query: Mapping[str, str]) -> str:
    wished = query.get("part", "")
    return wished if wished in parts_of(run) else caveat_words.measured_part(run.document)


def chosen_label(run: TrainingRun, query: Mapping[str, str], part: str) -> str:
    """The one that is asked for; else of two labels the second, of more the one that it knows worst."""
    labels = run.document["labels"]
    wished = query.get("label", "")
    if wished in labels:
        return wished
    if len(labels) == 2:
        return labels[1]
    per_label = figures(run, part)["per_label"]
    present = [label for label in labels if per_label[label]["count"]] or labels
    return min(present, key=lambda label: per_label[label]["f1"])


@dataclass(frozen=True)
class OneVsRest:
    """One label against all others."""

    run: TrainingRun
    predictions: PartPredictions
    label: str

    @cached_property
    def scores(self) -> Float64:
        return self.predictions.scores[:, self.predictions.labels.index(self.label)]

    @cached_property
    def positive(self) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        return np.asarray(self.predictions.target == self.predictions.labels.index(self.label))

    @cached_property
    def roc(self) -> Roc:
        return curves.roc_curve(self.scores, self.positive)

    @cached_property
    def precision_recall(self) -> PrecisionRecall:
        return curves.precision_recall_curve(self.scores, self.positive)

    @cached_property
    def table(self) -> list[list[int]]:
        """Right yes, wrong yes, missed, right no at each hundredth."""
        return [[int(n) for n in row] for row in curves.threshold_table(self.scores, self.positive)]

    @property
    def default_threshold(self) -> float:
        """From where on it is said as the run stands."""
        labels = self.predictions.labels
        if len(labels) != 2:
            return 0.5
        threshold = self.run.document["threshold"]
        return threshold if self.label == labels[1] else 1 - threshold

    def flipped(self, threshold: float) -> list[int]:
        """Keys of the rows about which it changes its mind, the nearest to the old threshold first."""
        low, high = sorted((threshold, self.default_threshold))
        places = np.flatnonzero((self.scores >= low) & (self.scores < high))
        nearest = places[np.argsort(np.abs(self.scores[places] - self.default_threshold), kind="stable")]
        return [int(key) for key in self.predictions.keys[nearest]]


def read_threshold(query: Mapping[str, str], usual: float) -> float:
    """Of the address, in hundredths; odd values count as none."""
    text = query.get("at", "")
    if not (text.isascii() and text.isdigit() and int(text[:4]) <= curves.STEPS):
        return usual
    return int(text) / curves.STEPS


def cards(rows: QuerySet[HeldOutPrediction]) -> QuerySet[HeldOutPrediction]:
    """With all that a card shows."""
    return rows.select_related("sample__label", "sample__video")


def mistakes(run: TrainingRun, part: str) -> QuerySet[HeldOutPrediction]:
    """The surest first."""
    wrong = run.held_out_predictions.filter(part=part).exclude(truth=F("said"))
    return wrong.order_by("-certainty", "pk")


def chosen_predictions(run: TrainingRun, part: str, query: Mapping[str, str]) -> QuerySet[HeldOutPrediction]:
    """?truth= and ?said= choose a cell; ?wrong=1 all mistakes. The surest first."""
    rows = (
        mistakes(run, part)
        if query.get("wrong")
        else run.held_out_predictions.filter(part=part).order_by("-certainty", "pk")
    )
    for name in ("truth", "said"):
        if query.get(name):
            rows = rows.filter(**{name: query[name]})
    return rows


def in_order(rows: QuerySet[HeldOutPrediction], keys: Sequence[int]) -> list[HeldOutPrediction]:
    found = cards(rows).in_bulk(list(keys))
    return [found[key] for key in keys if key in found]


def standing_dataset(run: TrainingRun) -> Dataset | None:
    """The dataset of the run, unless it is deleted."""
    return run.dataset if run.dataset is not None and run.dataset.deleted_at is None else None


def labels_today(dataset: Dataset | None) -> list[Label]:
    return list(dataset.labels.all()) if dataset is not None else []


@dataclass(frozen=True, slots=True)
class EvaluationData:
    """What the figures of a part are of."""

    count: int
    sources: int
    are_videos: bool


def evaluated_on(run: TrainingRun, part: str) -> EvaluationData:
    """The number of videos where all samples come from videos, else that of the sources that the run found."""
    measured = figures(run, part)
    counted = run.held_out_predictions.filter(part=part).aggregate(
        all=Count("pk"),
        of_videos=Count("pk", filter=Q(sample__video__isnull=False)),
        videos=Count("sample__video", distinct=True),
    )
    are_videos = bool(counted["all"]) and counted["all"] == counted["of_videos"]
    return EvaluationData(measured["count"], counted["videos"] if are_videos else measured["sources"], are_videos)
