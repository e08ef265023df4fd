"""Labelling: every act on samples counts only for those that are still as the person saw them, and can be undone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice, pairwise
from operator import or_
from typing import TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, UUIDField, Value
from django.utils import timezone

from webapp.accounts.models import User
from webapp.datasets import live
from webapp.datasets.models import ActKind, Dataset, Label, LabelChange, LabellingAct, Sample

BATCH = 500
"""Single numbers in one statement."""
LONG, MOST_RANGES = 20, 50
"""From that many on a stretch is named by its ends; so many stretches go into one statement."""

T = TypeVar("T")
Seen = Mapping[int, int]
"""Number of a sample -> the revision that the person had before them."""


@dataclass(frozen=True, slots=True)
class ActResult:
    """What became of an act: `act` is None when nothing changed."""

    act: LabellingAct | None
    changed: dict[int, int]
    """Numbers of the samples that it changed, and their new revisions."""
    refused: list[int]
    """Numbers of those that somebody else had changed since they were looked at."""


@dataclass(frozen=True, slots=True)
class _Target:
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


def label_samples(dataset: Dataset, *, user: User | None, label: Label | None, seen: Seen) -> ActResult:
    """Gives a label to samples, or takes it away (None)."""
    return _perform(dataset, user, ActKind.LABEL, label, [(_Target(ActKind.LABEL, label), seen)])


def accept_suggestions(dataset: Dataset, *, user: User | None, seen: Iterable[tuple[Label, Seen]]) -> ActResult:
    """Gives samples the labels that the person saw suggested for them: one act, however many labels."""
    targets = [(_Target(ActKind.LABEL, label), numbers) for label, numbers in seen]
    return _perform(dataset, user, ActKind.LABEL, None, targets)


def label_sequences(dataset: Dataset, *, user: User | None, seen: Seen) -> ActResult:
    """Gives the labels of samples to everything of the same track or shot, in one act.

    A neighbour gets it that has no label, or still the one that the sample itself had before; where somebody said
    something else, that stays.
    """
    labels = Label.objects.filter(dataset=dataset).in_bulk()
    by_label = _neighbours(dataset, seen)
    targets = [(_Target(ActKind.LABEL, labels[pk]), numbers) for pk, numbers in by_label.items() if pk in labels]
    return _perform(dataset, user, ActKind.LABEL, None, targets)


def exclude_samples(dataset: Dataset, *, user: User | None, seen: Seen, excluded: bool) -> ActResult:
    """Excludes samples from (or includes them in) all versions to come."""
    kind = ActKind.LEAVE_OUT if excluded else ActKind.TAKE_IN
    return _perform(dataset, user, kind, None, [(_Target(kind), seen)])


def undo(act: LabellingAct, *, user: User | None) -> ActResult:
    """Gives each sample that no one changed since what it had; undoing twice changes nothing more.

    Where a later act stands on top, that one stays; undoing it as well then leads back to before this one.
    """
    with transaction.atomic():
        if not LabellingAct.objects.filter(pk=act.pk, undone_at=None).update(undone_at=timezone.now()):
            return ActResult(None, {}, [])
        changed = _take_back(act)
        _take_from_beneath(act)
        concerned = set(act.changes.values_list("sample__number", flat=True))
    live.samples_changed(act.dataset, list(changed))
    return ActResult(act, changed, sorted(concerned - set(changed)))


def _take_back(act: LabellingAct) -> dict[int, int]:
    """Undoes the act where it was the last; returns numbers and new revisions of these samples."""
    mine = act.changes.filter(sample=OuterRef("pk"))
    Sample.objects.filter(last_act=act).update(
        label=Subquery(mine.values("label_before")),
        is_left_out=Subquery(mine.values("was_left_out")),
        last_act=Subquery(mine.values("act_before")),
        revision=F("revision") + 1,
    )
    stands_before = Q(last_act=F("changes__act_before")) | Q(last_act=None, changes__act_before=None)
    back = Sample.objects.filter(stands_before, changes__act=act)
    return dict(back.values_list("number", "revision"))


def _take_from_beneath(act: LabellingAct) -> None:
    """Makes acts that stand on this one stand on what was before it."""
    mine = act.changes.filter(sample=OuterRef("sample"))
    LabelChange.objects.filter(act_before=act).update(
        label_before=Subquery(mine.values("label_before")),
        was_left_out=Subquery(mine.values("was_left_out")),
        act_before=Subquery(mine.values("act_before")),
    )


def _neighbours(dataset: Dataset, seen: Seen) -> dict[int, dict[int, int]]:
    """Maps labels to the samples that get them, with present revisions. Only samples still as seen count."""
    samples = dataset.samples.filter(removed_at=None)
    sequences: set[tuple[int, UUID | None, str, str, int | None]] = set()
    last = Q(changes__act=F("last_act")) | Q(last_act=None)
    fields = ("label_id", "video_id", "source", "sequence", "changes__label_before_id")
    for revision, numbers in _by_revision(seen):
        for these in _named(numbers):
            chosen = samples.filter(these, last, revision=revision, label__isnull=False).exclude(sequence="")
            sequences.update(chosen.values_list(*fields))
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for label_id, video_id, source, sequence, label_before_id in sequences:
        # The video is there for its index; a sequence never leaves its source.
        mates = samples.filter(video=video_id, source=source, sequence=sequence)
        mates = mates.filter(Q(label=None) | Q(label=label_before_id))
        found[label_id].update(mates.values_list("number", "revision"))
    return found


def _perform(
    dataset: Dataset, user: User | None, kind: ActKind, label: Label | None, targets: Sequence[tuple[_Target, Seen]]
) -> ActResult:
    with transaction.atomic():
        act = LabellingAct.objects.create(dataset=dataset, kind=kind, label=label, user=user)
        for target, seen in targets:
            for revision, numbers in _by_revision(seen):
                for these in _named(numbers):
                    _change(act, target, these, revision)
        changed = dict(Sample.objects.filter(last_act=act).values_list("number", "revision"))
        if not changed:
            act.delete()
    refused = [number for target, seen in targets for number in _refused(dataset, target, set(seen) - set(changed))]
    live.samples_changed(dataset, list(changed))
    return ActResult(act if changed else None, changed, sorted(refused))


def _change(act: LabellingAct, target: _Target, these: Q, revision: int) -> None:
    rows = target.unmet(act.dataset.samples.filter(these, revision=revision, removed_at=None))
    noted = _note(act, rows)
    # The revision stands in the condition: of two people at once one changes a row, and what was noted is what it had.
    is_noted = Exists(act.changes.filter(sample=OuterRef("pk")))
    count = rows.filter(is_noted).update(last_act=act, revision=F("revision") + 1, **target.fields)
    if count < noted:
        act.changes.exclude(sample__last_act=act).delete()


def _note(act: LabellingAct, rows: QuerySet[Sample]) -> int:
    """Keeps what the samples have now; in one statement, since they may be 100,000. Returns how many they are."""
    columns = {
        "act_id": "act_noted",
        "sample_id": "pk",
        "label_before_id": "label_id",
        "was_left_out": "is_left_out",
        "act_before_id": "last_act_id",
    }
    kept = rows.annotate(act_noted=Value(act.pk, output_field=UUIDField())).values_list(*columns.values())
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    sql, params = kept.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {quote(LabelChange._meta.db_table)} ({names}) {sql}", params)
        return int(cursor.rowcount)


def _refused(dataset: Dataset, target: _Target, numbers: set[int]) -> set[int]:
    """Returns numbers without those that need no change, also when someone else has just made the same one."""
    as_requested: set[int] = set()
    for these in _named(numbers):
        rows = dataset.samples.filter(these, removed_at=None)
        as_requested.update(target.met(rows).values_list("number", flat=True))
    return numbers - as_requested


def _by_revision(seen: Seen) -> list[tuple[int, list[int]]]:
    groups: dict[int, list[int]] = defaultdict(list)
    for number, revision in seen.items():
        groups[revision].append(number)
    return sorted(groups.items())


def _named(numbers: Iterable[int]) -> Iterator[Q]:
    """Yields conditions that together name these samples, in few statements: long stretches by their ends."""
    stretches = _stretches(sorted(numbers))
    scattered = (n for first, last in stretches if last - first < LONG for n in range(first, last + 1))
    for batch in _batches(scattered, BATCH):
        yield Q(number__in=batch)
    long = (Q(number__range=stretch) for stretch in stretches if stretch[1] - stretch[0] >= LONG)
    for ranges in _batches(long, MOST_RANGES):
        yield reduce(or_, ranges)


def _stretches(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Yields first and last of each stretch of sorted numbers without a gap."""
    ends = [n for n, (one, other) in enumerate(pairwise(numbers)) if other > one + 1]
    firsts = [0, *(end + 1 for end in ends)] if numbers else []
    lasts = [*ends, len(numbers) - 1] if numbers else []
    return [(numbers[first], numbers[last]) for first, last in zip(firsts, lasts, strict=True)]


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
