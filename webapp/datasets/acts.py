"""Labelling: every act on samples counts only for those that are still as the person saw them, and can be undone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from webapp.accounts.models import User
from webapp.datasets import live
from webapp.datasets.models import Act, ActKind, Change, Dataset, Label, Sample

BATCH = 500

T = TypeVar("T")
Seen = Mapping[int, int]
"""Number of a sample -> the revision that the person had before them."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an act: `act` is None when nothing changed."""

    act: Act | None
    changed: dict[int, int]
    """Numbers of the samples that it changed, and their new revisions."""
    refused: list[int]
    """Numbers of those that somebody else had changed since they were looked at."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """How samples shall be afterwards."""

    kind: ActKind
    label: Label | None = None

    @property
    def fields(self) -> dict[str, object]:
        if self.kind == ActKind.LABEL:
            return {"label": self.label}
        return {"is_left_out": self.kind == ActKind.LEAVE_OUT}

    def met(self, rows: QuerySet[Sample]) -> QuerySet[Sample]:
        return rows.filter(**self.fields)

    def unmet(self, rows: QuerySet[Sample]) -> QuerySet[Sample]:
        if self.kind == ActKind.LABEL and self.label is not None:
            return rows.filter(~Q(label=self.label) | Q(label=None))
        return rows.exclude(**self.fields)


def label_samples(dataset: Dataset, *, user: User | None, label: Label | None, seen: Seen) -> Done:
    """Gives a label to samples, or takes it away (None)."""
    return _perform(dataset, user, ActKind.LABEL, label, [(_Wish(ActKind.LABEL, label), seen)])


def accept_suggestions(dataset: Dataset, *, user: User | None, seen: Iterable[tuple[Label, Seen]]) -> Done:
    """Gives samples the labels that the person saw suggested for them: one act, however many labels."""
    wishes = [(_Wish(ActKind.LABEL, label), numbers) for label, numbers in seen]
    return _perform(dataset, user, ActKind.LABEL, None, wishes)


def label_sequences(dataset: Dataset, *, user: User | None, seen: Seen) -> Done:
    """Gives the labels of samples to everything of the same track or shot, in one act.

    A neighbour gets it that has no label, or still the one that the sample itself had before; where somebody said
    something else, that stays.
    """
    labels = Label.objects.filter(dataset=dataset).in_bulk()
    by_label = _neighbours(dataset, seen)
    wishes = [(_Wish(ActKind.LABEL, labels[pk]), numbers) for pk, numbers in by_label.items() if pk in labels]
    return _perform(dataset, user, ActKind.LABEL, None, wishes)


def leave_out_samples(dataset: Dataset, *, user: User | None, seen: Seen, left_out: bool) -> Done:
    """Takes samples out of (or into) all versions to come."""
    kind = ActKind.LEAVE_OUT if left_out else ActKind.TAKE_IN
    return _perform(dataset, user, kind, None, [(_Wish(kind), seen)])


def undo(act: Act, *, user: User | None) -> Done:
    """Each sample that nobody changed since gets back what it had; undoing twice changes nothing more.

    Where a later act stands on top, that one stays; undoing it as well then leads back to before this one.
    """
    concerned: set[int] = set()
    changed: dict[int, int] = {}
    with transaction.atomic():
        if not Act.objects.filter(pk=act.pk, undone_at=None).update(undone_at=timezone.now()):
            return Done(None, {}, [])
        for batch in _batches(_undoings(act)):
            concerned |= {each.number for each in batch}
            for state, group in _by_state(batch).items():
                changed |= _take_back(act, state, group)
                _take_from_beneath(act, state, group)
    live.samples_changed(act.dataset, list(changed))
    return Done(act, changed, sorted(concerned - set(changed)))


class _State(NamedTuple):
    """What a sample had before an act."""

    label_id: int | None
    is_left_out: bool
    act_id: UUID | None


class _Undoing(NamedTuple):
    """One sample of an act that is undone."""

    sample_id: int
    number: int
    before: _State


def _undoings(act: Act) -> Iterator[_Undoing]:
    fields = ("sample_id", "sample__number", "label_before_id", "was_left_out", "act_before_id")
    changes = Change.objects.filter(act=act).order_by("pk").values_list(*fields)
    for sample_id, number, *before in changes.iterator(BATCH):
        yield _Undoing(sample_id, number, _State(*before))


def _by_state(batch: Sequence[_Undoing]) -> dict[_State, list[int]]:
    """So that as few statements are needed as there are different states to go back to."""
    groups: dict[_State, list[int]] = defaultdict(list)
    for each in batch:
        groups[each.before].append(each.sample_id)
    return groups


def _take_back(act: Act, before: _State, ids: Sequence[int]) -> dict[int, int]:
    """Numbers and new revisions of the samples on which the act was the last."""
    on_top = list(Sample.objects.filter(pk__in=ids, last_act=act).values_list("pk", flat=True))
    Sample.objects.filter(pk__in=on_top, last_act=act).update(
        label=before.label_id, is_left_out=before.is_left_out, last_act=before.act_id, revision=F("revision") + 1
    )
    # Asked again: on a database without one writer at a time somebody may have come between the two.
    ours = Sample.objects.filter(pk__in=on_top, last_act=before.act_id)
    return dict(ours.values_list("number", "revision"))


def _take_from_beneath(act: Act, before: _State, ids: Sequence[int]) -> None:
    """The act that stands on this one on a sample now stands on what was before."""
    Change.objects.filter(sample__in=ids, act_before=act).update(
        label_before=before.label_id, was_left_out=before.is_left_out, act_before=before.act_id
    )


def _neighbours(dataset: Dataset, seen: Seen) -> dict[int, dict[int, int]]:
    """By label: the samples that get it, and their present revisions. Only samples still as seen count."""
    samples = Sample.objects.filter(dataset=dataset, removed_at=None)
    sequences: set[tuple[int, UUID | None, str, str, int | None]] = set()
    for revision, numbers in _by_revision(seen):
        for batch in _batches(numbers):
            chosen = samples.filter(number__in=batch, revision=revision, label__isnull=False).exclude(sequence="")
            last = Q(changes__act=F("last_act")) | Q(last_act=None)
            fields = ("label_id", "video_id", "source", "sequence", "changes__label_before_id")
            sequences.update(chosen.filter(last).values_list(*fields))
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for label_id, video_id, source, sequence, label_before_id in sequences:
        # The video is there for its index; a sequence never leaves its source.
        mates = samples.filter(video=video_id, source=source, sequence=sequence)
        mates = mates.filter(Q(label=None) | Q(label=label_before_id))
        found[label_id].update(mates.values_list("number", "revision"))
    return found


def _perform(
    dataset: Dataset, user: User | None, kind: ActKind, label: Label | None, wishes: Sequence[tuple[_Wish, Seen]]
) -> Done:
    changed: dict[int, int] = {}
    with transaction.atomic():
        act = Act.objects.create(dataset=dataset, kind=kind, label=label, user=user)
        for wish, seen in wishes:
            for revision, numbers in _by_revision(seen):
                for batch in _batches(numbers):
                    changed |= dict.fromkeys(_change(act, wish, revision, batch), revision + 1)
        if not changed:
            act.delete()
    refused = [number for wish, seen in wishes for number in _refused(dataset, wish, set(seen) - set(changed))]
    live.samples_changed(dataset, list(changed))
    return Done(act if changed else None, changed, sorted(refused))


def _change(act: Act, wish: _Wish, revision: int, numbers: Sequence[int]) -> list[int]:
    """Numbers of the samples that it changed."""
    rows = Sample.objects.filter(dataset=act.dataset_id, number__in=numbers, revision=revision, removed_at=None)
    rows = wish.unmet(rows)
    before = {pk: (number, state) for pk, number, *state in rows.values_list("pk", "number", *_STATE_FIELDS)}
    # The revision stands in the condition: of two people at once one changes a row, and what was read is what it had.
    count = rows.filter(pk__in=before).update(last_act=act, revision=F("revision") + 1, **wish.fields)
    if count < len(before):
        ours = set(Sample.objects.filter(pk__in=before, last_act=act).values_list("pk", flat=True))
        before = {pk: each for pk, each in before.items() if pk in ours}
    Change.objects.bulk_create(
        Change(act=act, sample_id=pk, label_before_id=label, was_left_out=left_out, act_before_id=act_before)
        for pk, (_number, (label, left_out, act_before)) in before.items()
    )
    return [number for number, _state in before.values()]


_STATE_FIELDS = ("label_id", "is_left_out", "last_act_id")


def _refused(dataset: Dataset, wish: _Wish, numbers: set[int]) -> set[int]:
    """Without those that need no change; also when somebody else has just made the same one."""
    as_wished: set[int] = set()
    for batch in _batches(sorted(numbers)):
        rows = Sample.objects.filter(dataset=dataset, number__in=batch, removed_at=None)
        as_wished.update(wish.met(rows).values_list("number", flat=True))
    return numbers - as_wished


def _by_revision(seen: Seen) -> list[tuple[int, list[int]]]:
    groups: dict[int, list[int]] = defaultdict(list)
    for number, revision in seen.items():
        groups[revision].append(number)
    return sorted(groups.items())


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
