"""Reads who appears when in a video, as its page counts it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from analysis.exports.appearances import ScreenAppearance
from analysis.time_spans import Span
from webapp.people import sample_codec
from webapp.people.appearances import appearances_of
from webapp.people.models import Track, title_without_name
from webapp.videos.models import Video


@dataclass(frozen=True, slots=True)
class PersonAppearances:
    """When one person appears in one video: `spans` in seconds, rising, none before 0."""

    id: UUID
    number: int
    label: str
    spans: list[Span]


def appearances_in(video: Video, people: Collection[UUID] = ()) -> list[PersonAppearances]:
    """Returns the people of the analysis that a video shows, or only the given ones, in the order they come on.

    Times are in player time. One query.
    """
    tracks = Track.objects.filter(analysis=video.current_analysis_id, person__is_deleted=False)
    if people:
        tracks = tracks.filter(person__in=people)
    spans: dict[tuple[UUID, int, str], list[Span]] = defaultdict(list)
    columns = ("person", "person__number", "person__name", "start_s", "seen")
    for person, number, name, start_s, seen in tracks.values_list(*columns):
        spans[person, number, name] += sample_codec.unpack_spans(seen, start_s - video.playback_offset_s)
    rows = [
        PersonAppearances(person, number, name or title_without_name(number), appearances_of(of_person))
        for (person, number, name), of_person in spans.items()
    ]
    return sorted(rows, key=lambda row: (row.spans[:1], row.number))


def screen_appearances(video: Video, people: Collection[UUID] = (), shift_s: float = 0.0) -> list[ScreenAppearance]:
    """Returns the same as the analysis library takes it, person by person, at player time + `shift_s`."""
    return [
        ScreenAppearance(row.number, row.label, start_s + shift_s, end_s + shift_s)
        for row in appearances_in(video, people)
        for start_s, end_s in row.spans
    ]
