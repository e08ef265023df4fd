"""Reads for the label grid: which samples fit the filters, what the tiles show, how many bear which label."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet

from webapp.accounts.models import User
from webapp.datasets.labelling.words import of_boxes
from webapp.datasets.models import ActKind, Dataset, Import, LabellingAct, Sample
from webapp.datasets.queries import label_tally, samples_of
from webapp.folded_fields import TITLE_COLUMNS, containing
from webapp.http.ids import uuid_or_none
from webapp.videos.models import Video

MOST_ROWS = 500
"""Details for so many tiles at once; the page asks for what it shows and a bit around it."""
MOST_NUMBER = 2**31 - 1
MOST_VIDEOS = 12
"""Videos that the search for one offers."""
UNLABELLED, UNCERTAIN, EXCLUDED = "unlabelled", "doubtful", "left_out"
SHOWS = (UNLABELLED, UNCERTAIN, EXCLUDED)

IS_UNCERTAIN = Q(label=None, suggested__isnull=False, is_left_out=False)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; odd values there are as good as none."""

    label: int | None = None
    show: str = ""
    video: UUID | None = None
    of_import: UUID | None = None

    @property
    def any(self) -> bool:
        return self != Filters()


def read_filters(query: Mapping[str, str]) -> Filters:
    label = query.get("label", "")
    show = query.get("show", "")
    return Filters(
        label=int(label) if label.isascii() and label.isdigit() and len(label) < 10 else None,
        show=show if show in SHOWS else "",
        video=uuid_or_none(query.get("video", "")),
        of_import=uuid_or_none(query.get("import", "")),
    )


def fitting(dataset: Dataset, filters: Filters) -> QuerySet[Sample]:
    """Returns samples in the grid's order: by number, but the least certain first among uncertain ones."""
    samples = samples_of(dataset)
    if filters.label is not None:
        samples = samples.filter(label=filters.label)
    if filters.video is not None:
        samples = samples.filter(video=filters.video)
    if filters.of_import is not None:
        samples = samples.filter(came_with=filters.of_import)
    if filters.show == UNLABELLED:
        samples = samples.filter(label=None, is_left_out=False)
    if filters.show == EXCLUDED:
        samples = samples.filter(is_left_out=True)
    if filters.show == UNCERTAIN:
        return samples.filter(IS_UNCERTAIN).order_by(F("certainty").asc(nulls_last=True), "number")
    return samples.order_by("number")


