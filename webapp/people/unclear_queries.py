"""Reads the unclear faces of a video: those of which no view tells who it is, and about which nobody said so."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from webapp.people import appearances, clarity_queries
from webapp.people.models import Face, Track
from webapp.people.track_queries import of_appearances, seen_spans_of

PAGE_SIZE = 24


@dataclass(frozen=True, slots=True)
class UnclearFace:
    """One appearance of nobody, in player time. `track` is its first tracklet, `face` its best view."""

    track: int
    start_s: float
    length_s: float
    face: UUID | None


def unclear_tracks(analysis_id: UUID | None) -> QuerySet[Track]:
    """Returns the first tracklets of the unclear faces of a finished analysis."""
    return Track.objects.filter(analysis=analysis_id, person=None, joined_to=None)


def tracklets_of(track: Track) -> list[Track]:
    """Returns the whole appearance that a tracklet belongs to."""
    tracklets = Track.objects.filter(of_appearances([track.joined_to_id or track.pk]))
    return list(tracklets.select_related("analysis").order_by("pk"))


def page_of(analysis_id: UUID, *, offset_s: float, number: str | int | None) -> "Page[UnclearFace] | None":
    """Returns a page of unclear faces in order of time, or None without any. Four queries, however many faces."""
    tracks = unclear_tracks(analysis_id).order_by("start_s", "pk").values_list("pk", "start_s")
    page = Paginator(tracks, PAGE_SIZE).get_page(number)
    shown = dict(page.object_list)
    if not shown:
        return None
    views, lengths_s = _best_views(shown), _lengths_s(shown)
    page.object_list = [
        UnclearFace(pk, max(start_s - offset_s, 0.0), lengths_s[pk], views.get(pk))  # type: ignore[misc]
        for pk, start_s in shown.items()
    ]
    return page  # type: ignore[return-value]


def without_clear_view(track_ids: Iterable[int]) -> set[int]:
    """Returns which of these appearances, each named by its first tracklet, have no clear view."""
    wanted = set(track_ids)
    return wanted - {first for first, view in _views(wanted) if clarity_queries.is_clear(view)}


def _views(firsts: Iterable[int]) -> Iterator[tuple[int, Face]]:
    """Yields the views of whole appearances, the best last, each with the first tracklet of its appearance.

    Two queries: in one, databases would go through the faces of all videos.
    """
    first_of = {
        pk: first or pk for pk, first in Track.objects.filter(of_appearances(firsts)).values_list("pk", "joined_to")
    }
    for view in Face.objects.filter(track__in=list(first_of)).order_by("quality", "-pk").defer("embedding"):
        assert view.track_id is not None  # filtered
        yield first_of[view.track_id], view


def _best_views(firsts: Iterable[int]) -> dict[int, UUID]:
    return {first: view.pk for first, view in _views(firsts)}


def _lengths_s(firsts: Iterable[int]) -> dict[int, float]:
    """Returns how long the faces are seen."""
    return {first: appearances.total_s(of_face) for first, of_face in seen_spans_of(firsts).items()}
