"""What the web may ask for with people. Each verb is one event that can be undone (see `webapp.people.acts.events`)."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from webapp.accounts.models import Team, User
from webapp.people import constraint_queries, creation_services, summary_services
from webapp.people.acts import events
from webapp.people.acts.events import Change as Set
from webapp.people.acts.events import ChangedMeanwhile, Deed, Move
from webapp.people.models import STANDING, Act, Apart, Event, Face, Person, Track, Verdict


def name_person(person: Person, *, name: str, seen: str | None = None, user: User | None = None) -> Event | None:
    """An empty name makes the person "Person 3" again; None when they had that name already.

    `seen` is the name in the form of whoever gives this one. Raises ChangedMeanwhile when it is another by now.
    """
    with transaction.atomic():
        now = Person.objects.filter(STANDING, pk=person.pk).first()
        if now is None:
            raise ChangedMeanwhile("person")
        name = name.strip()
        if now.name == name:
            return None
        if seen is not None and now.name != seen:
            raise ChangedMeanwhile("name")
        words = {"before": str(now), "after": name or f"Person {now.number}"}
        change = Set("name", [str(now.pk)], now.name, name)
        return events.record(
            Deed(Act.NAME, [now.pk], [change], words=words, standing=[now.pk]), team_id=now.team_id, user=user
        )


def merge_people(*sources: Person, target: Person, user: User | None) -> Event:
    """All appearances of the `sources` become `target`'s, who keeps name and portrait.

    What somebody had said against it is taken back by it. Raises ChangedMeanwhile when one is no longer there.
    """
    if not sources or any(s.pk == target.pk or s.team_id != target.team_id for s in sources):
        raise ValueError("different people of one team are expected")
    with transaction.atomic():
        against = [constraint_queries.contradicted_by_merging(source, target) for source in sources]
        aparts = sorted({pk for each in against for pk in each.aparts})
        verdicts = sorted({pk for each in against for pk in each.verdicts})
        moves = [
            Move(list(Track.objects.filter(person=source).values_list("pk", flat=True)), source.pk, target.pk)
            for source in sources
        ]
        deed = Deed(
            Act.MERGE,
            [*(source.pk for source in sources), target.pk],
            [
                Set("merged_into", [str(source.pk) for source in sources], None, str(target.pk)),
                *_sets("apart", aparts, True, False),
                *_sets("verdict", verdicts, True, False),
            ],
            moves,
            {
                "person": ", ".join(map(str, sources)),
                "target": str(target),
                "count": sum(source.appearances for source in sources),
            },
            standing=[*(source.pk for source in sources), target.pk],
        )
        return events.record(deed, team_id=target.team_id, user=user)


def move_appearances(
    person: Person, *, track_ids: Collection[int], target: Person | None, user: User | None, name: str = ""
) -> tuple[Event, Person]:
    """ "This face is someone else": of `target`, or of a new person called `name`. Remembered for later analyses.

    Pieces of one appearance move together. Raises ChangedMeanwhile when an appearance is no longer this person's.
    """
    with transaction.atomic():
        tracks = _whole(person, track_ids)
        to = target or creation_services.make_hidden_person(person.team_id)
        dropped = constraint_queries.contradicted_by_moving(
            [t.pk for t in tracks], target.pk if target else None, to.team_id
        )
        said = [
            *_verdicts(tracks, to, is_same=True),
            *_verdicts(tracks, person, is_same=False),
        ]
        deed = Deed(
            Act.MOVE,
            [person.pk, to.pk],
            [
                *([] if target else [Set("deleted", [str(to.pk)], True, False)]),
                *([Set("name", [str(to.pk)], "", name)] if name and not target else []),
                *_sets("verdict", dropped, True, False),
                *_sets("verdict", [verdict.pk for verdict in said], False, True),
            ],
            [Move([track.pk for track in tracks], person.pk, to.pk)],
            {
                "person": str(person),
                "target": str(to) if target else name or str(to),
                "count": sum(track.joined_to_id is None for track in tracks),
            },
            standing=[person.pk, *([target.pk] if target else [])],
        )
        event = events.record(deed, team_id=person.team_id, user=user)
    to.refresh_from_db()
    return event, to


def split_person(person: Person, *, track_ids: Collection[int], user: User | None) -> tuple[Event, Person]:
    """These appearances become a new person, and the two are told apart for ever."""
    with transaction.atomic():
        tracks = _whole(person, track_ids)
        new = creation_services.make_hidden_person(person.team_id)
        dropped = constraint_queries.contradicted_by_moving([track.pk for track in tracks], None, person.team_id)
        apart = Apart.objects.create(team_id=person.team_id, first=person, second=new, stands=False)
        deed = Deed(
            Act.SPLIT,
            [person.pk, new.pk],
            [
                Set("deleted", [str(new.pk)], True, False),
                Set("apart", [apart.pk], False, True),
                *_sets("verdict", dropped, True, False),
            ],
            [Move([track.pk for track in tracks], person.pk, new.pk)],
            {"person": str(person), "target": str(new), "count": sum(t.joined_to_id is None for t in tracks)},
            standing=[person.pk],
        )
        event = events.record(deed, team_id=person.team_id, user=user)
    new.refresh_from_db()
    return event, new


def tell_apart(first: Person, second: Person, *, user: User | None) -> Event:
    """ "Not the same person", for ever."""
    with transaction.atomic():
        apart = Apart.objects.create(team_id=first.team_id, first=first, second=second, stands=False)
        deed = Deed(
            Act.APART,
            [first.pk, second.pk],
            [Set("apart", [apart.pk], False, True)],
            words={"person": str(first), "target": str(second)},
            standing=[first.pk, second.pk],
        )
        return events.record(deed, team_id=first.team_id, user=user)


def show_and_hide(*, team: Team, show: Collection[UUID], hide: Collection[UUID], user: User | None) -> list[Event]:
    """At most two events; people who were so already are left alone."""
    done = []
    with transaction.atomic():
        for act, ids, was in ((Act.HIDE, hide, False), (Act.SHOW, show, True)):
            people = list(Person.objects.filter(STANDING, team=team, pk__in=ids, is_hidden=was).order_by("number"))
            if not people:
                continue
            keys = [person.pk for person in people]
            change = Set("hidden", [str(key) for key in keys], was, not was)
            words = {"person": str(people[0]), "count": len(people)}
            done.append(events.record(Deed(act, keys, [change], words=words), team_id=team.pk, user=user))
    return done


def choose_portrait(person: Person, *, face: Face, user: User | None) -> Event | None:
    """None when it is the chosen one already."""
    with transaction.atomic():
        before, shown = Person.objects.values_list("chosen_portrait", "portrait").get(pk=person.pk)
        if before == face.pk:
            return None
        change = Set("portrait", [str(person.pk)], str(before) if before else None, str(face.pk))
        words = {"person": str(person), "shown": str(shown) if shown else None}
        deed = Deed(Act.PORTRAIT, [person.pk], [change], words=words, standing=[person.pk])
        return events.record(deed, team_id=person.team_id, user=user)


def delete_person(person: Person, *, user: User | None) -> Event:
    """Shown nowhere any more, and not found again in this or a later analysis of the same videos."""
    change = Set("deleted", [str(person.pk)], False, True)
    words = {"person": str(person), "count": person.appearances}
    deed = Deed(Act.DELETE, [person.pk], [change], words=words, standing=[person.pk])
    return events.record(deed, team_id=person.team_id, user=user)


def set_limits(
    person: Person, *, join_from: float | None, suggest_from: float | None, user: User | None
) -> Event | None:
    """How alike a face must be to join this person by itself, or to be asked about; None: as for everybody."""
    with transaction.atomic():
        now = Person.objects.get(pk=person.pk)
        wished: dict[str, float | None] = {"join_from": join_from, "suggest_from": suggest_from}
        changes = [
            Set(cell, [str(now.pk)], getattr(now, cell), value)
            for cell, value in wished.items()
            if getattr(now, cell) != value
        ]
        if not changes:
            return None
        deed = Deed(Act.LIMITS, [now.pk], changes, words={"person": str(now)}, standing=[now.pk])
        return events.record(deed, team_id=now.team_id, user=user)


def _sets(cell: str, ids: Sequence[int], before: Any, after: Any) -> list[Set]:
    return [Set(cell, ids, before, after)] if ids else []


def _whole(person: Person, track_ids: Collection[int]) -> list[Track]:
    """Appearances with all their pieces, each named by any of them."""
    firsts = set(
        Track.objects.filter(pk__in=track_ids, joined_to__isnull=False).values_list("joined_to", flat=True)
    ) | set(track_ids)
    pieces = Track.objects.filter(Q(pk__in=firsts) | Q(joined_to__in=firsts), person=person)
    tracks = list(pieces.select_related("analysis").order_by("pk"))
    if not tracks or not set(track_ids) <= {track.pk for track in tracks}:
        raise ChangedMeanwhile("track")
    return tracks


def _verdicts(tracks: Sequence[Track], person: Person, *, is_same: bool) -> list[Verdict]:
    """Written as not standing; the event makes them stand."""
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
    return Verdict.objects.bulk_create(rows, batch_size=summary_services.BATCH)
