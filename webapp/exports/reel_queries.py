"""Reads what a reel is made of, for its making and for what the page says of it before."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Max

from analysis.exports.moments import ReelOptions, ReelOrder, ReelSource, choose_moments, count_short
from analysis.exports.people import SeenPerson, TrackSightings
from webapp.people import sample_codec
from webapp.people.models import Person, Track
from webapp.videos.media_info import info_of
from webapp.videos.models import Segment, Video

USUAL_STEP_S = 0.25


@dataclass(frozen=True, slots=True)
class ReelPlan:
    """What will be in a reel: `moments` from `videos` of the `of_videos`, of which it takes `length_s` seconds."""

    moments: int
    videos: int
    of_videos: int
    length_s: float
    too_short: int
    """Appearances that are left out because they are shorter than `min_s`."""
    min_s: float
    together: bool
    """Only moments of all of several people."""


def plan_reel(videos: Sequence[Video], people: Sequence[Person], options: ReelOptions) -> ReelPlan:
    """Plans a reel as the worker will make it. Three queries."""
    chosen = [person.pk for person in people]
    sources = list(reel_sources(videos, chosen, together=options.together).values())
    moments = choose_moments(sources, options)
    return ReelPlan(
        len(moments),
        len({moment.source for moment in moments}),
        len(videos),
        sum(moment.end_s - moment.start_s for moment in moments),
        count_short(sources, options),
        options.min_s,
        options.together and len(chosen) > 1,
    )


def reel_options(wish: Mapping[str, Any]) -> ReelOptions:
    """Returns the stored choice as the library takes it."""
    order, together = ReelOrder(wish["order"]), wish["together"]
    return ReelOptions(order, wish["min_s"], wish["padding_s"], together=together, captions=wish["captions"])


def reel_sources(videos: Sequence[Video], chosen: Collection[UUID], *, together: bool) -> dict[str, ReelSource]:
    """Returns the videos by key, in order, with the chosen people in them and without their files. Three queries."""
    people, steps = _people_in(videos, chosen), _sample_steps(videos)
    sources = {
        str(video.pk): ReelSource(
            Path(),
            info_of(video),
            video.title,
            tuple(people[video.current_analysis_id]),
            video.created_at.timestamp(),
            steps.get(video.current_analysis_id, USUAL_STEP_S),
        )
        for video in videos
    }
    if together:  # somebody who is not in a video at all is never seen in it with the others
        return {key: source for key, source in sources.items() if len(source.people) == len(chosen)}
    return sources


def _people_in(videos: Sequence[Video], chosen: Collection[UUID]) -> dict[UUID | None, list[SeenPerson]]:
    shown = [video.current_analysis_id for video in videos]
    tracks = Track.objects.filter(analysis__in=shown, person__in=chosen).order_by("start_s")
    sightings: dict[tuple[UUID | None, UUID | None], list[TrackSightings]] = defaultdict(list)
    for analysis_id, person_id, start_s, samples in tracks.values_list("analysis", "person", "start_s", "samples"):
        times_s, boxes_xyxy, _scores = sample_codec.unpack(samples, start_s)
        sightings[analysis_id, person_id].append(TrackSightings(times_s, boxes_xyxy))
    people = Person.objects.in_bulk([person_id for _analysis_id, person_id in sightings if person_id])
    found: dict[UUID | None, list[SeenPerson]] = defaultdict(list)
    for (shown_in, seen), own in sightings.items():
        if seen is not None:
            person = people[seen]
            found[shown_in].append(SeenPerson(person.number, tuple(own), name=str(person)))
    return found


def _sample_steps(videos: Sequence[Video]) -> dict[UUID | None, float]:
    """Returns the most seconds between two frames that each analysis looked at."""
    segments = Segment.objects.filter(analysis__in=[video.current_analysis_id for video in videos])
    steps = segments.values("analysis").annotate(step_s=Max("sample_step_s")).values_list("analysis", "step_s")
    return {analysis_id: float(step_s) for analysis_id, step_s in steps if step_s}
