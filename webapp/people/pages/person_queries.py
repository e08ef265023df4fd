"""Reads for the page of one person: appearances by video, companions, proposed splits."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from analysis.faces.group import group_vectors
from webapp.people import present_queries, sample_codec, track_queries, unclear_queries
from webapp.people.appearances import appearances_of
from webapp.people.introduction import queries as introduction_queries
from webapp.people.models import Face, Person, Presence, Track
from webapp.videos.models import Video

VIDEOS_PER_PAGE = 10
SHOWN_PER_VIDEO = 12
COMPANIONS = 8
COMPANION_VIDEOS = 8
CLOSER = (0.06, 0.12, 0.18, 0.24)
"""How much more similar than usual the members of proposed groups have to be (cosine), tried one after the other."""
MOST_COMPARED = 1_500
"""Appearances that are grouped to propose a split, the longest; each other one goes to the most similar group."""
FACES_OF_GROUP = 12
View = tuple[float, uuid.UUID]
"""When a face was seen, in the container's seconds, and its key."""


@dataclass(frozen=True, slots=True)
class ListedAppearance:
    """When one track, joined ones included, shows somebody without a longer gap, in player time.

    `face` is the best view; `is_unclear` if the track has no clear one. Only a whole track can be moved to somebody
    else: what it shows after a gap `follows_s`, the time at which it begins. Several may show one appearance.
    """

    track: int
    start_s: float
    end_s: float
    face: uuid.UUID | None
    is_unclear: bool
    follows_s: float | None = None


@dataclass(frozen=True, slots=True)
class PersonVideo:
    """A video with a person in it `count` times, as its own page counts. Of the `tracks`, not all are listed."""

    video: Video
    count: int
    tracks: int
    first_s: float
    appearances: list[ListedAppearance]

    @property
    def more(self) -> int:
        """How many tracks are not listed."""
        return self.tracks - len({appearance.track for appearance in self.appearances})


@dataclass(frozen=True, slots=True)
class SubGroup:
    """Appearances of a person that are more similar to one another than to the rest."""

    tracks: list[int]
    faces: list[uuid.UUID]


def _videos_with(person: Person) -> QuerySet[Video]:
    """Returns videos, newest first. Reads one row of an index for each, however often the person appears."""
    seen = Track.objects.filter(person=person, analysis=OuterRef("current_analysis"))
    videos = Video.objects.filter(Exists(seen), team=person.team_id, deleted_at=None)
    return videos.order_by("-created_at", "pk")


def videos_of(person: Person, number: str | int | None) -> "Page[PersonVideo]":
    """Returns a page of videos, newest first. Eight queries, however many appearances."""
    page = Paginator(_videos_with(person), VIDEOS_PER_PAGE).get_page(number)
    videos = {video.pk: video for video in page.object_list}
    current = [video.current_analysis_id for video in videos.values()]
    shown = track_queries.shown_tracks().filter(person=person, analysis__in=current).values("analysis__video")
    rows = shown.annotate(tracks=Count("pk", filter=Q(joined_to=None)), first_s=Min("start_s"))
    tracks = {row["analysis__video"]: row for row in rows}
    present = Presence.objects.filter(person=person, analysis__in=current)
    counts = dict(present.values_list("analysis__video", "appearances"))
    listed = _appearances(person, videos)
    page.object_list = [
        PersonVideo(  # type: ignore[misc]
            video,
            counts.get(pk, 0),
            tracks[pk]["tracks"],
            max(tracks[pk]["first_s"] - video.playback_offset_s, 0.0),
            listed[pk],
        )
        for pk, video in videos.items()
    ]
    return page  # type: ignore[return-value]


def _appearances(person: Person, videos: dict[uuid.UUID, Video]) -> dict[uuid.UUID, list[ListedAppearance]]:
    """Returns the appearances to list by video. In steps, so that only views that are shown are read."""
    place = Window(RowNumber(), partition_by=F("analysis"), order_by=[F("start_s"), F("pk")])
    tracks = (
        track_queries.shown_tracks()
        .filter(person=person, joined_to=None, analysis__in=[v.current_analysis_id for v in videos.values()])
        .annotate(place=place)
        .filter(place__lte=SHOWN_PER_VIDEO)
        .order_by("start_s", "pk")
    )
    rows = list(tracks.values_list("pk", "analysis__video"))
    firsts = [pk for pk, _video in rows]
    views: dict[int | None, list[View]] = defaultdict(list)
    faces = Face.objects.filter(track__in=firsts).order_by("track", "-quality", "pk")
    for track, time_s, face in faces.values_list("track", "time_s", "pk"):
        views[track].append((time_s, face))
    spans, unclear = track_queries.seen_spans_of(firsts), unclear_queries.without_clear_view(firsts)
    listed: dict[uuid.UUID, list[ListedAppearance]] = defaultdict(list)
    for pk, video in rows:
        offset_s = videos[video].playback_offset_s
        shown = appearances_of((start_s - offset_s, end_s - offset_s) for start_s, end_s in spans[pk])
        for start_s, end_s in shown:
            best = _best_within(views[pk], start_s + offset_s, end_s + offset_s)
            follows_s = shown[0][0] if start_s > shown[0][0] else None
            listed[video].append(ListedAppearance(pk, start_s, end_s, best, pk in unclear, follows_s))
    for of_video in listed.values():
        of_video.sort(key=lambda each: (each.start_s, each.track))
    return listed


