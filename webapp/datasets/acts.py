"""Labelling: every act on samples counts only for those that are still as the person saw them, and can be undone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from webapp.accounts.models import User
from webapp.datasets import live
from webapp.datasets.models import Act, ActKind, Change, Dataset, Label, Sample

BATCH = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an act: `act` is None when nothing changed."""

    act: Act | None
    changed: list[int]
    """Numbers of the samples that it changed."""
    refused: list[int]
    """Numbers of those that somebody else had changed since they were looked at."""


def label_samples(
    dataset: Dataset, *, user: User | None, label: Label | None, seen: Mapping[int, int], sequences: bool = False
) -> Done:
    """Gives a label (None: takes it away) to samples: `seen` is number -> the revision that the person had before them.

    With `sequences` all samples of the same track or shot get it as well, as far as they had the same label as the
    seen one.
    """
    if sequences:
        seen = {**_mates(dataset, seen), **seen}
    return _perform(dataset, user, ActKind.LABEL, label, seen)


def leave_out_samples(dataset: Dataset, *, user: User | None, seen: Mapping[int, int], left_out: bool) -> Done:
    """Takes samples out of (or into) all versions to come."""
    return _perform(dataset, user, ActKind.LEAVE_OUT if left_out else ActKind.TAKE_IN, None, seen)


def undo(act: Act, *, user: User | None) -> Done:
    """Each sample that nobody changed since gets back what it had; undoing twice changes nothing more."""
    concerned: set[int] = set()
    changed: list[int] = []
    with transaction.atomic():
        if not Act.objects.filter(pk=act.pk, undone_at=None).update(undone_at=timezone.now()):
            return Done(None, [], [])
        changes = Change.objects.filter(act=act).select_related("sample").order_by("pk")
        for batch in _batches(changes.iterator(BATCH)):
            concerned |= {change.sample.number for change in batch}
            changed += _take_back(act, batch)
    live.samples_changed(act.dataset, changed)
    return Done(act, changed, sorted(concerned - set(changed)))


def _take_back(act: Act, batch: Sequence[Change]) -> list[int]:
    """In as few statements as there are different states to go back to."""
    by_state: dict[tuple[int | None, bool, object], list[Change]] = defaultdict(list)
    for change in batch:
        by_state[change.label_before_id, change.was_left_out, change.act_before_id].append(change)
    numbers: list[int] = []
    for (label_id, left_out, act_before_id), changes in by_state.items():
        ours = Sample.objects.filter(pk__in=[change.sample_id for change in changes], last_act=act)
        numbers += ours.values_list("number", flat=True)
        ours.update(label=label_id, is_left_out=left_out, last_act=act_before_id, revision=F("revision") + 1)
    return numbers


def _mates(dataset: Dataset, seen: Mapping[int, int]) -> dict[int, int]:
    """Samples of the same sequences with the same label as those seen, and their present revisions."""
    chosen = Sample.objects.filter(dataset=dataset, number__in=list(seen)[:BATCH], removed_at=None)
    mates: dict[int, int] = {}
    for sequence, label_id in chosen.exclude(sequence="").values_list("sequence", "label").distinct():
        same = Sample.objects.filter(dataset=dataset, sequence=sequence, label=label_id, removed_at=None)
        mates.update(same.values_list("number", "revision"))
    return mates


def _perform(dataset: Dataset, user: User | None, kind: ActKind, label: Label | None, seen: Mapping[int, int]) -> Done:
    changed: list[int] = []
    with transaction.atomic():
        act = Act.objects.create(dataset=dataset, kind=kind, label=label, user=user)
        for revision, numbers in _by_revision(seen):
            for batch in _batches(numbers):
                changed += _change(act, dataset, revision, batch)
        if not changed:
            act.delete()
    refused = sorted(set(seen) - set(changed) - _as_wished(dataset, kind, label, set(seen) - set(changed)))
    live.samples_changed(dataset, changed)
    return Done(act if changed else None, changed, refused)


def _change(act: Act, dataset: Dataset, revision: int, numbers: Sequence[int]) -> list[int]:
    rows = Sample.objects.filter(dataset=dataset, number__in=numbers, revision=revision, removed_at=None)
    rows = _differing(rows, act)
    fields = ("pk", "number", "label", "is_left_out", "last_act")
    before = {pk: state for pk, *state in rows.values_list(*fields)}
    is_label = act.kind == ActKind.LABEL
    wished = {"label": act.label} if is_label else {"is_left_out": act.kind == ActKind.LEAVE_OUT}
    # The revision stands in the condition: of two people at once one changes a row, and what was read is what it had.
    rows.filter(pk__in=before).update(last_act=act, revision=F("revision") + 1, **wished)
    ours = set(Sample.objects.filter(pk__in=before, last_act=act).values_list("pk", flat=True))
    Change.objects.bulk_create(
        Change(act=act, sample_id=pk, label_before_id=label, was_left_out=left_out, act_before_id=act_before)
        for pk, (_number, label, left_out, act_before) in before.items()
        if pk in ours
    )
    return [before[pk][0] for pk in before if pk in ours]


def _differing(rows: QuerySet[Sample], act: Act) -> QuerySet[Sample]:
    """Without those that are as wished already."""
    if act.kind != ActKind.LABEL:
        return rows.filter(is_left_out=act.kind != ActKind.LEAVE_OUT)
    if act.label is None:
        return rows.filter(label__isnull=False)
    return rows.exclude(label__isnull=False, label=act.label)


def _as_wished(dataset: Dataset, kind: ActKind, label: Label | None, numbers: set[int]) -> set[int]:
    """Those that need no change; also when somebody else has just made the same one."""
    found: set[int] = set()
    for batch in _batches(sorted(numbers)):
        rows = Sample.objects.filter(dataset=dataset, number__in=batch, removed_at=None)
        is_label = kind == ActKind.LABEL
        same = rows.filter(label=label) if is_label else rows.filter(is_left_out=kind == ActKind.LEAVE_OUT)
        found.update(same.values_list("number", flat=True))
    return found


def _by_revision(seen: Mapping[int, int]) -> list[tuple[int, list[int]]]:
    groups: dict[int, list[int]] = defaultdict(list)
    for number, revision in seen.items():
        groups[revision].append(number)
    return sorted(groups.items())


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
