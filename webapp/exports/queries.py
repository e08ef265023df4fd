"""Reads for the pages of exports: the list, and what one can choose for a new one."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils import timezone

from webapp.accounts.models import User
from webapp.exports import words
from webapp.exports.models import Export
from webapp.jobs import job_state
from webapp.jobs import words as jobs_words
from webapp.jobs.models import ACTIVE
from webapp.people.models import STANDING, Person, Presence
from webapp.videos.models import Video

PER_PAGE = 20
MOST_OFFERED = 200
"""People of a new export; those who are seen longest."""


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An export as the list shows it: its job's state with words, and what its report says."""

    export: Export
    title: str
    style: str
    job: dict[str, object]
    report: list[words.ReportLine]
    is_changeable: bool
    links: int
    """Shared links that show it and work."""


def page_of_exports(exports: QuerySet[Export], changeable: Collection[UUID], page: str | None) -> Page[Any]:
    """Returns a page of rows, the latest first. Eight queries at most, however many rows."""
    shown = (
        exports.select_related("job", "created_by")
        .prefetch_related("videos", "people__merged_into")
        .order_by("-created_at")
    )
    paged: Page[Any] = Paginator(shown, PER_PAGE).get_page(page)
    rows = list(paged.object_list)
    links, places = links_to([export.pk for export in rows]), job_state.places_in_queue(export.job for export in rows)
    paged.object_list = [
        _row(export, export.pk in changeable, links[export.pk], places.get(export.job_id, 0)) for export in rows
    ]
    return paged


def row_of(export: Export, *, is_changeable: bool) -> ExportRow:
    """Returns one export as its page shows it."""
    places = job_state.places_in_queue([export.job])
    return _row(export, is_changeable, links_to([export.pk])[export.pk], places.get(export.job_id, 0))


def links_to(export_ids: Collection[UUID]) -> Counter[UUID]:
    """Returns how many shared links that work show each of the exports, and end when it is deleted."""
    standing = {"share_links__revoked_at": None, "share_links__expires_at__gt": timezone.now()}
    shown = Export.objects.filter(pk__in=export_ids, share_links__isnull=False, **standing)
    return Counter(shown.values_list("pk", flat=True))


def _row(export: Export, is_changeable: bool, links: int, ahead: int) -> ExportRow:
    job = jobs_words.payload_with_words(job_state.state_of(export.job, ahead=ahead).payload())
    title, style = words.title_of_export(export), words.style_of(export)
    return ExportRow(export, title, style, job, words.report_lines(export), is_changeable, links)


def free_places(user: User) -> int:
    """Returns how many exports this person may begin now."""
    at_work = Export.objects.filter(created_by=user, job__status__in=ACTIVE).count()
    return max(0, settings.EXPORTS_PER_PERSON - at_work)


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
