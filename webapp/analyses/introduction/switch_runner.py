"""Carries out a plan in one transaction, and takes it back: the vectors of faces, and whose the tracks are."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection

from webapp.accounts.models import Team
from webapp.analyses.introduction import vectors_runner
from webapp.analyses.introduction.plan_runner import PlannedTrack
from webapp.hues import HUES
from webapp.people import constraint_queries, creation_services, sample_codec, upkeep_services
from webapp.people.batches import BATCH, batches
from webapp.people.introduction.models import Introduction, PlannedAnalysis
from webapp.people.models import Event, EventKind, Face, Moved, Person, Track
from webapp.videos.models import Analysis

Change = tuple[int, UUID | None, UUID | None, int | None, int | None]
"""Track, person before and after, joined to before and after."""


def store_plan(introduction: Introduction, planned: Iterable[PlannedTrack]) -> None:
    """Replaces the plan by this one; writes nothing about people."""
    changes: dict[UUID, list[tuple[object, ...]]] = {}
    for each in planned:
        if each.changes:
            people = [str(person) if person else None for person in (each.before, each.after)]
            change = (each.track, *people, each.joined_before, each.joined_after)
            changes.setdefault(each.analysis, []).append(change)
    introduction.planned.all().delete()
    rows = [PlannedAnalysis(introduction=introduction, analysis_id=key, changes=own) for key, own in changes.items()]
    PlannedAnalysis.objects.bulk_create(rows, batch_size=BATCH)


def apply(introduction: Introduction) -> None:
    """Makes the plan true. Call it in the transaction that marks the introduction as switched."""
    changes = _changes(introduction)
    creation_services.hold(introduction.team_id)
    before = _people_with_tracks(introduction)
    if not introduction.is_rules:
        exchange_vectors(introduction, introduction.embedder)
    _create(introduction.team, [after for _, _, after, _, _ in changes if after])
    _assign((track, after, joined) for track, _, after, _, joined in changes)
    upkeep_services.refresh(_in_changes(changes) | before)


def take_back(introduction: Introduction) -> list[int]:
    """Undoes what `apply` did; returns the tracks that stay, as somebody decided about them since.

    Call it in the transaction that marks the introduction as rolled back.
    """
    changes = _changes(introduction)
    creation_services.hold(introduction.team_id)
    if not introduction.is_rules:
        exchange_vectors(introduction, introduction.before)
    family = constraint_queries.family_of(introduction.team_id)
    decided, fresh = _decided_since(introduction)
    now = _persons_of([track for track, *_ in changes])
    kept, restored = [], []
    for track, before, after, joined_before, _ in changes:
        if track not in now:
            continue  # gone with its video, or a new analysis
        if track in decided or now[track] != after or not fresh.isdisjoint((before, after)):
            kept.append(track)
        else:
            restored.append((track, family.root(before) if before else None, joined_before))
    there = set(Person.objects.filter(pk__in={p for _, p, _ in restored if p}).values_list("pk", flat=True))
    _assign((track, person, joined) for track, person, joined in restored if person is None or person in there)
    upkeep_services.refresh(_concerned(introduction, changes) | {person for _, person, _ in restored if person})
    upkeep_services.remove_unseen(introduction.team, [after for _, _, after, _, _ in changes if after])
    return kept


def exchange_vectors(introduction: Introduction, embedder: str) -> None:
    """Puts the stored vectors into the faces, and those of the faces in their place."""
    for pk in introduction.vectors.order_by("pk").values_list("pk", flat=True):
        row = introduction.vectors.get(pk=pk)
        ids, vectors = vectors_runner.unpacked_ids(row.face_ids), vectors_runner.unpacked_vectors(row)
        present = dict(Face.objects.filter(pk__in=ids).values_list("pk", "embedding"))
        old = [present[face] for face in ids if face in present]
        new = [(sample_codec.pack_vector(vector), face) for face, vector in zip(ids, vectors, strict=True)]
        _write_embeddings([each for each in new if each[1] in present])
        row.face_ids = b"".join(face.bytes for face in ids if face in present)
        row.vectors = b"".join(map(bytes, old))
        row.save(update_fields=["face_ids", "vectors"])
    analyses = introduction.vectors.values("analysis")
    Analysis.objects.filter(pk__in=analyses).update(embedder=embedder)


def _write_embeddings(rows: Sequence[tuple[bytes, UUID]]) -> None:
    """One prepared statement: a CASE over 256 vectors takes ten times as long."""
    key = Face._meta.pk
    statement = f"UPDATE {Face._meta.db_table} SET embedding = %s WHERE id = %s"
    with connection.cursor() as cursor:
        cursor.executemany(statement, [(blob, key.get_db_prep_value(pk, connection)) for blob, pk in rows])


def _changes(introduction: Introduction) -> list[Change]:
    return [
        (track, UUID(before) if before else None, UUID(after) if after else None, joined_before, joined_after)
        for changes in introduction.planned.order_by("pk").values_list("changes", flat=True)
        for track, before, after, joined_before, joined_after in changes
    ]


def _create(team: Team, people: Sequence[UUID]) -> None:
    """Creates those who are not there yet."""
    there = set(Person.objects.filter(pk__in=set(people)).values_list("pk", flat=True))
    new = [person for person in dict.fromkeys(people) if person not in there]
    numbers = creation_services.next_numbers(team.pk, len(new))
    rows = [
        Person(pk=person, team=team, number=number, hue=number % HUES)
        for person, number in zip(new, numbers, strict=True)
    ]
    Person.objects.bulk_create(rows, batch_size=BATCH)


def _assign(rows: Iterable[tuple[int, UUID | None, int | None]]) -> None:
    """How a track became somebody was decided about other vectors, or another person."""
    tracks = [Track(pk=track, person_id=person, joined_to_id=joined) for track, person, joined in rows]
    Track.objects.bulk_update(tracks, ["person", "joined_to", "decision"], batch_size=200)


def _people_with_tracks(introduction: Introduction) -> set[UUID]:
    tracks = Track.objects.filter(analysis__video__team=introduction.team_id, person__isnull=False)
    return {person for person in tracks.values_list("person", flat=True).distinct() if person}


def _concerned(introduction: Introduction, changes: Sequence[Change]) -> set[UUID]:
    """Everybody, where the vectors changed: their templates do too."""
    people = _in_changes(changes)
    return people if introduction.is_rules else people | _people_with_tracks(introduction)


def _in_changes(changes: Sequence[Change]) -> set[UUID]:
    return {person for _, before, after, _, _ in changes for person in (before, after) if person}


def _persons_of(tracks: Sequence[int]) -> dict[int, UUID | None]:
    return {
        pk: person
        for pks in batches(tracks)
        for pk, person in Track.objects.filter(pk__in=pks).values_list("pk", "person")
    }


def _decided_since(introduction: Introduction) -> tuple[set[int], set[UUID]]:
    """Returns tracks that somebody moved or made a portrait after the switch, and people first decided about then.

    Of these people somebody has seen the appearances that they have now.
    """
    events = Event.objects.filter(team=introduction.team_id, undone_at=None)
    later = events.filter(made_at__gt=introduction.switched_at)
    tracks = set(Moved.objects.filter(event__in=later).values_list("track", flat=True))
    portraits = Person.objects.filter(pk__in=later.filter(act=EventKind.PORTRAIT).values("people"))
    tracks |= {pk for pk in portraits.values_list("chosen_portrait__track", flat=True) if pk}
    earlier = Person.objects.filter(events__in=events.filter(made_at__lte=introduction.switched_at))
    fresh = Person.objects.filter(events__in=later).exclude(pk__in=earlier.values("pk"))
    return tracks, set(fresh.values_list("pk", flat=True))
