"""Finds the videos of people and the moments at which several of them are on screen."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from uuid import UUID

from django.db.models import Min, QuerySet

from analysis.time_spans import Span, merged, overlaps_of_all
from webapp.library.queries import BOX_AFTER_S, opens_at_s
from webapp.people import appearances, sample_codec
from webapp.people.models import Person, Presence, Track
from webapp.videos.models import Video

MOST_MOMENTS = 6
"""Moments named of one video; its page shows all."""
READ_AHEAD = 3
"""Videos that show all of them, looked through for each one wanted: in some, they never meet."""


@dataclass(frozen=True, slots=True)
class SharedMoment:
    """A stretch of a video in player time; `opens_at_s` lies a little into it, where there is a box."""

    start_s: float
    end_s: float

    @property
    def opens_at_s(self) -> float:
        return opens_at_s(self.start_s, self.end_s)


@dataclass(frozen=True, slots=True)
class VideoHit:
    """A video, whom of those asked for it shows, and where they come first or are together."""

    video: Video
    people: list[Person]
    moments: list[SharedMoment]
    more: int = 0
    """Further moments."""

    @property
    def names(self) -> str:
        return " · ".join(map(str, self.people))


def videos_with(videos: QuerySet[Video], people: Sequence[Person], limit: int) -> list[VideoHit]:
    """Returns videos that show any of these people, newest first, with the second at which each comes first."""
    present = Presence.objects.filter(person__in=people).values("analysis")
    found = list(videos.filter(current_analysis__in=present).order_by("-created_at", "pk")[:limit])
    tracks = Track.objects.filter(person__in=people, analysis__in=[video.current_analysis_id for video in found])
    firsts: dict[UUID, list[tuple[float, UUID]]] = defaultdict(list)
    for analysis, person, start_s in tracks.values_list("analysis", "person").annotate(first=Min("start_s")):
        firsts[analysis].append((start_s, person))
    by_id = {person.pk: person for person in people}
    hits = []
    for video in found:
        seen = sorted(firsts[video.current_analysis_id]) if video.current_analysis_id else []
        if seen:
            start_s = max(seen[0][0] - video.playback_offset_s, 0.0)
            hits.append(
                VideoHit(video, [by_id[pk] for _start, pk in seen], [SharedMoment(start_s, start_s + 2 * BOX_AFTER_S)])
            )
    return hits


def videos_together(videos: QuerySet[Video], people: Sequence[Sequence[Person]], limit: int) -> list[VideoHit]:
    """Returns videos with the moments at which one of each of these groups is on screen, newest first."""
    found = videos
    for group in people:
        found = found.filter(current_analysis__in=Presence.objects.filter(person__in=group).values("analysis"))
    candidates = list(found.order_by("-created_at", "pk")[: limit * READ_AHEAD])
    everybody = {person.pk for group in people for person in group}
    spans: dict[tuple[UUID, UUID], list[Span]] = defaultdict(list)
    tracks = Track.objects.filter(analysis__in=[v.current_analysis_id for v in candidates], person__in=everybody)
    for analysis, person, start_s, seen in tracks.values_list("analysis", "person", "start_s", "seen"):
        assert person is not None  # filtered
        spans[analysis, person] += sample_codec.unpack_spans(seen, start_s)
    hits = (_hit_of(video, people, spans) for video in candidates)
    return [hit for hit in hits if hit is not None][:limit]


def _hit_of(
    video: Video, people: Sequence[Sequence[Person]], spans: dict[tuple[UUID, UUID], list[Span]]
) -> VideoHit | None:
    analysis = video.current_analysis_id
    assert analysis is not None  # filtered
    together: dict[Person, None] = {}
    found: list[Span] = []
    present = [[person for person in group if (analysis, person.pk) in spans] for group in people]
    for chosen in product(*present):
        if len(set(chosen)) == len(chosen):
            shared = overlaps_of_all(spans[analysis, person.pk] for person in chosen)
            found += shared
            together |= dict.fromkeys(chosen) if shared else {}
    moments = [
        SharedMoment(max(start_s - video.playback_offset_s, 0.0), max(end_s - video.playback_offset_s, 0.0))
        for start_s, end_s in merged(found, appearances.JOIN_WITHIN_S)
    ]
    if not moments:
        return None
    return VideoHit(video, list(together), moments[:MOST_MOMENTS], max(len(moments) - MOST_MOMENTS, 0))
