"""Moments about which a model is in doubt, the most doubtful first, and what is shown of one."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from webapp.datasets.importing.single_moment_services import SAME_MOMENT_S
from webapp.datasets.models import Dataset, Label, Sample
from webapp.recognition.models import CURRENT, Observation, Recognition
from webapp.training.models import TrainingRun

_SAMPLES = Sample.objects.filter(
    dataset=OuterRef("recognition__line"),
    removed_at=None,
    video=OuterRef("recognition__video"),
    time_s__gte=OuterRef("time_s") - SAME_MOMENT_S,
    time_s__lte=OuterRef("time_s") + SAME_MOMENT_S,
    label__isnull=False,
)
LABELLED = (Q(track=None) & Exists(_SAMPLES)) | Exists(_SAMPLES.filter(track=OuterRef("track")))
"""The dataset knows the answer already, from whatever model or person."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A label that can be answered, with its key and what the model thinks of it (0..1)."""

    label: Label
    score: float
    is_said: bool


@dataclass(frozen=True, slots=True)
class UncertainMoment:
    """What the page shows of a moment."""

    observation: Observation
    player_s: float
    player_end_s: float
    choices: list[Choice]


def queue(runs: Sequence[TrainingRun]) -> QuerySet[Observation]:
    """Unanswered, of what is shown now of these very models; skipped ones last."""
    open_ones = Observation.objects.filter(
        in_queue=True,
        answered_at=None,
        recognition__in=Recognition.objects.filter(CURRENT, run__in=runs, video__deleted_at=None),
    )
    # Of a video that is being looked at again the faces have gone already.
    open_ones = open_ones.exclude(face=None, picture_key="")
    return open_ones.exclude(LABELLED).order_by(F("skipped_at").asc(nulls_first=True), "-doubt", "pk")


def counts(runs: Sequence[TrainingRun]) -> dict[uuid.UUID, int]:
    """By line; in one query."""
    rows = queue(runs).order_by().values("recognition__line").annotate(n=Count("pk"))
    return {row["recognition__line"]: row["n"] for row in rows}


def next_moment(run: TrainingRun, dataset: Dataset) -> UncertainMoment | None:
    related = ("recognition__video", "track__person", "face")
    observation = queue([run]).select_related(*related).defer("track__samples", "face__embedding").first()
    if observation is None:
        return None
    player_s = max(observation.time_s - observation.recognition.video.playback_offset_s, 0.0)
    choices = choices_of(observation, run, list(dataset.labels.all()))
    return UncertainMoment(observation, player_s, player_s + observation.duration_s, choices)


def choices_of(observation: Observation, run: TrainingRun, labels: Sequence[Label]) -> list[Choice]:
    """Every label of the dataset, also those that the model does not know yet; names count whatever their case."""
    names = [str(name).casefold() for name in run.result.get("labels", [])]
    scores = dict(zip(names, observation.scores, strict=False))
    said = observation.label.casefold()
    return [Choice(each, scores.get(each.name.casefold(), 0.0), each.name.casefold() == said) for each in labels]