def _best_within(views: Sequence[View], start_s: float, end_s: float) -> uuid.UUID | None:
    """Returns the best view of this time, else of all; they come best first."""
    of_time = [face for time_s, face in views if start_s <= time_s <= end_s]
    return next(iter([*of_time, *(face for _time_s, face in views)]), None)


def tracks_to_split(person: Person) -> int:
    """Returns how many tracks, joined ones as one, could each be somebody else's."""
    return track_queries.shown_tracks().filter(person=person, joined_to=None).count()


def companions(person: Person) -> list[tuple[Person, int]]:
    """Returns who is in most of the latest videos with this person, and in how many."""
    latest = list(_videos_with(person).values_list("current_analysis", flat=True)[:COMPANION_VIDEOS])
    counted = (
        Presence.objects.filter(analysis__in=latest)
        .exclude(person=person)
        .values("person")
        .annotate(together=Count("pk"))
        .order_by("-together", "person")[: COMPANIONS * 2]
    )
    together = {row["person"]: row["together"] for row in counted}
    people = present_queries.by_key(together)
    found = [(people[key], count) for key, count in together.items() if key in people and not people[key].is_hidden]
    return sorted(found, key=lambda pair: (-pair[1], pair[0].is_unnamed, -pair[0].screen_s))[:COMPANIONS]


def proposed_split(person: Person) -> list[SubGroup]:
    """Returns two or more groups, the largest first, or none where all look like one person."""
    tracks, vectors, lengths, faces, embedder = _best_views(person)
    if len(tracks) < 2 or not introduction_queries.is_known(embedder):
        return []
    order = np.argsort(-lengths, kind="stable")[:MOST_COMPARED]
    apart = np.zeros((len(order), len(order)), bool)
    usual = introduction_queries.thresholds_for(embedder).grouping.across_occasions
    for closer in CLOSER:
        groups = group_vectors(vectors[order], np.ones(len(order), np.float32), apart, usual + closer)
        if len(groups) > 1:
            break
    else:
        return []
    rows = _with_the_rest([[int(order[member]) for member in group] for group in groups], vectors)
    rows.sort(key=lambda group: -float(lengths[group].sum()))
    return [
        SubGroup([tracks[row] for row in sorted(group)], [faces[row] for row in group[:FACES_OF_GROUP]])
        for group in rows
    ]


def _best_views(person: Person) -> tuple[list[int], np.ndarray, np.ndarray, list[uuid.UUID], str]:
    """Returns tracks, vectors (n, d), lengths in seconds (n,), faces, and the embedder that has seen most of them."""
    rank = Window(RowNumber(), partition_by=F("track"), order_by=[F("quality").desc(), F("pk")])
    views = Face.objects.filter(track__in=track_queries.shown_tracks().filter(person=person, joined_to=None))
    found: dict[str, list[tuple[int, bytes, float, uuid.UUID]]] = defaultdict(list)
    columns = ("track", "embedding", "track__start_s", "track__end_s", "pk", "analysis__embedder")
    for row in views.annotate(rank=rank).filter(rank=1).order_by("track").values_list(*columns):
        track, embedding, start_s, end_s, pk, embedder = row
        found[embedder].append((track, embedding, end_s - start_s, pk))
    if not found:
        return [], np.zeros((0, 1), np.float32), np.zeros(0), [], ""
    embedder = max(found, key=lambda key: len(found[key]))
    rows = found[embedder]
    vectors = np.stack([sample_codec.unpack_vector(blob) for _, blob, _, _ in rows])
    lengths = np.array([length for _, _, length, _ in rows])
    return [track for track, *_ in rows], vectors, lengths, [pk for *_, pk in rows], embedder


def _with_the_rest(groups: list[list[int]], vectors: np.ndarray) -> list[list[int]]:
    """Adds each row that is in no group to the group with the most similar mean."""
    inside = {row for group in groups for row in group}
    rest = [row for row in range(len(vectors)) if row not in inside]
    if rest:
        centres = np.stack([vectors[group].mean(axis=0) for group in groups])
        for row, group in zip(rest, (vectors[rest] @ centres.T).argmax(axis=1), strict=True):
            groups[int(group)].append(row)
    return groups


def tracks_of(person: Person, track_ids: Sequence[int]) -> list[Track]:
    """Returns those of the tracks that are this person's."""
    return list(Track.objects.filter(person=person, pk__in=track_ids).select_related("analysis"))
