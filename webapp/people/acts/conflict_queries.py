"""Finds what speaks against two people being one: both on screen at once, or told apart by somebody."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Count

from analysis.faces import same_picture
from webapp.people import constraint_queries, same_picture_queries, track_queries
from webapp.people.models import Event, EventKind, Person, Track
from webapp.people.same_picture_queries import TrackSpan
from webapp.videos.models import Video


@dataclass(frozen=True, slots=True)
class Meeting:
    """A video in which both are on screen at once."""

    video: Video
    time_s: float
    """The first such moment, in player time."""


@dataclass(frozen=True, slots=True)
class Against:
    """The reasons; none is a veto, as a mirror or a picture in the picture shows one person twice."""

    meetings: list[Meeting]
    """One for each video."""
    told_apart: Event | None
    """The latest event by which somebody told them apart."""
    is_told_apart: bool

    def __bool__(self) -> bool:
        return bool(self.meetings) or self.is_told_apart


def against_merging(first: Person, second: Person) -> Against:
    """Returns what speaks against these two being one person."""
    contradicted = constraint_queries.contradicted_by_merging(first, second)
    is_told_apart = bool(contradicted.aparts or contradicted.verdicts)
    event = _who_told_them_apart(first, second) if is_told_apart else None
    return Against(_meetings_of(first.pk, second.pk), event, is_told_apart)


def against_moving(tracks: Sequence[Track], target: Person) -> list[Meeting]:
    """Returns where `target` is in one picture with one of these appearances."""
    ours = [TrackSpan(track.pk, track.analysis_id, False, track.start_s, track.end_s) for track in tracks]
    theirs = Track.objects.filter(person=target, analysis__in={track.analysis_id for track in tracks})
    videos = {track.analysis_id: track.analysis.video_id for track in tracks}
    return _meetings([*ours, *same_picture_queries.spans_of(theirs, True)], videos)


def seen_together(person_ids: Collection[uuid.UUID]) -> set[constraint_queries.Pair]:
    """Returns the pairs of these people who are in one picture somewhere. Reads only videos that show several."""
    shown = track_queries.shown_tracks().filter(person__in=person_ids)
    shared = shown.values("analysis").annotate(people=Count("person", distinct=True)).filter(people__gt=1)
    tracks = shown.filter(analysis__in=[row["analysis"] for row in shared])
    columns = tracks.values_list("pk", "analysis", "person", "start_s", "end_s")
    spans = [TrackSpan(pk, analysis, person, start_s, end_s) for pk, analysis, person, start_s, end_s in columns]
    pairs: set[constraint_queries.Pair] = set()
    for samples in same_picture_queries.samples_by_analysis(spans).values():
        people = [person for person in samples if person]
        together = same_picture.seen_together([samples[person] for person in people])
        pairs |= {frozenset((people[one], people[other])) for one, other in np.argwhere(together)}
    return pairs


def _who_told_them_apart(first: Person, second: Person) -> Event | None:
    kinds = [EventKind.APART, EventKind.SPLIT, EventKind.MOVE]
    events = Event.objects.filter(act__in=kinds, undone_at=None, people=first).filter(people=second)
    return events.select_related("made_by").order_by("-made_at").first()


def _meetings_of(first: uuid.UUID, second: uuid.UUID) -> list[Meeting]:
    """Reads only videos that show both."""
    shown = track_queries.shown_tracks()
    both = shown.filter(person=first, analysis__in=shown.filter(person=second).values("analysis")).values("analysis")
    tracks = shown.filter(analysis__in=both)
    spans = [
        *same_picture_queries.spans_of(tracks.filter(person=first), False),
        *same_picture_queries.spans_of(tracks.filter(person=second), True),
    ]
    return _meetings(spans, dict(both.values_list("analysis", "analysis__video").distinct()))


def _meetings(spans: Iterable[TrackSpan[bool]], video_of: Mapping[uuid.UUID, uuid.UUID]) -> list[Meeting]:
    """Returns the first moment in each video at which both sides are in one picture."""
    moments = {
        video_of[analysis]: same_picture.first_together([sides[False]], [sides[True]])
        for analysis, sides in same_picture_queries.samples_by_analysis(spans).items()
    }
    return _in_videos(moments)


def _in_videos(moments: dict[uuid.UUID, float | None]) -> list[Meeting]:
    met = {video: time_s for video, time_s in moments.items() if time_s is not None}
    videos = Video.objects.in_bulk(met)
    found = [Meeting(videos[pk], max(time_s - videos[pk].playback_offset_s, 0.0)) for pk, time_s in met.items()]
    return sorted(found, key=lambda meeting: (meeting.video.created_at, meeting.video.pk), reverse=True)
