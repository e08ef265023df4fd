"""Reads for the page of a finished run: figures, held-out predictions, curves, thresholds."""

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
"""Predictions behind the curves; with more they look the same and take seconds."""
SHADES = 8
"""Shades of colour in the confusion matrix."""
CARDS = 12
"""Mistakes on the page itself; the list has all of them."""
FLIPPED_SHOWN = 12
"""Pictures shown of the predictions that another threshold flips."""


@dataclass(frozen=True, slots=True)
class PartPredictions:
    """The held-out predictions of one part, as arrays of one row each; labels are places in `labels`."""

    labels: tuple[str, ...]
    keys: "np.ndarray[Any, np.dtype[np.int64]]"
    target: "np.ndarray[Any, np.dtype[np.intp]]"
    predicted: "np.ndarray[Any, np.dtype[np.intp]]"
    scores: Float64
    """`(n, labels)`."""


def predictions_of(run: TrainingRun, part: str) -> PartPredictions:
    """Reads the predictions of a part, at most MOST_ROWS."""
    labels = tuple(run.document["labels"])
    place = {label: number for number, label in enumerate(labels)}
    rows = run.held_out_predictions.filter(part=part).order_by("pk").values_list("pk", "truth", "said", "scores")
    known = [row for row in rows[:MOST_ROWS] if row[1] in place and row[2] in place]
    return PartPredictions(
        labels,
        np.array([row[0] for row in known], np.int64),
        np.array([place[row[1]] for row in known], np.intp),
        np.array([place[row[2]] for row in known], np.intp),
        np.array([row[3] for row in known], np.float64).reshape(len(known), len(labels)),
    )


@dataclass(frozen=True, slots=True)
class ConfusionCell:
    """Samples of `target` that were predicted as `predicted`; `shade` 0..SHADES is its share of the row."""

    target: str
    predicted: str
    count: int
    shade: int

    @property
    def is_right(self) -> bool:
        return self.target == self.predicted


def matrix(run: TrainingRun, part: str) -> list[tuple[str, int, list[ConfusionCell]]]:
    """Returns the confusion matrix: for each target its count, and a cell for each predicted label."""
    labels = run.document["labels"]
    rows = []
    for target, counts in zip(labels, figures(run, part)["confusion"], strict=True):
        all_ = sum(counts)
        of_row = zip(labels, counts, strict=True)
        cells = [ConfusionCell(target, predicted, n, _shade(n, all_)) for predicted, n in of_row]
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
    """Returns the parts that have figures, the test first."""
    return [part for part in (Part.TEST, Part.VALIDATION) if run.result.get(part)]


def chosen_part(run: TrainingRun, query: Mapping[str, str]) -> str:
    """Returns the part that ?part= asks for, else the one with the headline figures."""
    wished = query.get("part", "")
    return wished if wished in parts_of(run) else caveat_words.measured_part(run.document)


def chosen_label(run: TrainingRun, query: Mapping[str, str], part: str) -> str:
    """Returns the label that ?label= asks for; else the second of two, or the one with the lowest F1 of more."""
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
    """One label against all others: scores, curves, and what a threshold changes."""

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
        """True positives, false positives, false negatives and true negatives at each hundredth."""
        return [[int(n) for n in row] for row in curves.threshold_table(self.scores, self.positive)]

    @property
    def default_threshold(self) -> float:
        """The score from which the run predicts this label."""
        labels = self.predictions.labels
        if len(labels) != 2:
            return 0.5
        threshold = self.run.document["threshold"]
        return threshold if self.label == labels[1] else 1 - threshold

    def flipped(self, threshold: float) -> list[int]:
        """Returns the keys of the predictions that change at `threshold`, the nearest to the default one first."""
        low, high = sorted((threshold, self.default_threshold))
        places = np.flatnonzero((self.scores >= low) & (self.scores < high))
        nearest = places[np.argsort(np.abs(self.scores[places] - self.default_threshold), kind="stable")]
        return [int(key) for key in self.predictions.keys[nearest]]


def read_threshold(query: Mapping[str, str], default: float) -> float:
    """Returns the threshold that ?at= gives in hundredths; `default` where it is missing or odd."""
    text = query.get("at", "")
    if not (text.isascii() and text.isdigit() and len(text) < 5 and int(text) <= curves.STEPS):
        return default
    return int(text) / curves.STEPS


def cards(rows: QuerySet[HeldOutPrediction]) -> QuerySet[HeldOutPrediction]:
    """Joins what a card of a prediction shows."""
    return rows.select_related("sample__label", "sample__video")


def mistakes(run: TrainingRun, part: str) -> QuerySet[HeldOutPrediction]:
    """Returns the wrong predictions of a part, the most confident first."""
    wrong = run.held_out_predictions.filter(part=part).exclude(truth=F("said"))
    return wrong.order_by("-certainty", "pk")


def chosen_predictions(run: TrainingRun, part: str, query: Mapping[str, str]) -> QuerySet[HeldOutPrediction]:
    """Returns those of a cell (?truth=, ?said=), all mistakes (?wrong=1) or all; the most confident first."""
    everything = run.held_out_predictions.filter(part=part).order_by("-certainty", "pk")
    rows = mistakes(run, part) if query.get("wrong") else everything
    return rows.filter(**{name: query[name] for name in ("truth", "said") if query.get(name)})


def in_order(rows: QuerySet[HeldOutPrediction], keys: Sequence[int]) -> list[HeldOutPrediction]:
    """Returns the predictions with these keys, in the order of `keys`."""
    found = cards(rows).in_bulk(list(keys))
    return [found[key] for key in keys if key in found]


def standing_dataset(run: TrainingRun) -> Dataset | None:
    """Returns the dataset of the run; None where it is deleted."""
    return run.dataset if run.dataset is not None and run.dataset.deleted_at is None else None


def labels_today(dataset: Dataset | None) -> list[Label]:
    """Returns the labels that the dataset has now, which may differ from those of the run."""
    return list(dataset.labels.all()) if dataset is not None else []


@dataclass(frozen=True, slots=True)
class EvaluationData:
    """What the figures of a part were measured on: `right` of `count` samples, from how many sources."""

    right: int
    count: int
    sources: int
    are_videos: bool


def evaluated_on(run: TrainingRun, part: str) -> EvaluationData:
    """Returns what a part was measured on; sources are videos where all samples come from videos."""
    measured = figures(run, part)
    counted = run.held_out_predictions.filter(part=part).aggregate(
        all=Count("pk"),
        of_videos=Count("pk", filter=Q(sample__video__isnull=False)),
        videos=Count("sample__video", distinct=True),
    )
    are_videos = bool(counted["all"]) and counted["all"] == counted["of_videos"]
    sources = counted["videos"] if are_videos else measured["sources"]
    return EvaluationData(right_count(measured), measured["count"], sources, are_videos)


def right_count(measured: PartFigures) -> int:
    """Returns how many samples of a part were predicted right."""
    return round(measured["accuracy"] * measured["count"])
