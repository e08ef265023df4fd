"""Chooses the moments of a reel: when chosen people are seen, padded, joined, long enough, in the order asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from analysis.exports.people import SeenPerson
from analysis.faces.seen_spans import seen_spans
from analysis.time_spans import Span, merged, overlaps, overlaps_of_all
from analysis.types import VideoInfo


class ReelOrder(StrEnum):
    """By video: one after the other as given, each in its own order. By time: by when it was recorded."""

    VIDEO = "video"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class ReelOptions:
    """How a reel is put together; times in seconds."""

    order: ReelOrder = ReelOrder.VIDEO
    min_s: float = 1.0
    """Appearances that are shorter, joined but without padding, are left out."""
    padding_s: float = 0.5
    """What is shown before and after each."""
    join_within_s: float = 1.0
    """Moments of one video that lie closer together become one."""
    together: bool = False
    """Only where all chosen people are seen at once."""
    captions: bool = True


@dataclass(frozen=True, slots=True)
class ReelSource:
    """A video and the chosen people in it. `title` is shown in captions; `sample_step_s` is the analysis's."""

    path: Path
    info: VideoInfo
    title: str
    people: tuple[SeenPerson, ...]
    recorded_s: float | None = None
    """When the recording began, in seconds of any one clock; None if unknown."""
    sample_step_s: float = 0.25


@dataclass(frozen=True, slots=True)
class ReelMoment:
    """What is cut out of a source, in the container's seconds: frames from `start_s` on and before `end_s`."""

    source: int
    """Index into the sources."""
    start_s: float
    end_s: float
    seen: tuple[tuple[str, float, float], ...] = ()
    """Who is seen from when until when, for the caption; a name may occur more than once."""

    @property
    def names(self) -> tuple[str, ...]:
        """Returns whoever is seen in it."""
        return tuple(dict.fromkeys(name for name, _start_s, _end_s in self.seen))

    def names_at(self, time_s: float) -> tuple[str, ...]:
        """Returns who is seen at this time: nobody in what is shown before and after an appearance."""
        return tuple(dict.fromkeys(name for name, start_s, end_s in self.seen if start_s <= time_s < end_s))


def choose_moments(sources: Sequence[ReelSource], options: ReelOptions) -> list[ReelMoment]:
    """Returns the moments of the chosen people of all sources, in order; may be empty."""
    moments = [moment for number in range(len(sources)) for moment in _of_source(sources, number, options)]
    if options.order is ReelOrder.TIME:
        # Where nobody knows when a video was recorded, its own time has to do.
        moments.sort(key=lambda moment: (sources[moment.source].recorded_s or 0.0) + moment.start_s)
    return moments


def _of_source(sources: Sequence[ReelSource], number: int, options: ReelOptions) -> list[ReelMoment]:
    source = sources[number]
    by_person = [(person.name, person_spans(person, source.sample_step_s)) for person in source.people]
    wanted = _wanted([spans for _, spans in by_person], options)
    long_enough = [span for span in wanted if not _is_short(span, options)]
    begin, end = source.info.start_s, source.info.start_s + source.info.duration_s
    padded = [
        (max(start - options.padding_s, begin), min(stop + options.padding_s, end)) for start, stop in long_enough
    ]
    return [
        ReelMoment(
            number,
            start,
            stop,
            tuple((name, *span) for name, spans in by_person for span in overlaps([(start, stop)], spans)),
        )
        for start, stop in merged(padded, options.join_within_s)
        if stop > start
    ]


def count_short(sources: Sequence[ReelSource], options: ReelOptions) -> int:
    """Returns how many appearances `choose_moments` leaves out for their length."""
    return sum(
        _is_short(span, options)
        for source in sources
        for span in _wanted([person_spans(person, source.sample_step_s) for person in source.people], options)
    )


def _wanted(of_people: Sequence[Sequence[Span]], options: ReelOptions) -> list[Span]:
    """Returns appearances: what a blink or a cut divides is one, and as long as all of it."""
    seen = overlaps_of_all(of_people) if options.together else [span for spans in of_people for span in spans]
    return merged(seen, options.join_within_s)


def _is_short(span: Span, options: ReelOptions) -> bool:
    return span[1] - span[0] < options.min_s


def person_spans(person: SeenPerson, sample_step_s: float) -> list[Span]:
    """Returns when a person is seen, in the container's seconds: rising, without overlaps."""
    return merged([span for track in person.tracks for span in seen_spans(track.times_s, sample_step_s)])
