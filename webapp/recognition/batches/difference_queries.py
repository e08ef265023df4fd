"""What applying a batch would change: each label in each video before and after, what is added and removed."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from analysis.time_spans import Span as Stretch
from analysis.time_spans import merged
from webapp.people.appearances import Bar, bars, total_s
from webapp.recognition.models import CURRENT, Recognition, Span
from webapp.videos.models import Video

LEAST_S = 0.3
"""A boundary that moves by less is no visible difference."""
MOST_LISTED = 6


@dataclass(frozen=True, slots=True)
class LabelDifference:
    """One label of one model in one video, in player time."""

    label: str
    before_s: float
    after_s: float
    before: list[Bar]
    after: list[Bar]
    added: list[Stretch]
    removed: list[Stretch]

    @property
    def is_change(self) -> bool:
        return bool(self.added or self.removed)

    @property
    def shown_added(self) -> list[Stretch]:
        return self.added[:MOST_LISTED]

    @property
    def shown_removed(self) -> list[Stretch]:
        return self.removed[:MOST_LISTED]


@dataclass(frozen=True, slots=True)
class RecognitionDifference:
    """A recognition compared with the one that is current now (or was, before this one was applied)."""

    recognition: Recognition
    before: Recognition | None
    labels: list[LabelDifference]

    @property
    def changed(self) -> list[LabelDifference]:
        return [each for each in self.labels if each.is_change]

    @property
    def same_count(self) -> int:
        return len(self.labels) - len(self.changed)


def differences_of(recognitions: Sequence[Recognition]) -> list[RecognitionDifference]:
    """Compares recognitions with what they replace; they come with video and run. Two queries however many."""
    before = _before(recognitions)
    spans = _stretches([*recognitions, *before.values()])
    return [_difference(each, before.get(each.pk), spans) for each in recognitions]


def minus(first: Iterable[Stretch], second: Iterable[Stretch], least_s: float = LEAST_S) -> list[Stretch]:
    """Returns the parts of the first stretches that none of the second covers, without those shorter than `least_s`."""
    left: list[Stretch] = []
    taken = merged(second)
    for start_s, end_s in merged(first):
        at_s = start_s
        for other_start_s, other_end_s in taken:
            if other_end_s <= at_s:
                continue
            if other_start_s >= end_s:
                break
            left.append((at_s, other_start_s))
            at_s = max(at_s, other_end_s)
        left.append((at_s, end_s))
    return [(start_s, end_s) for start_s, end_s in left if end_s - start_s >= least_s]


def _before(recognitions: Sequence[Recognition]) -> dict[uuid.UUID, Recognition]:
    """Returns by key what each recognition replaces or would replace."""
    videos = {each.video_id for each in recognitions}
    current: QuerySet[Recognition] = Recognition.objects.filter(CURRENT, video__in=videos)
    replaced = Recognition.objects.filter(pk__in=[each.replaces_id for each in recognitions if each.replaces_id])
    there = list((current | replaced).select_related("run"))
    by_key, by_place = {each.pk: each for each in there}, {(e.video_id, e.line): e for e in there if not e.replaced_at}
    found: dict[uuid.UUID, Recognition] = {}
    for recognition in recognitions:
        other = by_key.get(recognition.replaces_id) if recognition.replaces_id else None
        if recognition.taken_over_at is None:
            other = by_place.get((recognition.video_id, recognition.line))
        if other is not None and other.pk != recognition.pk:
            found[recognition.pk] = other
    return found


def _stretches(recognitions: Sequence[Recognition]) -> dict[uuid.UUID, dict[str, list[Stretch]]]:
    found: dict[uuid.UUID, dict[str, list[Stretch]]] = defaultdict(lambda: defaultdict(list))
    spans = Span.objects.filter(recognition__in=[each.pk for each in recognitions])
    for recognition, label, start_s, end_s in spans.values_list("recognition", "label", "start_s", "end_s"):
        found[recognition][label].append((start_s, end_s))
    return found


def _difference(
    recognition: Recognition, before: Recognition | None, spans: dict[uuid.UUID, dict[str, list[Stretch]]]
) -> RecognitionDifference:
    new, old = spans[recognition.pk], spans[before.pk] if before else {}
    names = list(dict.fromkeys([*recognition.run.result.get("labels", []), *new, *old]))
    video = recognition.video
    labels = [_of_label(name, old.get(name, []), new.get(name, []), video) for name in names]
    return RecognitionDifference(recognition, before, [each for each in labels if each.before or each.after])


def _of_label(label: str, before: list[Stretch], after: list[Stretch], video: Video) -> LabelDifference:
    old, new = _player_time(before, video), _player_time(after, video)
    return LabelDifference(
        label=label,
        before_s=total_s(old),
        after_s=total_s(new),
        before=bars(old, video.duration_s),
        after=bars(new, video.duration_s),
        added=minus(new, old),
        removed=minus(old, new),
    )


def _player_time(stretches: Iterable[Stretch], video: Video) -> list[Stretch]:
    offset_s = video.playback_offset_s
    return [(max(start_s - offset_s, 0.0), max(end_s - offset_s, 0.0)) for start_s, end_s in stretches]
