"""Reads for the pages of exports: the list, and what one can choose for a new one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from webapp.exports import words
from webapp.exports.models import Export
from webapp.jobs import job_state
from webapp.jobs import words as jobs_words
from webapp.people.models import STANDING, Person, Presence
from webapp.videos.models import Video

PER_PAGE = 20
MOST_OFFERED = 200
"""People of a new export; those who are seen longest."""


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An export as the list shows it: its job's state with words, and what its report says."""

    export: Export
    job: dict[str, object]
    report: list[words.ReportLine]
    is_changeable: bool


def page_of_exports(exports: QuerySet[Export], changeable: Collection[UUID], page: str | None) -> Page[Any]:
    """Returns a page of rows, the latest first. Three queries, however many rows."""
    shown = exports.select_related("job", "created_by").prefetch_related("videos", "people").order_by("-created_at")
    paged: Page[Any] = Paginator(shown, PER_PAGE).get_page(page)
    paged.object_list = [_row(export, export.pk in changeable) for export in paged.object_list]
    return paged


def _row(export: Export, is_changeable: bool) -> ExportRow:
    state = job_state.state_of(export.job)
    return ExportRow(export, jobs_words.payload_with_words(state.payload()), words.report_lines(export), is_changeable)


def people_to_choose(videos: Sequence[Video], chosen: Sequence[Person]) -> list[Person]:
    """Returns whoever is in the videos, named ones first, then by time on screen; of no videos those chosen."""
    if not videos:
        return list(chosen)
    shown = Presence.objects.filter(analysis__in=[video.current_analysis_id for video in videos])
    people = Person.objects.filter(STANDING, pk__in=shown.values("person"))
    return list(people.order_by("is_unnamed", "-screen_s", "number")[:MOST_OFFERED])


def videos_with(people: Sequence[Person], videos: QuerySet[Video], most: int) -> list[Video]:
    """Returns the videos in which any of the people is, the latest first, at most so many."""
    seen_in = Presence.objects.filter(person__in=people).values("analysis")
    return list(videos.filter(current_analysis__in=seen_in).order_by("-created_at", "pk")[:most])
