"""Writes acts on people as events with their inverse, and undoes them: nothing else changes what a human decided.

Each change is conditional on what was there before. Of two people who act at once the second meets `ChangedMeanwhile`,
nothing of their act is kept, and they see how things stand. Undoing checks the same: what an act had set must still be
as it set it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from webapp.accounts.models import User
from webapp.people import gallery_services, live_services, summary_services
from webapp.people.models import STANDING, Apart, Event, Face, Moved, Person, Track, Verdict

CELLS: dict[str, tuple[type[models.Model], str]] = {
    "name": (Person, "name"),
    "hidden": (Person, "is_hidden"),
    "deleted": (Person, "is_deleted"),
    "merged_into": (Person, "merged_into"),
    "portrait": (Person, "chosen_portrait"),
    "join_from": (Person, "join_from"),
    "suggest_from": (Person, "suggest_from"),
    "apart": (Apart, "stands"),
    "verdict": (Verdict, "stands"),
}
"""What an act may change beside whose a track is."""


class ChangedMeanwhile(Exception):
    """Somebody else was quicker, so nothing was done."""


class AlreadyUndone(Exception):
    """The event had been undone."""


class ChangedSince(Exception):
    """What the event had done was changed since, by `later` if that is known; nothing was undone."""

    def __init__(self, later: Event | None) -> None:
        super().__init__(str(later))
        self.later = later


@dataclass(frozen=True, slots=True)
class Change:
    """Cells of one kind that held `before` and hold `after`. Ids of people are strings, as JSON has it."""

    cell: str
    ids: Sequence[str | int]
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Move:
    """Tracks that were one person's and are another's."""

    track_ids: Sequence[int]
    before: UUID
    after: UUID


@dataclass(frozen=True, slots=True)
class Deed:
    """Everything that one act does. `people` are those whose history shows it; `words` what was true then.

    `standing` must be there, neither merged away nor deleted, for the act to make sense.
    """

    act: str
    people: Collection[UUID]
    changes: Sequence[Change] = ()
    moves: Sequence[Move] = ()
    words: Mapping[str, Any] = field(default_factory=dict)
    standing: Collection[UUID] = ()


def record(deed: Deed, *, team_id: UUID, user: User | None) -> Event:
    """Does it and remembers it, in one transaction. Raises ChangedMeanwhile."""
    with transaction.atomic():
        _hold(deed.standing)
        for change in deed.changes:
            if _set(change, change.before, change.after) != len(change.ids):
                raise ChangedMeanwhile(change.cell)
        for move in deed.moves:
            if _give(move.track_ids, move.before, move.after) != len(move.track_ids):
                raise ChangedMeanwhile("track")
        event = Event.objects.create(
            team_id=team_id,
            act=deed.act,
            made_by=user,
            changes=[asdict(change) for change in deed.changes],
            words=dict(deed.words),
        )
        event.people.set(Person.objects.filter(pk__in=deed.people))
        rows = [
            Moved(event=event, track_id=track, before_id=move.before, after_id=move.after)
            for move in deed.moves
            for track in move.track_ids
        ]
        Moved.objects.bulk_create(rows, batch_size=summary_services.BATCH)
        _refresh(deed.people, deed.moves, deed.changes)
        live_services.publish_later(team_id)
    return event


def undo(event: Event, *, user: User | None) -> None:
    """Everything as it was before. Raises AlreadyUndone or ChangedSince; then nothing has changed."""
    with transaction.atomic():
        now = timezone.now()
        if not Event.objects.filter(pk=event.pk, undone_at=None).update(undone_at=now, undone_by=user):
            raise AlreadyUndone
        moves = _moves_of(event)
        if (later := _on_top(event)) is not None:
            raise ChangedSince(later)
        for move in moves:
            if _give(move.track_ids, move.after, move.before) != len(move.track_ids):
                raise ChangedSince(_later(event))
        changes = [Change(**change) for change in event.changes]
        for change in reversed(changes):
            _take_back(event, change)
        if Person.objects.filter(pk__in=[move.before for move in moves]).exclude(STANDING).exists():
            raise ChangedSince(_later(event))
        _refresh(event.people.values_list("pk", flat=True), moves, changes)
        live_services.publish_later(event.team_id)


def _hold(person_ids: Collection[UUID]) -> None:
    """Locks the rows where the database can, always in the same order, so that nobody is merged in a circle."""
    for person in sorted(person_ids):
        if not Person.objects.filter(STANDING, pk=person).update(is_deleted=False):
            raise ChangedMeanwhile("person")


def _take_back(event: Event, change: Change) -> None:
    """Rows that are gone (a purged video's) have nothing to be restored."""
    rows = CELLS[change.cell][0]._default_manager
    there = [
        pk
        for ids in summary_services.batches(change.ids)
        for pk in rows.filter(pk__in=ids).values_list("pk", flat=True)
    ]
    before = change.before
    if change.cell == "portrait":
        before = _face_still_there(change.before)
        # What was shown before; `summaries` finds another where that is gone.
        shown = before or _face_still_there(event.words.get("shown"))
        Person.objects.filter(pk__in=there, portrait=change.after).update(portrait=shown)
        if _face_still_there(change.after) != change.after:
            # The chosen picture went with its video, so nothing stands in the way.
            Person.objects.filter(pk__in=there, chosen_portrait=None).update(chosen_portrait=before)
            return
    standing = Change(change.cell, there, before, change.after)
    if _set(standing, standing.after, before) != len(there):
        raise ChangedSince(_later(event))
    if change.cell == "deleted" and before is True:
        _must_be_empty(event, there)


def _face_still_there(face: str | None) -> str | None:
    return face if face and Face.objects.filter(pk=face).exists() else None


def _must_be_empty(event: Event, ids: Sequence[Any]) -> None:
    """A person whom the event had made goes again, unless somebody was added to them since, or would be again by the
    undo of a later act that still stands."""
    passing = Moved.objects.filter(models.Q(before__in=ids) | models.Q(after__in=ids), event__undone_at=None)
    if (moved := passing.select_related("event__made_by").order_by("event__made_at").first()) is not None:
        raise ChangedSince(moved.event)
    if Track.objects.filter(person__in=ids).exists() or Person.objects.filter(merged_into__in=ids).exists():
        raise ChangedSince(_later(event))


def _set(change: Change, old: Any, new: Any) -> int:
    model, column = CELLS[change.cell]
    rows = model._default_manager
    return sum(
        rows.filter(pk__in=ids, **{column: old}).update(**{column: new}) for ids in summary_services.batches(change.ids)
    )


def _give(track_ids: Iterable[int], giver: UUID, taker: UUID) -> int:
    tracks = Track.objects
    return sum(
        tracks.filter(pk__in=ids, person=giver).update(person=taker) for ids in summary_services.batches(track_ids)
    )


def _moves_of(event: Event) -> list[Move]:
    moved: dict[tuple[UUID, UUID], set[int]] = defaultdict(set)
    for track, before, after in Moved.objects.filter(event=event).values_list("track", "before", "after"):
        moved[before, after].add(track)
    return [Move(sorted(tracks), before, after) for (before, after), tracks in moved.items()]


def _refresh(people: Iterable[UUID], moves: Iterable[Move], changes: Iterable[Change]) -> None:
    concerned = {person for move in moves for person in (move.before, move.after)}
    gone = {UUID(str(pk)) for change in changes if change.cell in ("deleted", "merged_into") for pk in change.ids}
    summary_services.refresh({*people, *concerned})
    gallery_services.refresh(concerned | gone)


def _on_top(event: Event) -> Event | None:
    """A later act that still stands on the same cells or tracks.

    That they hold what this act had set says nothing: they may have gone to and fro, and what came after would then
    have nothing to go back to.
    """
    cells = _cells(event)
    tracks = set(Moved.objects.filter(event=event).values_list("track", flat=True))
    later = Event.objects.filter(people__in=event.people.all(), undone_at=None, made_at__gt=event.made_at)
    for other in later.exclude(pk=event.pk).select_related("made_by").order_by("made_at").distinct():
        if cells & _cells(other) or Moved.objects.filter(event=other, track__in=tracks).exists():
            return other
    return None


def _cells(event: Event) -> set[tuple[str, str]]:
    return {(change["cell"], str(pk)) for change in event.changes for pk in change["ids"]}


def _later(event: Event) -> Event | None:
    """The first act after this one on the same people that still stands."""
    later = Event.objects.filter(people__in=event.people.all(), undone_at=None, made_at__gt=event.made_at)
    return later.exclude(pk=event.pk).select_related("made_by").order_by("made_at").first()
