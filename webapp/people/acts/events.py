"""Applies operations on people, stores each as an event, and undoes it: nothing else changes what a human decided.

Each change is conditional on the value before. Of two people who edit at once the second gets `EditConflict`, nothing
of their operation is kept, and they see how things stand. Undoing checks the same: what the event set must still hold.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from webapp.accounts.models import User
from webapp.folded_fields import with_folded
from webapp.jobs import live_updates
from webapp.people import gallery_services, summary_services
from webapp.people.acts import audit_services
from webapp.people.batches import BATCH, batches
from webapp.people.identification.models import TeamThresholds
from webapp.people.models import STANDING, Apart, Event, Face, Moved, Person, Track, Verdict

FIELDS: dict[str, tuple[type[models.Model], str]] = {
    "name": (Person, "name"),
    "hidden": (Person, "is_hidden"),
    "deleted": (Person, "is_deleted"),
    "merged_into": (Person, "merged_into"),
    "portrait": (Person, "chosen_portrait"),
    "join_from": (Person, "join_from"),
    "suggest_from": (Person, "suggest_from"),
    "team_accept_from": (TeamThresholds, "accept_from"),
    "team_review_from": (TeamThresholds, "review_from"),
    "apart": (Apart, "stands"),
    "verdict": (Verdict, "stands"),
}
"""What an operation may set, besides whose a track is."""


class EditConflict(Exception):
    """Somebody else changed this first, so nothing was done."""


class AlreadyUndone(Exception):
    """The event had been undone."""


class UndoConflict(Exception):
    """What the event set was changed since, by `later` if that is known; nothing was undone."""

    def __init__(self, later: Event | None) -> None:
        super().__init__(str(later))
        self.later = later


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of several rows that held `before` and holds `after`. Ids of people are strings, as JSON has it."""

    field: str
    """A key of `FIELDS`."""
    ids: Sequence[str | int]
    before: Any
    after: Any

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "FieldChange":
        """Reads one of `Event.changes`."""
        return cls(stored["cell"], stored["ids"], stored["before"], stored["after"])

    def as_json(self) -> dict[str, Any]:
        """Returns what `Event.changes` stores."""
        return {"cell": self.field, "ids": self.ids, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class TrackMove:
    """Tracks that belonged to one person and belong to another; None: to nobody."""

    track_ids: Sequence[int]
    before: UUID | None
    after: UUID | None


@dataclass(frozen=True, slots=True)
class Operation:
    """Everything that one event does.

    `people` are those whose history shows it, `words` the names and counts of that time. `standing` must be neither
    merged away nor deleted.
    """

    kind: str
    people: Collection[UUID]
    changes: Sequence[FieldChange] = ()
    moves: Sequence[TrackMove] = ()
    words: Mapping[str, Any] = field(default_factory=dict)
    standing: Collection[UUID] = ()


def record(operation: Operation, *, team_id: UUID, user: User | None) -> Event:
    """Applies it and stores the event, in one transaction. Raises EditConflict."""
    with transaction.atomic():
        _hold(operation.standing)
        for change in operation.changes:
            if _set(change, change.before, change.after) != len(change.ids):
                raise EditConflict(change.field)
        for move in operation.moves:
            if _give(move.track_ids, move.before, move.after) != len(move.track_ids):
                raise EditConflict("track")
        event = Event.objects.create(
            team_id=team_id,
            act=operation.kind,
            made_by=user,
            changes=[change.as_json() for change in operation.changes],
            words=dict(operation.words),
        )
        event.people.set(Person.objects.filter(pk__in=operation.people))
        rows = [
            Moved(event=event, track_id=track, before_id=move.before, after_id=move.after)
            for move in operation.moves
            for track in move.track_ids
        ]
        Moved.objects.bulk_create(rows, batch_size=BATCH)
        _refresh(operation.people, operation.moves, operation.changes)
        audit_services.record_act(event, user=user)
        live_updates.publish_people(team_id)
    return event


def undo(event: Event, *, user: User | None) -> None:
    """Restores what was before. Raises AlreadyUndone or UndoConflict; then nothing has changed."""
    with transaction.atomic():
        now = timezone.now()
        if not Event.objects.filter(pk=event.pk, undone_at=None).update(undone_at=now, undone_by=user):
            raise AlreadyUndone
        moves = _moves_of(event)
        if (later := _on_top(event)) is not None:
            raise UndoConflict(later)
        for move in moves:
            if _give(move.track_ids, move.after, move.before) != len(move.track_ids):
                raise UndoConflict(_later(event))
        changes = [FieldChange.from_json(each) for each in event.changes]
        for change in reversed(changes):
            _restore(event, change)
        if Person.objects.filter(pk__in=[move.before for move in moves]).exclude(STANDING).exists():
            raise UndoConflict(_later(event))
        _refresh(event.people.values_list("pk", flat=True), moves, changes)
        audit_services.record_undo(event, user=user)
        live_updates.publish_people(event.team_id)


def _hold(person_ids: Collection[UUID]) -> None:
    """Locks the rows where the database can, always in the same order, so that nobody is merged in a circle."""
    for person in sorted(person_ids):
        if not Person.objects.filter(STANDING, pk=person).update(is_deleted=False):
            raise EditConflict("person")


def _restore(event: Event, change: FieldChange) -> None:
    """Skips rows that are gone with a purged video."""
    rows = FIELDS[change.field][0]._default_manager
    there = [pk for ids in batches(change.ids) for pk in rows.filter(pk__in=ids).values_list("pk", flat=True)]
    before = change.before
    if change.field == "portrait":
        before = _face_still_there(change.before)
        # What was shown before; `summary_services` finds another where that is gone.
        shown = before or _face_still_there(event.words.get("shown"))
        Person.objects.filter(pk__in=there, portrait=change.after).update(portrait=shown)
        if _face_still_there(change.after) != change.after:
            # The chosen picture went with its video, so nothing stands in the way.
            Person.objects.filter(pk__in=there, chosen_portrait=None).update(chosen_portrait=before)
            return
    if _set(FieldChange(change.field, there, before, change.after), change.after, before) != len(there):
        raise UndoConflict(_later(event))
    if change.field == "deleted" and before is True:
        _must_be_empty(event, there)


def _face_still_there(face: str | None) -> str | None:
    return face if face and Face.objects.filter(pk=face).exists() else None


def _must_be_empty(event: Event, ids: Sequence[Any]) -> None:
    """Raises UndoConflict where a person whom the event made has got appearances since, or would get them back by the
    undo of a later event that still stands."""
    passing = Moved.objects.filter(models.Q(before__in=ids) | models.Q(after__in=ids), event__undone_at=None)
    if (moved := passing.select_related("event__made_by").order_by("event__made_at").first()) is not None:
        raise UndoConflict(moved.event)
    if Track.objects.filter(person__in=ids).exists() or Person.objects.filter(merged_into__in=ids).exists():
        raise UndoConflict(_later(event))


def _set(change: FieldChange, old: Any, new: Any) -> int:
    model, column = FIELDS[change.field]
    rows, after = model._default_manager, with_folded(model, **{column: new})
    return sum(rows.filter(pk__in=ids, **{column: old}).update(**after) for ids in batches(change.ids))


def _give(track_ids: Iterable[int], giver: UUID | None, taker: UUID | None) -> int:
    tracks = Track.objects
    return sum(tracks.filter(pk__in=ids, person=giver).update(person=taker) for ids in batches(track_ids))


def _moves_of(event: Event) -> list[TrackMove]:
    moved: dict[tuple[UUID | None, UUID | None], set[int]] = defaultdict(set)
    for track, before, after in Moved.objects.filter(event=event).values_list("track", "before", "after"):
        moved[before, after].add(track)
    return [TrackMove(sorted(tracks), before, after) for (before, after), tracks in moved.items()]


def _refresh(people: Iterable[UUID], moves: Iterable[TrackMove], changes: Iterable[FieldChange]) -> None:
    concerned = {person for move in moves for person in (move.before, move.after) if person}
    gone = {UUID(str(pk)) for change in changes if change.field in ("deleted", "merged_into") for pk in change.ids}
    summary_services.refresh({*people, *concerned})
    gallery_services.refresh(concerned | gone)


def _on_top(event: Event) -> Event | None:
    """Returns a later event that still stands and changed the same fields or tracks.

    That they hold what this event set says nothing: they may have changed to and fro, and the later event would then
    have nothing to go back to.
    """
    fields = _fields(event)
    tracks = Moved.objects.filter(event=event).values("track")
    # Between nobody and two people, events share a track and no person.
    of_tracks = set(Moved.objects.filter(track__in=tracks, event__undone_at=None).values_list("event", flat=True))
    later = Event.objects.filter(
        models.Q(people__in=event.people.all()) | models.Q(pk__in=of_tracks), undone_at=None, made_at__gt=event.made_at
    )
    for other in later.exclude(pk=event.pk).select_related("made_by").order_by("made_at").distinct():
        if fields & _fields(other) or other.pk in of_tracks:
            return other
    return None


def _fields(event: Event) -> set[tuple[str, str]]:
    return {(change["cell"], str(pk)) for change in event.changes for pk in change["ids"]}


def _later(event: Event) -> Event | None:
    """Returns the first event after this one on the same people that still stands."""
    later = Event.objects.filter(people__in=event.people.all(), undone_at=None, made_at__gt=event.made_at)
    return later.exclude(pk=event.pk).select_related("made_by").order_by("made_at").first()
