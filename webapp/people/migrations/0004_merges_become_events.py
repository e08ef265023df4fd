"""Merges become events, and everybody's counts and looks are written down."""

from collections import defaultdict
from typing import Any

import numpy as np
from django.db import migrations
from django.db.models import F

VIEWS = 6


def forwards(apps: Any, schema_editor: Any) -> None:
    Merge = apps.get_model("people", "Merge")
    for merge in Merge.objects.select_related("source", "target").order_by("created_at"):
        _merge_becomes_event(apps, merge)
    for person in apps.get_model("people", "Person").objects.iterator():
        _count(apps, person)


def _label(person: Any) -> str:
    return person.name or f"Person {person.number}"


def _merge_becomes_event(apps: Any, merge: Any) -> None:
    Event, Moved, Track = (apps.get_model("people", name) for name in ("Event", "Moved", "Track"))
    source, target = merge.source, merge.target
    event = Event.objects.create(
        team_id=target.team_id,
        act="merge",
        made_by_id=merge.made_by_id,
        undone_at=merge.undone_at,
        changes=[{"cell": "merged_into", "ids": [str(source.pk)], "before": None, "after": str(target.pk)}],
        words={"person": _label(source), "target": _label(target), "count": len(merge.track_ids)},
    )
    Event.objects.filter(pk=event.pk).update(made_at=merge.created_at)
    event.people.add(source, target)
    tracks = Track.objects.filter(pk__in=merge.track_ids).values_list("pk", flat=True)
    Moved.objects.bulk_create(
        [Moved(event=event, track_id=track, before=source, after=target) for track in tracks], batch_size=500
    )
    if merge.undone_at is None:
        type(source).objects.filter(pk=source.pk).update(merged_into=target)


def _count(apps: Any, person: Any) -> None:
    Track, Face, ReferenceSet = (apps.get_model("people", name) for name in ("Track", "Face", "ReferenceSet"))
    tracks = Track.objects.filter(
        person=person, analysis=F("analysis__video__current_analysis"), analysis__video__deleted_at=None
    ).select_related("analysis__video")
    shown = list(tracks)
    if not shown:
        return
    videos = {track.analysis.video for track in shown}
    person.appearances = sum(track.joined_to_id is None for track in shown)
    person.videos = len(videos)
    person.screen_s = sum(track.end_s - track.start_s for track in shown)
    person.first_seen_at = min(video.created_at for video in videos)
    person.last_seen_at = max(video.created_at for video in videos)
    person.save(update_fields=["appearances", "videos", "screen_s", "first_seen_at", "last_seen_at"])
    by_embedder: dict[str, list[Any]] = defaultdict(list)
    faces_of = Face.objects.filter(track__in=[t.pk for t in shown]).select_related("analysis")
    for face in faces_of.order_by("-quality", "pk"):
        by_embedder[face.analysis.embedder].append(face)
    for embedder, faces in by_embedder.items():
        best = faces[:VIEWS]
        vectors = b"".join(np.frombuffer(bytes(f.embedding), "<f4").astype("<f2").tobytes() for f in best)
        ReferenceSet.objects.create(
            person=person, embedder=embedder, count=len(best), vectors=vectors, face_ids=[str(f.pk) for f in best]
        )


def backwards(apps: Any, schema_editor: Any) -> None:
    """Only merges had a place before."""
    Event, Merge, Person, Moved = (apps.get_model("people", name) for name in ("Event", "Merge", "Person", "Moved"))
    for event in Event.objects.filter(act="merge"):
        change = next(each for each in event.changes if each["cell"] == "merged_into")
        source = Person.objects.filter(pk=change["ids"][0]).first()
        target = Person.objects.filter(pk=change["after"]).first()
        if source is None or target is None:
            continue
        merge = Merge.objects.create(
            source=source,
            target=target,
            track_ids=list(Moved.objects.filter(event=event).values_list("track", flat=True)),
            source_portrait=source.portrait,
            target_portrait=target.portrait,
            made_by_id=event.made_by_id,
            undone_at=event.undone_at,
        )
        Merge.objects.filter(pk=merge.pk).update(created_at=event.made_at)


class Migration(migrations.Migration):
    dependencies = [("people", "0003_acts_and_what_was_said")]
    operations = [migrations.RunPython(forwards, backwards)]
