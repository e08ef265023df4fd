"""What models found in one video, for its page; the number of queries does not grow with what is shown."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from webapp.datasets.models import Label
from webapp.hues import HUES
from webapp.jobs import job_state
from webapp.jobs import words as jobs_words
from webapp.jobs.models import ACTIVE, Status
from webapp.jobs.words import FailureWords
from webapp.people.appearances import THINNEST_BAR_PERCENT, total_s
from webapp.recognition.models import Recognition, Span
from webapp.training.models import TrainingRun
from webapp.training.registry.queries import deployed_runs
from webapp.videos.models import Video

MOST_LISTED = 200
"""Stretches of one model listed as text; the bars show all."""
LEAST_OPACITY = 0.35
Stretch = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ShownSpan:
    """A coloured stretch of a bar, in player time and in percent of the whole."""

    label: str
    start_s: float
    end_s: float
    score: float
    hue: int
    person: str
    """Whose face it is, by name; empty where the model classifies whole frames."""
    person_id: uuid.UUID | None
    left_percent: float
    width_percent: float
    is_hidden: bool
    """Scores below the chosen least score."""

    @property
    def opacity(self) -> float:
        return round(LEAST_OPACITY + (1 - LEAST_OPACITY) * self.score, 2)


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """A person with the label, and for how long."""

    name: str
    hue: int
    seconds: float
    first_s: float


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label of a model over the length of the video."""

    label: str
    hue: int
    spans: list[ShownSpan]
    seconds: float
    people: list[ShownPerson]


@dataclass(frozen=True, slots=True)
class LabelGroup:
    """What one model found."""

    recognition: Recognition
    run: TrainingRun
    rows: list[LabelRow]
    is_deployed: bool

    @property
    def listed(self) -> list[ShownSpan]:
        """The first spans in order of time."""
        spans = [span for row in self.rows for span in row.spans]
        return sorted(spans, key=lambda span: (span.start_s, span.end_s))[:MOST_LISTED]

    @property
    def not_listed(self) -> int:
        return max(0, sum(len(row.spans) for row in self.rows) - MOST_LISTED)


@dataclass(frozen=True, slots=True)
class FailedRecognition:
    """A recognition that failed, and why in words."""

    recognition: Recognition
    why: FailureWords


@dataclass(frozen=True, slots=True)
class VideoLabels:
    """Everything that the video page shows of models' labels."""

    groups: list[LabelGroup] = field(default_factory=list)
    working: list[dict[str, object]] = field(default_factory=list)
    """States of recognitions in work, as the socket sends them."""
    failed: list[FailedRecognition] = field(default_factory=list)
    waiting: list[uuid.UUID] = field(default_factory=list)
    """Batches with a recognition of this video that nobody has applied or discarded."""
    has_models: bool = False

    @property
    def count(self) -> int:
        return sum(bool(row.spans) for group in self.groups for row in group.rows)


def labels_of(video: Video, least_score: float = 0.0) -> VideoLabels:
    """Returns the labels of a video; six queries, however many models, labels and spans."""
    recognitions = Recognition.objects.filter(video=video, run__deleted_at=None, replaced_at=None, discarded_at=None)
    found = list(recognitions.select_related("run", "job").order_by("run__dataset_name", "created_at"))
    current = [each for each in found if each.taken_over_at is not None]
    deployed_keys = {run.pk for run in deployed_runs(video.team_id)}
    hues = label_hues([each.line for each in current])
    spans = _spans_by_recognition(current)
    return VideoLabels(
        groups=[_group(each, spans[each.pk], hues, video, deployed_keys, least_score) for each in current],
        working=[
            jobs_words.payload_with_words(job_state.state_of(each.job).payload())
            for each in found
            if each.job is not None and each.job.status in ACTIVE
        ],
        failed=_failed(found),
        waiting=list(dict.fromkeys(each.batch for each in found if each.batch and each.is_waiting)),
        has_models=bool(deployed_keys),
    )


def label_hues(lines: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, int]]:
    """Returns by line the hue of each label in its dataset, where that still exists."""
    hues: dict[uuid.UUID, dict[str, int]] = defaultdict(dict)
    for dataset, name, hue in Label.objects.filter(dataset__in=lines).values_list("dataset", "name", "hue"):
        hues[dataset][name] = hue
    return hues


def _spans_by_recognition(recognitions: Sequence[Recognition]) -> dict[uuid.UUID, list[Span]]:
    found: dict[uuid.UUID, list[Span]] = defaultdict(list)
    spans = Span.objects.filter(recognition__in=recognitions).select_related("track__person")
    for span in spans.defer("track__samples").order_by("start_s", "pk"):
        found[span.recognition_id].append(span)
    return found


def _group(
    recognition: Recognition,
    spans: Sequence[Span],
    hues: dict[uuid.UUID, dict[str, int]],
    video: Video,
    deployed_keys: set[uuid.UUID],
    least_score: float,
) -> LabelGroup:
    """Returns all labels of a model, including those it did not find."""
    names = list(dict.fromkeys([*recognition.run.result.get("labels", []), *(span.label for span in spans)]))
    rows = []
    for number, name in enumerate(names):
        hue = hues.get(recognition.line, {}).get(name, number % HUES)
        shown = [_shown(span, hue, video, least_score) for span in spans if span.label == name]
        rows.append(LabelRow(name, hue, shown, total_s((s.start_s, s.end_s) for s in shown), _people(shown)))
    return LabelGroup(recognition, recognition.run, rows, recognition.run_id in deployed_keys)


def _shown(span: Span, hue: int, video: Video, least_score: float) -> ShownSpan:
    offset_s, whole_s = video.playback_offset_s, max(video.duration_s, 0.001)
    start_s = min(max(span.start_s - offset_s, 0.0), whole_s)
    end_s = min(max(span.end_s - offset_s, start_s), whole_s)
    person = span.track.person if span.track is not None else None
    left = min(100 * start_s / whole_s, 100 - THINNEST_BAR_PERCENT)
    width = min(max(100 * (end_s - start_s) / whole_s, THINNEST_BAR_PERCENT), 100 - left)
    return ShownSpan(
        label=span.label,
        start_s=start_s,
        end_s=end_s,
        score=span.score,
        hue=person.hue if person else hue,
        person=str(person) if person else "",
        person_id=person.pk if person else None,
        left_percent=round(left, 3),
        width_percent=round(width, 3),
        is_hidden=span.score < least_score,
    )


def _people(spans: Sequence[ShownSpan]) -> list[ShownPerson]:
    """Returns the people with the label, the longest first."""
    by_person: dict[tuple[uuid.UUID, str, int], list[Stretch]] = defaultdict(list)
    for span in spans:
        if span.person_id is not None:
            by_person[span.person_id, span.person, span.hue].append((span.start_s, span.end_s))
    found = [
        ShownPerson(name, hue, total_s(stretches), min(stretches)[0])
        for (_id, name, hue), stretches in by_person.items()
    ]
    return sorted(found, key=lambda person: (-person.seconds, person.name))


def _failed(recognitions: Sequence[Recognition]) -> list[FailedRecognition]:
    """Returns the latest recognition of each line, where it failed."""
    latest = {each.line: each for each in sorted(recognitions, key=lambda each: each.created_at)}
    return [
        FailedRecognition(each, jobs_words.explain(each.job.error_code))
        for each in latest.values()
        if each.job is not None and each.job.status == Status.FAILED
    ]
