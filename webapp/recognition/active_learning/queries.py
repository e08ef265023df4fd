"""The active-learning queue: moments where a model is uncertain, the most uncertain first."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from webapp.datasets.importing.option_types import SAME_MOMENT_S
from webapp.datasets.models import Dataset, Label, Sample
from webapp.recognition.models import CURRENT, Observation, Recognition
from webapp.training.models import TrainingRun


@dataclass(frozen=True, slots=True)
class Choice:
    """A label that can be given, with the model's score for it (0..1)."""

    label: Label
    score: float


@dataclass(frozen=True, slots=True)
class UncertainMoment:
    """A moment of the queue as its page shows it; player time."""

    observation: Observation
    player_s: float
    player_end_s: float
    choices: list[Choice]


def queue(runs: Sequence[TrainingRun]) -> QuerySet[Observation]:
    """Returns the unanswered moments of what is shown of these runs, skipped ones last."""
    open_ones = Observation.objects.filter(
        in_queue=True,
        answered_at=None,
        recognition__in=Recognition.objects.filter(CURRENT, run__in=runs, video__deleted_at=None),
    )
    # While a video is analysed again, its faces are gone already.
    open_ones = open_ones.exclude(face=None, picture_key="")
    return open_ones.exclude(_is_labelled()).order_by(F("skipped_at").asc(nulls_first=True), "-doubt", "pk")


def _is_labelled() -> Q:
    """Holds for moments whose label the dataset already has, whoever gave it."""
    samples = Sample.objects.filter(
        dataset=OuterRef("recognition__line"),
        removed_at=None,
        video=OuterRef("recognition__video"),
        time_s__gte=OuterRef("time_s") - SAME_MOMENT_S,
        time_s__lte=OuterRef("time_s") + SAME_MOMENT_S,
        label__isnull=False,
    )
    return (Q(track=None) & Exists(samples)) | Exists(samples.filter(track=OuterRef("track")))


def counts(runs: Sequence[TrainingRun]) -> dict[uuid.UUID, int]:
    """Returns how many moments wait, by line; in one query."""
    rows = queue(runs).order_by().values("recognition__line").annotate(n=Count("pk"))
    return {row["recognition__line"]: row["n"] for row in rows}


def next_moment(run: TrainingRun, dataset: Dataset) -> UncertainMoment | None:
    """Returns the first moment of the queue; None when it is empty."""
    related = ("recognition__video", "track__person", "face")
    observation = queue([run]).select_related(*related).defer("track__samples", "face__embedding").first()
    if observation is None:
        return None
    player_s = max(observation.time_s - observation.recognition.video.playback_offset_s, 0.0)
    choices = choices_of(observation, run, list(dataset.labels.all()))
    return UncertainMoment(observation, player_s, player_s + observation.duration_s, choices)


def choices_of(observation: Observation, run: TrainingRun, labels: Sequence[Label]) -> list[Choice]:
    """Returns every label of the dataset with its score, 0 for those the model does not know; case is ignored."""
    names = [str(name).casefold() for name in run.result.get("labels", [])]
    scores = dict(zip(names, observation.scores, strict=False))
    return [Choice(each, scores.get(each.name.casefold(), 0.0)) for each in labels]
