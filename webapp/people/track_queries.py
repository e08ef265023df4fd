"""Reads tracks that count, those of the analysis that a video shows, and whole appearances."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import F, Q, QuerySet

from analysis.time_spans import Span
from webapp.people import sample_codec
from webapp.people.models import Track


def shown_tracks() -> QuerySet[Track]:
    """Returns the tracks of current analyses, of videos that are not deleted."""
    return Track.objects.filter(
        analysis=F("analysis__video__current_analysis"), analysis__video__deleted_at=None, person__isnull=False
    )


def of_appearances(firsts: Iterable[int]) -> Q:
    """Finds all tracklets of appearances, each named by its first one."""
    keys = list(firsts)
    return Q(pk__in=keys) | Q(joined_to__in=keys)


def seen_spans_of(firsts: Iterable[int]) -> dict[int, list[Span]]:
    """Returns when faces are seen, in the container's seconds, by the first tracklet of each. One query."""
    spans: dict[int, list[Span]] = defaultdict(list)
    rows = Track.objects.filter(of_appearances(firsts)).values_list("pk", "joined_to", "start_s", "seen")
    for pk, first, start_s, seen in rows:
        spans[first or pk] += sample_codec.unpack_spans(seen, start_s)
    return spans
