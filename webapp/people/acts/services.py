"""What the web may do with people. Each function records one event that can be undone (`webapp.people.acts.events`)."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from webapp.accounts.models import Team, User
from webapp.people import constraint_queries, creation_services
from webapp.people.acts import events, naming_queries
from webapp.people.acts.events import EditConflict, FieldChange, Operation, TrackMove
from webapp.people.acts.label_words import label_of
from webapp.people.batches import BATCH
from webapp.people.identification.models import TeamThresholds
from webapp.people.models import STANDING, Apart, Event, EventKind, Face, Person, Track, Verdict
from webapp.people.track_queries import of_appearances


def name_person(person: Person, *, name: str, seen: str | None = None, user: User | None = None) -> Event | None:
    """Names a person; an empty name makes them "Person 3" again. Returns None when they had that name already.

    `seen` is the name that the form showed. Raises EditConflict when it is another by now.
    """
    with transaction.atomic():
        now = Person.objects.filter(STANDING, pk=person.pk).first()
        if now is None:
            raise EditConflict("person")
        name = name.strip()
        if now.name == name:
            return None
        if seen is not None and now.name != seen:
            raise EditConflict("name")
        words = {"before": label_of(now), "after": label_of(now, name)}
        change = FieldChange("name", [str(now.pk)], now.name, name)
        operation = Operation(EventKind.NAME, [now.pk], [change], words=words, standing=[now.pk])
        return events.record(operation, team_id=now.team_id, user=user)


def merge_people(*sources: Person, target: Person, user: User | None, name: str = "") -> Event:
    """Gives all appearances of the `sources` to `target`, who keeps the portrait, and is called `name` from now on.

    Without `name` theirs stays, and a target without one takes that of a source: no merge loses the only name. Lifts
    the cannot-link constraints between them. Raises EditConflict when one of them, or that name, is no longer there.
    """
    if not sources or any(s.pk == target.pk or s.team_id != target.team_id for s in sources):
        raise ValueError("different people of one team are expected")
    with transaction.atomic():
        names = naming_queries.names_in_merge(target, sources)
        kept = name or next(iter(names), "")
        if name and name not in names:
            raise EditConflict("name")
        before = Person.objects.values_list("name", flat=True).get(pk=target.pk)
        against = [constraint_queries.contradicted_by_merging(source, target) for source in sources]
        aparts = sorted({pk for each in against for pk in each.aparts})
        verdicts = sorted({pk for each in against for pk in each.verdicts})
        moves = [
            TrackMove(list(Track.objects.filter(person=source).values_list("pk", flat=True)), source.pk, target.pk)
            for source in sources
        ]
        operation = Operation(
            EventKind.MERGE,
            [*(source.pk for source in sources), target.pk],
            [
                FieldChange("merged_into", [str(source.pk) for source in sources], None, str(target.pk)),
                *([FieldChange("name", [str(target.pk)], before, kept)] if kept != before else []),
                *_changes("apart", aparts, True, False),
                *_changes("verdict", verdicts, True, False),
            ],
            moves,
            {
                "person": [label_of(source) for source in sources],
                "target": label_of(target, before),
                "count": sum(source.appearances for source in sources),
                **({"name": kept} if kept != before else {}),
            },
            standing=[*(source.pk for source in sources), target.pk],
        )
        return events.record(operation, team_id=target.team_id, user=user)


def move_appearances(
    person: Person, *, track_ids: Collection[int], target: Person | None, user: User | None, name: str = ""
) -> tuple[Event, Person]:
    """Gives appearances to `target`, or to a new person called `name`; later analyses keep to it.

    The tracklets of one appearance move together. Raises EditConflict when one is no longer this person's.
    """
    with transaction.atomic():
        tracks = _whole(person, track_ids)
        return _hand_over(tracks, person, target, person.team, name=name, user=user)


def give_unclear_faces(
    team: Team, *, track_ids: Collection[int], target: Person | None, user: User | None, name: str = ""
) -> tuple[Event, Person]:
    """Gives unclear faces, which are nobody, to `target`, or to a new person called `name`; later analyses keep to it.

    Raises EditConflict when one is somebody's by now.
    """
    with transaction.atomic():
        tracks = _whole(None, track_ids)
        if any(track.analysis.video.team_id != team.pk for track in tracks):
            raise ValueError("faces of this team are expected")
        return _hand_over(tracks, None, target, team, name=name, user=user)


def make_unclear(person: Person, *, track_ids: Collection[int], user: User | None) -> Event:
    """Makes unclear faces, which are nobody, of appearances; later analyses do not give them to this person again.

    Raises EditConflict when one is no longer this person's.
    """
    with transaction.atomic():
        tracks = _whole(person, track_ids)
        pks = [track.pk for track in tracks]
        dropped = constraint_queries.contradicted_by_moving(pks, None, person.team_id)
        verdicts = _verdicts(tracks, person, is_same=False)
        operation = Operation(
            EventKind.UNCLEAR,
            [person.pk],
            [
                *_changes("verdict", dropped, True, False),
                *_changes("verdict", [verdict.pk for verdict in verdicts], False, True),
            ],
            [TrackMove(pks, person.pk, None)],
            {"person": label_of(person), "count": _appearances(tracks)},
            standing=[person.pk],
        )
        return events.record(operation, team_id=person.team_id, user=user)


def split_person(person: Person, *, track_ids: Collection[int], user: User | None) -> tuple[Event, Person]:
    """Makes a new person of these appearances, with a cannot-link constraint between the two."""
    with transaction.atomic():
        tracks = _whole(person, track_ids)
        new = creation_services.make_hidden_person(person.team_id)
        dropped = constraint_queries.contradicted_by_moving([track.pk for track in tracks], None, person.team_id)
        apart = Apart.objects.create(team_id=person.team_id, first=person, second=new, stands=False)
        operation = Operation(
            EventKind.SPLIT,
            [person.pk, new.pk],
            [
                FieldChange("deleted", [str(new.pk)], True, False),
                FieldChange("apart", [apart.pk], False, True),
                *_changes("verdict", dropped, True, False),
            ],
            [TrackMove([track.pk for track in tracks], person.pk, new.pk)],
            {"person": label_of(person), "target": label_of(new), "count": _appearances(tracks)},
            standing=[person.pk],
        )
        event = events.record(operation, team_id=person.team_id, user=user)
    new.refresh_from_db()
    return event, new


def tell_apart(first: Person, second: Person, *, user: User | None) -> Event:
    """Records that two are not the same person: a cannot-link constraint."""
    with transaction.atomic():
        apart = Apart.objects.create(team_id=first.team_id, first=first, second=second, stands=False)
        operation = Operation(
            EventKind.APART,
            [first.pk, second.pk],
            [FieldChange("apart", [apart.pk], False, True)],
            words={"person": label_of(first), "target": label_of(second)},
            standing=[first.pk, second.pk],
        )
        return events.record(operation, team_id=first.team_id, user=user)


def show_and_hide(*, team: Team, show: Collection[UUID], hide: Collection[UUID], user: User | None) -> list[Event]:
    """Returns at most two events; leaves people alone who were so already."""
    done = []
    with transaction.atomic():
        for act, ids, was in ((EventKind.HIDE, hide, False), (EventKind.SHOW, show, True)):
            people = list(Person.objects.filter(STANDING, team=team, pk__in=ids, is_hidden=was).order_by("number"))
            if not people:
                continue
            keys = [person.pk for person in people]
            change = FieldChange("hidden", [str(key) for key in keys], was, not was)
            words = {"person": label_of(people[0]), "count": len(people)}
            done.append(events.record(Operation(act, keys, [change], words=words), team_id=team.pk, user=user))
    return done


def choose_portrait(person: Person, *, face: Face, user: User | None) -> Event | None:
    """Returns None when it is the chosen one already."""
    with transaction.atomic():
        before, shown = Person.objects.values_list("chosen_portrait", "portrait").get(pk=person.pk)
        if before == face.pk:
            return None
        change = FieldChange("portrait", [str(person.pk)], str(before) if before else None, str(face.pk))
        words = {"person": label_of(person), "shown": str(shown) if shown else None}
        operation = Operation(EventKind.PORTRAIT, [person.pk], [change], words=words, standing=[person.pk])
        return events.record(operation, team_id=person.team_id, user=user)


def delete_person(person: Person, *, user: User | None) -> Event:
    """Hides a person everywhere; later analyses of the same videos do not bring them back."""
    change = FieldChange("deleted", [str(person.pk)], False, True)
    words = {"person": label_of(person), "count": person.appearances}
    operation = Operation(EventKind.DELETE, [person.pk], [change], words=words, standing=[person.pk])
    return events.record(operation, team_id=person.team_id, user=user)


def set_thresholds(
    person: Person, *, accept_from: float | None, review_from: float | None, user: User | None
) -> Event | None:
    """Sets the least similarities, 0..1, for matching this person and for asking; None: the default of the model."""
    with transaction.atomic():
        now = Person.objects.get(pk=person.pk)
        wished: dict[str, float | None] = {"join_from": accept_from, "suggest_from": review_from}
        changes = [
            FieldChange(field, [str(now.pk)], getattr(now, field), value)
            for field, value in wished.items()
            if getattr(now, field) != value
        ]
        if not changes:
            return None
        operation = Operation(
            EventKind.THRESHOLDS, [now.pk], changes, words={"person": label_of(now)}, standing=[now.pk]
        )
        return events.record(operation, team_id=now.team_id, user=user)


def set_team_thresholds(
    team: Team, embedder: str, *, accept_from: float | None, review_from: float | None, user: User | None
) -> Event | None:
    """Sets the least similarities, 0..1, for everybody who has none of their own; None: the default of the model."""
    with transaction.atomic():
        now, _made = TeamThresholds.objects.get_or_create(team=team, embedder=embedder)
        wished = {"accept_from": accept_from, "review_from": review_from}
        changes = [
            FieldChange(f"team_{field}", [now.pk], getattr(now, field), value)
            for field, value in wished.items()
            if getattr(now, field) != value
        ]
        if not changes:
            return None
        return events.record(Operation(EventKind.THRESHOLDS, [], changes), team_id=team.pk, user=user)


def _hand_over(
    tracks: Sequence[Track], giver: Person | None, target: Person | None, team: Team, *, name: str, user: User | None
) -> tuple[Event, Person]:
    """Gives whole appearances of `giver` (None: of nobody) to `target` or a new person, with verdicts about both."""
    to = target or creation_services.make_hidden_person(team.pk)
    pks = [track.pk for track in tracks]
    dropped = constraint_queries.contradicted_by_moving(pks, target.pk if target else None, team.pk)
    verdicts = _verdicts(tracks, to, is_same=True)
    verdicts += _verdicts(tracks, giver, is_same=False) if giver else []
    operation = Operation(
        EventKind.MOVE if giver else EventKind.GIVE,
        [person.pk for person in (giver, to) if person],
        [
            *([] if target else [FieldChange("deleted", [str(to.pk)], True, False)]),
            *([FieldChange("name", [str(to.pk)], "", name)] if name and not target else []),
            *_changes("verdict", dropped, True, False),
            *_changes("verdict", [verdict.pk for verdict in verdicts], False, True),
        ],
        [TrackMove(pks, giver.pk if giver else None, to.pk)],
        {
            **({"person": label_of(giver)} if giver else {}),
            "target": label_of(to) if target else name or label_of(to),
            "count": _appearances(tracks),
        },
        standing=[person.pk for person in (giver, target) if person],
    )
    event = events.record(operation, team_id=team.pk, user=user)
    to.refresh_from_db()
    return event, to


def _appearances(tracks: Sequence[Track]) -> int:
    return sum(track.joined_to_id is None for track in tracks)


def _changes(field: str, ids: Sequence[int], before: Any, after: Any) -> list[FieldChange]:
    return [FieldChange(field, ids, before, after)] if ids else []


def _whole(person: Person | None, track_ids: Collection[int]) -> list[Track]:
    """Returns the appearances of a person (None: unclear faces) with all their tracklets, each named by any of them.

    Raises EditConflict.
    """
    named = Track.objects.filter(pk__in=track_ids).values_list("pk", "joined_to")
    firsts = {first or pk for pk, first in named}
    tracklets = Track.objects.filter(of_appearances(firsts), person=person)
    tracks = list(tracklets.select_related("analysis__video").order_by("pk"))
    if not tracks or not set(track_ids) <= {track.pk for track in tracks}:
        raise EditConflict("track")
    return tracks


def _verdicts(tracks: Sequence[Track], person: Person, *, is_same: bool) -> list[Verdict]:
    """Writes them as not standing; the event makes them stand."""
    rows = [
        Verdict(
            video_id=track.analysis.video_id,
            track=track,
            person=person,
            is_same=is_same,
            stands=False,
            start_s=track.start_s,
            samples=track.samples,
        )
        for track in tracks
    ]
    return Verdict.objects.bulk_create(rows, batch_size=BATCH)