def read_since(query: Mapping[str, str]) -> int:
    """Returns the highest number that a page knows; 0 where the address does not say."""
    text = query.get("since", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def uncertain(dataset: Dataset) -> QuerySet[Sample]:
    return samples_of(dataset).filter(IS_UNCERTAIN)


def runs_of(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Returns numbers with revisions as [first, last, revision], one per stretch of equal revision, in order."""
    runs: list[list[int]] = []
    for number, revision in pairs:
        if runs and runs[-1][1] == number - 1 and runs[-1][2] == revision:
            runs[-1][1] = number
        else:
            runs.append([number, number, revision])
    return runs


def seen_in(runs: Any) -> dict[int, int]:
    """Maps number to revision, undoing `runs_of`. Raises ValueError for anything else, or far too many."""
    if not isinstance(runs, list):
        raise ValueError("no list of runs")
    seen: dict[int, int] = {}
    for run in runs:
        first, last, revision = _run(run)
        if len(seen) + last - first >= MOST_IN_ACT:
            raise ValueError("too many samples")
        seen.update(dict.fromkeys(range(first, last + 1), revision))
    return seen


MOST_IN_ACT = 1_000_000
"""A page cannot have more before it; keeps a made-up request from filling the memory."""


def _run(run: Any) -> tuple[int, int, int]:
    if not isinstance(run, list) or len(run) != 3 or not all(type(n) is int and 0 <= n <= MOST_NUMBER for n in run):
        raise ValueError(f"no run: {run!r:.80}")
    if run[0] > run[1]:
        raise ValueError("a run that ends before it begins")
    return run[0], run[1], run[2]


ROW_FIELDS = {
    "number": "number",
    "revision": "revision",
    "label": "label_id",
    "out": "is_left_out",
    "suggested": "suggested_id",
    "certainty": "certainty",
    "video": "video_id",
    "title": "video__title",
    "deleted": "video__deleted_at",
    "time": "time_s",
    "source": "source_name",
    "name": "name",
    "width": "width",
    "height": "height",
    "duration": "duration_s",
    "sequence": "sequence",
    "picture": "boxes__picture",
    "boxes": "boxes__boxes",
    "cut_out": "boxes__is_cut_out",
}
"""What a tile and the large view show -> where it is kept."""


def rows(dataset: Dataset, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Returns details of at most `MOST_ROWS` samples, for JSON, without those that are gone."""
    samples = samples_of(dataset).filter(number__in=numbers[:MOST_ROWS]).order_by("number")
    found = [dict(zip(ROW_FIELDS, values, strict=True)) for values in samples.values_list(*ROW_FIELDS.values())]
    for row in found:
        # The second in a deleted video leads nowhere; its name still says where the sample is from.
        row["video"] = str(row["video"]) if row["video"] and not row.pop("deleted") else None
        row.pop("deleted", None)
        row["title"] = row["title"] or row["source"]
        row["sequence"] = bool(row["sequence"])
        picture, is_cut_out = row.pop("picture"), bool(row.pop("cut_out"))
        row["boxes"] = of_boxes(picture, row["boxes"], is_cut_out=is_cut_out) if row["boxes"] else ""
    return found


def read_numbers(text: str) -> list[int]:
    """ "3-7.9" -> 3, 4, 5, 6, 7, 9. Raises ValueError, also for more than `MOST_ROWS`."""
    numbers: list[int] = []
    for part in text[: 12 * MOST_ROWS].split("."):
        first, _, last = part.partition("-")
        start, end = int(first), int(last or first)
        if not 0 <= start <= end <= MOST_NUMBER or end - start + len(numbers) >= MOST_ROWS:
            raise ValueError("too many numbers")
        numbers += range(start, end + 1)
    return numbers


@dataclass(frozen=True, slots=True)
class SampleCounts:
    """How many samples there are of each sort."""

    all: int
    labelled: int
    unlabelled: int
    excluded: int
    uncertain: int
    labels: dict[int, int]


def counts(dataset: Dataset) -> SampleCounts:
    """Counts in two small reads, each from one index."""
    tally = label_tally(dataset)
    labels: dict[int, int] = {}
    for (label_id, _is_out), n in tally.items():
        if label_id is not None:
            labels[label_id] = labels.get(label_id, 0) + n
    return SampleCounts(
        all=sum(tally.values()),
        labelled=sum(labels.values()),
        unlabelled=tally.get((None, False), 0),
        excluded=sum(n for (_label_id, is_out), n in tally.items() if is_out),
        uncertain=uncertain(dataset).count(),
        labels=labels,
    )


def quicker_people(dataset: Dataset, numbers: Sequence[int], user: User) -> tuple[list[str], bool]:
    """Returns who changed these samples last ("" for `user`), and whether all they did was labelling."""
    last = samples_of(dataset).filter(number__in=numbers[:MOST_ROWS], last_act__isnull=False).values("last_act")
    found = LabellingAct.objects.filter(pk__in=last).values_list("user", "user__name", "user__email", "kind").distinct()
    names = sorted({"" if pk == user.pk else name or email or "?" for pk, name, email, _kind in found})
    return names, all(kind == ActKind.LABEL for *_who, kind in found)


def videos_of(dataset: Dataset, words: str) -> list[tuple[UUID, str, int]]:
    """Returns id, title and number of samples of a few videos whose titles hold the words, most samples first."""
    fits = containing(words, *TITLE_COLUMNS)
    titled = Video.objects.filter(fits, team=dataset.team_id, deleted_at=None)
    found = samples_of(dataset).filter(video__in=titled).values_list("video", "video__title").annotate(n=Count("pk"))
    return list(found.order_by("-n", "video__title")[:MOST_VIDEOS])


def chosen_video(filters: Filters, dataset: Dataset) -> Video | None:
    if filters.video is None:
        return None
    return Video.objects.filter(team=dataset.team_id, deleted_at=None, pk=filters.video).first()


def chosen_import(filters: Filters, dataset: Dataset) -> Import | None:
    return dataset.imports.filter(pk=filters.of_import).first() if filters.of_import else None
