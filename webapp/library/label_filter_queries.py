"""Filters the library by the labels that models found in a video: all of some, or any of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from webapp.accounts.models import Team
from webapp.http.ids import uuid_or_none
from webapp.hues import HUES
from webapp.recognition import queries
from webapp.recognition.models import Span
from webapp.training.models import TrainingRun
from webapp.training.registry.queries import deployed_runs
from webapp.videos.models import Video

MOST_LABELS = 20
"""In one filter."""


@dataclass(frozen=True, slots=True)
class LabelKey:
    """A label of a line of models: two models may use the same word for different things."""

    line: UUID
    label: str

    def __str__(self) -> str:
        """Returns it as in the address."""
        return f"{self.line.hex}.{self.label}"

    @classmethod
    def read(cls, text: str) -> "LabelKey | None":
        line, _dot, label = text.partition(".")
        line_id = uuid_or_none(line)
        return cls(line_id, label) if line_id and label else None


@dataclass(frozen=True, slots=True)
class LabelFilter:
    """Videos in which all of these (or any) were found."""

    labels: tuple[LabelKey, ...] = ()
    is_any: bool = False

    def __bool__(self) -> bool:
        return bool(self.labels)

    @classmethod
    def of(cls, texts: Sequence[str], *, is_any: bool) -> "LabelFilter":
        """Reads labels from the address; invalid ones are ignored."""
        keys = [LabelKey.read(text) for text in texts[:MOST_LABELS]]
        return cls(tuple(dict.fromkeys(key for key in keys if key)), is_any)


@dataclass(frozen=True, slots=True)
class OfferedLabel:
    """A label to choose, or chosen."""

    key: LabelKey
    model: str
    hue: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class OfferedModel:
    """A model with its labels."""

    name: str
    labels: list[OfferedLabel]


def apply(videos: QuerySet[Video], wanted: LabelFilter) -> QuerySet[Video]:
    if wanted.is_any and wanted.labels:
        first, *others = (_bears(key) for key in wanted.labels)
        for other in others:
            first = first | other  # type: ignore[assignment]
        return videos.filter(first)
    for key in wanted.labels:
        videos = videos.filter(_bears(key))
    return videos


def offer(wanted: LabelFilter, team: Team | None) -> list[OfferedModel]:
    """Returns the labels of the models in use, and those chosen already; three queries at most."""
    if team is None:
        return []
    names: dict[UUID, str] = {}
    labels: dict[UUID, list[str]] = defaultdict(list)
    for run in deployed_runs(team.pk):
        names[run.line] = run.dataset_name
        labels[run.line] += run.result.get("labels", [])
    missing = [key.line for key in wanted.labels if key.line not in names]
    if missing:
        earlier = TrainingRun.objects.filter(team=team, line__in=missing).order_by("number")
        names |= dict(earlier.values_list("line", "dataset_name"))
    for key in wanted.labels:
        if key.line in names and key.label not in labels[key.line]:
            labels[key.line].append(key.label)
    hues = queries.label_hues(list(names))
    return [OfferedModel(name, _offered(line, name, labels[line], hues, wanted)) for line, name in names.items()]


def chosen(models: Sequence[OfferedModel]) -> list[OfferedLabel]:
    return [label for model in models for label in model.labels if label.is_chosen]


def _offered(
    line: UUID, name: str, labels: Sequence[str], hues: dict[UUID, dict[str, int]], wanted: LabelFilter
) -> list[OfferedLabel]:
    keys = [LabelKey(line, label) for label in labels]
    return [
        OfferedLabel(key, name, hues.get(line, {}).get(key.label, number % HUES), key in wanted.labels)
        for number, key in enumerate(keys)
    ]


def _bears(key: LabelKey) -> Exists:
    """Uses the index on current inference runs of a video, then the one on labels of a run."""
    return Exists(
        Span.objects.filter(
            label=key.label,
            recognition__video=OuterRef("pk"),
            recognition__line=key.line,
            recognition__taken_over_at__isnull=False,
            recognition__replaced_at=None,
            recognition__run__deleted_at=None,
        )
    )
