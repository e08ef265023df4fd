"""Reads who is in one picture with whom, by the samples of tracks (`analysis.faces.same_picture`).

Spans only rule out: who is never there between another's first and last sample shares no picture with them, and is
not read further.
"""

import uuid
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from django.db.models import QuerySet

from analysis.types import Float32, Float64
from webapp.people import sample_codec
from webapp.people.batches import batches
from webapp.people.models import Track

Who = TypeVar("Who", bound=Hashable)
Samples = tuple[Float64, Float32]
"""Times in seconds (n,) and boxes (n, 4)."""


@dataclass(frozen=True, slots=True)
class TrackSpan(Generic[Who]):
    """From the first to the last sample of a track, and whose it is: a person, or one of two sides."""

    track: int
    analysis: uuid.UUID
    who: Who
    start_s: float
    end_s: float


def spans_of(tracks: QuerySet[Track], who: Who) -> list[TrackSpan[Who]]:
    """Reads the spans of these tracks, all of them `who`'s."""
    rows = tracks.values_list("pk", "analysis", "start_s", "end_s")
    return [TrackSpan(pk, analysis, who, start_s, end_s) for pk, analysis, start_s, end_s in rows]


def samples_by_analysis(spans: Iterable[TrackSpan[Who]]) -> dict[uuid.UUID, dict[Who, Samples]]:
    """Returns, for each analysis with several who may be in one picture, all samples of each that may be."""
    of_analysis: dict[uuid.UUID, list[TrackSpan[Who]]] = defaultdict(list)
    for span in spans:
        of_analysis[span.analysis].append(span)
    wanted = {span.track: span for own in of_analysis.values() for span in overlapping(own)}
    read: dict[uuid.UUID, dict[Who, list[Samples]]] = defaultdict(lambda: defaultdict(list))
    for pks in batches(wanted):
        for pk, samples, start_s in Track.objects.filter(pk__in=pks).values_list("pk", "samples", "start_s"):
            read[wanted[pk].analysis][wanted[pk].who].append(sample_codec.unpack(samples, start_s)[:2])
    return {
        analysis: {who: joined_samples(tracks) for who, tracks in people.items()} for analysis, people in read.items()
    }


def overlapping(spans: Iterable[TrackSpan[Who]]) -> list[TrackSpan[Who]]:
    """Returns the spans of one analysis that overlap one of somebody else's, in order of time."""
    found: dict[int, TrackSpan[Who]] = {}
    going: list[TrackSpan[Who]] = []
    for span in sorted(spans, key=lambda each: (each.start_s, each.track)):
        going = [other for other in going if other.end_s >= span.start_s]
        for other in going:
            if other.who != span.who:
                found[other.track], found[span.track] = other, span
        going.append(span)
    return sorted(found.values(), key=lambda each: (each.start_s, each.track))


def joined_samples(tracks: Sequence[Samples]) -> Samples:
    """Returns the samples of several tracks as if they were one track."""
    return np.concatenate([times_s for times_s, _ in tracks]), np.concatenate([boxes for _, boxes in tracks])
