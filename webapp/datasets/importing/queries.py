"""Reads for the page that adds samples: what can be chosen, how much it will add, earlier imports."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber

from webapp.accounts.models import Team, User
from webapp.datasets.choices import UPLOADED
from webapp.datasets.errors import HOPELESS
from webapp.datasets.importing import inbox, plans
from webapp.datasets.importing.option_types import ANY, APPEARANCES, EVERY, SCENES, ImportOptions
from webapp.datasets.importing.sources import source_queries
from webapp.datasets.importing.words import Expected, of_counts, of_notes
from webapp.datasets.models import Dataset, Import, ImportProblem, ImportUpload, Sample, Source
from webapp.folded_fields import NAME_COLUMNS, TITLE_COLUMNS, containing
from webapp.jobs import job_state
from webapp.jobs import words as jobs_words
from webapp.jobs.models import Status
from webapp.people import queries as people_queries
from webapp.people.models import Person, Track
from webapp.videos.models import Video

SHOWN = 36
"""So many people or videos are offered at once; the search finds the others."""
PAGE_SIZE = 20
PROBLEMS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ImportEntry:
    """An import in the list."""

    of_import: Import
    job: dict[str, Any] | None
    counts: list[str]
    notes: list[str]
    problems: list[ImportProblem]
    more_problems: int
    arrived: int
    unfinished: list[ImportUpload]
    """Files that were begun: chosen again, they go on where they were."""
    can_resume: bool
    added: int

    @property
    def is_waiting(self) -> bool:
        """Tells whether files for it are still arriving."""
        return self.of_import.job_id is None and self.of_import.undone_at is None


def choosable_people(team: Team, typed: str, chosen: Sequence[str]) -> list[Person]:
    """Returns people whose names fit what was typed, and before them chosen ones who do not."""
    seen = people_queries.in_order(Person.objects.filter(team=team, is_hidden=False))
    return _with_chosen(seen.select_related("portrait"), containing(typed, *NAME_COLUMNS), chosen)


def choosable_videos(team: Team, typed: str, chosen: Sequence[str], analysed: bool) -> list[Video]:
    videos = Video.objects.filter(team=team, deleted_at=None).exclude(sha256="").order_by("-created_at", "pk")
    if analysed:
        videos = videos.filter(current_analysis__isnull=False)
    return _with_chosen(videos, containing(typed, *TITLE_COLUMNS), chosen)


def _with_chosen(rows: QuerySet[Any], fits: Q, chosen: Sequence[str]) -> list[Any]:
    listed = list(rows.filter(fits)[:SHOWN])
    # Chosen ones stay in their places: a list that moves while one ticks makes one tick somebody else.
    unlisted = {UUID(each) for each in chosen} - {row.pk for row in listed}
    return [*rows.filter(pk__in=unlisted), *listed]


def expected(dataset: Dataset, source: Source, options: ImportOptions) -> Expected:
    """Estimates how much an import will add, without reading a video; uploads are not asked for."""
    team = dataset.team_id
    if source == Source.PEOPLE or (source == Source.MOMENTS and options.how == APPEARANCES):
        return _of_people(team, source, options)
    videos = source_queries.chosen_videos(team, options)
    count = videos.count()
    if not count:
        return Expected(0)
    if source == Source.FRAMES and options.how == SCENES:
        return Expected(None, videos=count)
    clips = source == Source.MOMENTS
    shortest_s = source_queries.LEAST_CLIP_S if clips else 0.0
    step_s = max(options.step_s, shortest_s)
    coming = sum(
        plans.count_inside(0.0, duration_s - shortest_s, 0.0, duration_s, step_s)
        for duration_s in videos.values_list("duration_s", flat=True)
    )
    return Expected(coming, videos=count, at_most=source == Source.FRAMES and options.faces != ANY)


def _of_people(team: UUID, source: Source, options: ImportOptions) -> Expected:
    tracks = source_queries.chosen_tracks(team, options)
    sums = tracks.aggregate(
        people=Count("person", distinct=True),
        videos=Count("analysis__video", distinct=True),
        whole=Count("pk", filter=Q(joined_to=None)),
    )
    if source == Source.MOMENTS:
        count = sums["whole"]
    elif options.how == EVERY:
        count = _moments(tracks, options.step_s)
    else:
        count = source_queries.chosen_views(team, options).count()
    return Expected(count, sums["people"], sums["videos"])


def _moments(tracks: QuerySet[Track], step_s: float) -> int:
    """Counts what `people_reader.plan_of_tracks` lists."""
    spans = tracks.values_list("start_s", "end_s", "analysis__video__probed__start_s", "analysis__video__duration_s")
    count = 0
    for start_s, end_s, video_start_s, duration_s in spans.iterator():
        begin_s = float(video_start_s or 0.0)
        count += plans.count_inside(start_s, end_s, begin_s, begin_s + duration_s, step_s) or 1
    return count


def names_of(people_ids: Sequence[str], video_ids: Sequence[str], team: UUID) -> tuple[list[str], list[str]]:
    """Returns names of people and titles of videos for the title of an import."""
    chosen = Person.objects.filter(team=team, pk__in=[UUID(each) for each in people_ids]).order_by("number")
    videos = Video.objects.filter(team=team, pk__in=[UUID(each) for each in video_ids]).order_by("title")
    return [str(person) for person in chosen], list(videos.values_list("title", flat=True))


def page_of_imports(dataset: Dataset, number: str | None) -> "Page[ImportEntry]":
    rows = dataset.imports.select_related("job", "created_by", "dataset").prefetch_related("uploads")
    page = Paginator(rows.order_by("-created_at"), PAGE_SIZE).get_page(number)
    listed = list(page.object_list)
    kept = _problems_of([each.pk for each in listed])
    entries: Any = [_entry(each, kept.get(each.pk, [])) for each in listed]
    page.object_list = entries
    return cast("Page[ImportEntry]", page)


def _problems_of(import_ids: Sequence[UUID]) -> dict[UUID, list[ImportProblem]]:
    """Returns the first few of each import, in one query."""
    place = Window(RowNumber(), partition_by="of_import", order_by="item")
    first = ImportProblem.objects.filter(of_import__in=import_ids).annotate(place=place)
    found: dict[UUID, list[ImportProblem]] = defaultdict(list)
    for problem in first.filter(place__lte=PROBLEMS_SHOWN).order_by("item"):
        found[problem.of_import_id].append(problem)
    return found


def _entry(of_import: Import, problems: list[ImportProblem]) -> ImportEntry:
    counts = of_import.counts
    quiet = counts.get("added", 0) + counts.get("already_there", 0)
    job = of_import.job
    return ImportEntry(
        of_import=of_import,
        job=jobs_words.payload_with_words(job_state.state_of(job).payload()) if job else None,
        counts=of_counts(counts),
        notes=of_notes(of_import),
        problems=problems,
        more_problems=max(0, sum(counts.values()) - quiet - len(problems)),
        arrived=_arrived(of_import) if job is None else 0,
        unfinished=[upload for upload in of_import.uploads.all() if not upload.is_stored] if job is None else [],
        can_resume=can_resume(of_import),
        added=counts.get("added", 0),
    )


def unfinished(dataset: Dataset, own: QuerySet[ImportUpload]) -> QuerySet[ImportUpload]:
    """Returns the dataset's files of which this person has sent only a part."""
    return own.filter(of_import__dataset=dataset, of_import__job=None, is_stored=False).order_by("created_at")


def _arrived(of_import: Import) -> int:
    if of_import.undone_at is not None:
        return 0
    if of_import.source == Source.PICTURES:
        return inbox.count_pictures(of_import)
    return sum(upload.is_stored for upload in of_import.uploads.all())


def can_resume(of_import: Import) -> bool:
    job = of_import.job
    if job is None or job.status not in (Status.FAILED, Status.CANCELLED) or job.error_code in HOPELESS:
        return False
    return of_import.undone_at is None and of_import.items_done < of_import.items_total


def bytes_stored_by(*, user: User, **_: object) -> int:
    """Answers `stored_by_person`: samples from files that this person uploaded, and what waits to become some."""
    samples = Sample.objects.filter(came_with__created_by=user, came_with__source__in=UPLOADED)
    waiting = ImportUpload.objects.filter(user=user, is_stored=True)
    return sum(rows.aggregate(size=Sum("size_bytes"))["size"] or 0 for rows in (samples, waiting))
