"""Finds what speaks against two people being one: both on screen at once, or told apart by somebody."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations

from django.db.models import Count

from webapp.people import appearances, constraint_queries, track_queries
from webapp.people.appearances import Span
from webapp.people.models import Event, EventKind, Person, Track
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
    return Against(_meetings(first.pk, second.pk), event, is_told_apart)


def against_moving(tracks: Sequence[Track], target: Person) -> list[Meeting]:
    """Returns where `target` is already on screen during one of these appearances."""
    spans: dict[uuid.UUID, tuple[list[Span], list[Span]]] = defaultdict(lambda: ([], []))
    for track in tracks:
        spans[track.analysis_id][0].append((track.start_s, track.end_s))
    theirs = Track.objects.filter(person=target, analysis__in=list(spans))
    for analysis, start_s, end_s in theirs.values_list("analysis", "start_s", "end_s"):
        spans[analysis][1].append((start_s, end_s))
    video_of = {track.analysis_id: track.analysis.video_id for track in tracks}
    return _in_videos({video_of[key]: appearances.meet(ours, others) for key, (ours, others) in spans.items()})


def seen_together(person_ids: Collection[uuid.UUID]) -> set[constraint_queries.Pair]:
    """Returns the pairs of these people who are on screen at once somewhere. Two queries, however many appearances."""
    shown = track_queries.shown_tracks().filter(person__in=person_ids)
    shared = shown.values("analysis").annotate(people=Count("person", distinct=True)).filter(people__gt=1)
    tracks = shown.filter(analysis__in=[row["analysis"] for row in shared])
    spans: dict[uuid.UUID, dict[uuid.UUID, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for analysis, person, start_s, end_s in tracks.values_list("analysis", "person", "start_s", "end_s"):
        spans[analysis][person].append((start_s, end_s))
    return {
        frozenset((one, other))
        for of_video in spans.values()
        for one, other in combinations(of_video, 2)
        if appearances.meet(of_video[one], of_video[other]) is not None
    }


def _who_told_them_apart(first: Person, second: Person) -> Event | None:
    kinds = [EventKind.APART, EventKind.SPLIT, EventKind.MOVE]
    events = Event.objects.filter(act__in=kinds, undone_at=None, people=first).filter(people=second)
    return events.select_related("made_by").order_by("-made_at").first()


def _meetings(first: uuid.UUID, second: uuid.UUID) -> list[Meeting]:
    """Reads only videos that show both."""
    shown = track_queries.shown_tracks()
    both = shown.filter(person=first, analysis__in=shown.filter(person=second).values("analysis")).values("analysis")
    tracks = shown.filter(person__in=[first, second], analysis__in=both)
    spans: dict[uuid.UUID, tuple[list[Span], list[Span]]] = defaultdict(lambda: ([], []))
    for video, person, start_s, end_s in tracks.values_list("analysis__video", "person", "start_s", "end_s"):
        spans[video][person == second].append((start_s, end_s))
    return _in_videos({video: appearances.meet(ours, theirs) for video, (ours, theirs) in spans.items()})


def _in_videos(moments: dict[uuid.UUID, float | None]) -> list[Meeting]:
    met = {video: time_s for video, time_s in moments.items() if time_s is not None}
    videos = Video.objects.in_bulk(met)
    found = [Meeting(videos[pk], max(time_s - videos[pk].playback_offset_s, 0.0)) for pk, time_s in met.items()]
    return sorted(found, key=lambda meeting: (meeting.video.created_at, meeting.video.pk), reverse=True)
