"""Reads for the library and the video page; the number of queries does not grow with what is shown."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Lower

from webapp.access import Visitor
from webapp.accounts.models import Team
from webapp.folded_fields import TITLE_COLUMNS, containing
from webapp.jobs import job_state
from webapp.jobs import words as jobs_words
from webapp.library import favourite_queries
from webapp.library.tagging import queries as tagging
from webapp.people import appearances, unclear_queries
from webapp.people import queries as people
from webapp.people.appearances import Bar
from webapp.people.models import Person
from webapp.people.queries import CardPeople, PersonRow, SmallFace
from webapp.people.unclear_queries import UnclearFace
from webapp.videos import upload_queries
from webapp.videos.models import IN_STATE, Analysis, Tag, Upload, Video

PAGE_SIZE = 24
MOST_AT_ONCE = 500
"""So many videos one request changes: it answers within seconds, and a form holds that many fields."""
TIMELINE_PAGE_SIZE = 100
VIDEO_NAME_COLUMNS = (*TITLE_COLUMNS, "folded_file_name")
SORTS: dict[str, tuple[str | Lower, ...]] = {
    "newest": ("-created_at", "pk"),
    "oldest": ("created_at", "pk"),
    "title": (Lower("title"), "pk"),
    "longest": ("-duration_s", "pk"),
}
BRIEF_S = 2.0
"""People who are on screen for less are hidden at first in long videos, and the page says how many."""
LONG_VIDEO_S = 60.0
BOX_AFTER_S = 0.1
"""How far into an appearance the player opens: at its very first frame there may be no box yet."""


@dataclass(frozen=True, slots=True)
class Card:
    """A video in the library, with its faces and the progress of its work."""

    video: Video
    people: CardPeople
    can_edit: bool
    ahead: int = 0
    """How many videos are before it in the queue, while it waits."""
    tags: Sequence[Tag] = ()
    is_favourite: bool = False

    @property
    def upload(self) -> dict[str, Any] | None:
        """How much has arrived; None unless it is being uploaded."""
        upload = getattr(self.video, "upload", None)
        if upload is None:
            return None
        percent = int(100 * upload.offset_bytes / upload.size_bytes)
        is_stopped = upload.stopped_at is not None
        return {"done": upload.offset_bytes, "total": upload.size_bytes, "percent": percent, "is_stopped": is_stopped}

    @property
    def job(self) -> dict[str, object] | None:
        """The state, with words, as the websocket sends it; None before there is a job."""
        job = self.video.current_job
        return jobs_words.payload_with_words(job_state.state_of(job, ahead=self.ahead).payload()) if job else None


@dataclass(frozen=True, slots=True)
class Totals:
    videos: int
    people: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class Selection:
    """What is selected of the videos that the library's address asks for, when the page is drawn."""

    is_all: bool
    elsewhere: list[uuid.UUID]
    """Selected videos that this page does not show."""
    most: int
    """How many can be selected at once, or fewer where there are no more."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One appearance of one person, in player time."""

    start_s: float
    end_s: float
    person: PersonRow


@dataclass(frozen=True, slots=True)
class LiveLane:
    """Somebody who was found by an analysis that still runs, with the bars of the moments so far."""

    face: SmallFace
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class VideoPage:
    """Everything that the video page and its live panel show."""

    video: Video
    rows: list[PersonRow]
    hidden_count: int
    """How many rows are brief."""
    found_so_far: list[SmallFace]
    """While no analysis is finished: one face for each likely person."""
    timeline: "Page[TimelineEntry] | None"
    min_s: float
    chosen: PersonRow | None
    unclear: "Page[UnclearFace] | None"
    """Faces that are nobody; they count nowhere."""
    running: Analysis | None = field(default=None)
    """The analysis whose faces `found_so_far` are, or a repeated one in the background."""

    @property
    def live_lanes(self) -> list[LiveLane]:
        whole_s = self.video.duration_s
        return [LiveLane(face, appearances.bars_of_moments(face.moments_s, whole_s)) for face in self.found_so_far]

    @property
    def opens_at_s(self) -> float | None:
        """Where the player opens: somebody's first appearance, of the chosen person if there is one."""
        shown = [self.chosen] if self.chosen else [row for row in self.rows if not row.is_brief] or self.rows
        spans = [row.appearances[0] for row in shown if row.appearances]
        if not spans:
            return None
        return opens_at_s(*min(spans))

    @property
    def unnamed(self) -> int:
        """How many people have no name."""
        return sum(not row.is_named for row in self.rows)


def opens_at_s(start_s: float, end_s: float) -> float:
    """Returns a moment a little into an appearance, where there is a box."""
    return start_s + min(BOX_AFTER_S, (end_s - start_s) / 2)


def for_cards(videos: QuerySet[Video]) -> QuerySet[Video]:
    """Joins everything that a card needs."""
    return videos.select_related("current_job", "current_analysis", "upload", "uploaded_by", "duplicate_of")


def filtered(videos: QuerySet[Video], *, text: str = "", state: str = "", sort: str = "newest") -> QuerySet[Video]:
    """Returns videos whose title or file name contains all words of `text`, in one state or any, in order."""
    videos = videos.filter(containing(text, *VIDEO_NAME_COLUMNS))
    if state:
        videos = videos.filter(IN_STATE[state])
    return videos.order_by(*SORTS[sort])


def page_of_videos(videos: QuerySet[Video], number: str | int | None) -> "Page[uuid.UUID]":
    """Returns a page of videos, not read yet; the nearest page for a number out of range."""
    return Paginator(videos.values_list("pk", flat=True), PAGE_SIZE).get_page(number)


def read(page: "Page[uuid.UUID]") -> list[Video]:
    """Returns the videos of a page, with what a card needs: joined to these alone, not to all that were sorted."""
    keys = list(page)
    found = for_cards(Video.objects.all()).in_bulk(keys)
    return [found[key] for key in keys if key in found]


def selection(found: QuerySet[Video], page: "Page[Any]", *, is_all: bool) -> Selection:
    """Selects all of `found`, as far as one request may change them, or none; `page` holds cards. One query at most."""
    most = min(page.paginator.count, MOST_AT_ONCE)
    if not is_all:
        return Selection(is_all, [], most)
    shown = {card.video.pk for card in page}
    others = found.exclude(pk__in=shown).values_list("pk", flat=True)[: most - len(shown)]
    return Selection(is_all, list(others), most)


def cards(videos: Sequence[Video], editable: Collection[uuid.UUID], user: Visitor) -> list[Card]:
    """Returns cards as the visitor sees them; `editable` are the teams whose videos they may change."""
    finished = [v.current_analysis_id for v in videos if v.current_analysis_id]
    jobs = {v.current_job_id: v for v in videos if v.current_analysis_id is None and v.current_job_id}
    running = {a.pk: a.job_id for a in Analysis.objects.filter(job__in=jobs).only("pk", "job_id")}
    people_of = people.people_of_cards(finished, list(running))
    unfinished = {jobs[job].pk: analysis for analysis, job in running.items()}
    nobody = CardPeople([], 0)
    shown = {v.pk: v.current_analysis_id or unfinished.get(v.pk) for v in videos}
    places = job_state.places_in_queue(v.current_job for v in videos if v.current_job)
    tags = tagging.of_videos(shown)
    starred = favourite_queries.starred(shown, user)
    return [
        Card(
            v,
            people_of.get(shown[v.pk] or v.pk, nobody),
            v.team_id in editable,
            places.get(v.current_job_id or v.pk, 0),
            tags.get(v.pk, ()),
            v.pk in starred,
        )
        for v in videos
    ]


def counts(videos: QuerySet[Video]) -> tuple[dict[str, int], float]:
    """Returns how many videos are in each state, and under "all" how many there are; and their length in seconds."""
    in_states = {state: Count("pk", filter=where) for state, where in IN_STATE.items()}
    found = videos.aggregate(all=Count("pk"), duration_s=Sum("duration_s"), **in_states)
    duration_s = found.pop("duration_s") or 0.0
    return {key: int(value) for key, value in found.items()}, duration_s


def totals(videos: int, duration_s: float, team: Team | None) -> Totals:
    everybody = people.in_order(Person.objects.filter(team=team))
    return Totals(videos, everybody.count(), duration_s)


def default_min_s(video: Video) -> float:
    return BRIEF_S if video.duration_s >= LONG_VIDEO_S else 0.0


def video_page(
    video: Video,
    *,
    min_s: float | None = None,
    chosen: uuid.UUID | None = None,
    timeline_page: str | int | None = None,
    unclear_page: str | int | None = None,
) -> VideoPage:
    """Returns rows of the finished analysis; while there is none, the faces found so far by the running one."""
    least = default_min_s(video) if min_s is None else min_s
    rows: list[PersonRow] = []
    unclear = None
    if video.current_analysis_id:
        rows = people.rows_of_analysis(
            video.current_analysis_id, duration_s=video.duration_s, offset_s=video.playback_offset_s, min_s=least
        )
        unclear = unclear_queries.page_of(
            video.current_analysis_id, offset_s=video.playback_offset_s, number=unclear_page
        )
    others = Analysis.objects.filter(video=video).exclude(pk__in=filter(None, [video.current_analysis_id]))
    latest = others.order_by("-created_at").first()
    so_far = people.found_so_far(latest.pk, video.playback_offset_s) if latest and not video.current_analysis_id else []
    return VideoPage(
        video=video,
        rows=rows,
        hidden_count=sum(row.is_brief for row in rows),
        found_so_far=so_far,
        timeline=_timeline(rows, timeline_page),
        min_s=least,
        chosen=next((row for row in rows if row.id == chosen), None),
        unclear=unclear,
        running=latest,
    )


def _timeline(rows: list[PersonRow], number: str | int | None) -> "Page[TimelineEntry] | None":
    entries = [TimelineEntry(start_s, end_s, row) for row in rows for start_s, end_s in row.appearances]
    entries.sort(key=lambda entry: (entry.start_s, entry.end_s))
    return Paginator(entries, TIMELINE_PAGE_SIZE).get_page(number) if entries else None


def without_refused(videos: QuerySet[Video]) -> QuerySet[Video]:
    """Leaves out videos whose files could not be added: they lie in a tray of their own. One query, now."""
    ids = list(upload_queries.refused(videos).values_list("pk", flat=True))
    return videos.exclude(pk__in=ids) if ids else videos


def refused(videos: QuerySet[Video]) -> list[Video]:
    """Returns the newest videos whose files could not be added, as many as can be removed at once."""
    rows = upload_queries.refused(videos).select_related("current_job", "duplicate_of")
    return list(rows.order_by("-created_at")[:MOST_AT_ONCE])


def unfinished(videos: QuerySet[Video], user: Visitor) -> QuerySet[Video]:
    """Returns videos whose upload this person started and has not completed, newest first.

    Hardly anybody has one, so their uploads are asked for first: a database without statistics goes through all videos.
    """
    begun = list(Upload.objects.filter(user=user.pk).values_list("video", flat=True))
    if not begun:
        return videos.none()
    return videos.filter(current_job=None, pk__in=begun).select_related("upload").order_by("-created_at")
