"""Adding single labelled moments of videos to a dataset, one by one: they ride together in one import."""

from dataclasses import asdict, dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from webapp.accounts.models import User
from webapp.datasets import live
from webapp.datasets.importing import services
from webapp.datasets.importing.option_types import CHOSEN, SAME_MOMENT_S, ImportOptions
from webapp.datasets.models import Dataset, DatasetKind, Import, Sample, Source
from webapp.jobs import lifecycle
from webapp.jobs.models import Job, Status

SOURCE_OF: dict[str, Source] = {
    DatasetKind.FACES: Source.PEOPLE,
    DatasetKind.FRAMES: Source.FRAMES,
    DatasetKind.CLIPS: Source.MOMENTS,
}
MOST_TOGETHER = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a sample is to be taken from, and its label. Times are the container's; ids are text, as JSON has it."""

    video: str
    time_s: float
    label: str
    length_s: float = 0.0
    """Of a clip."""
    track: int | None = None
    face: str = ""
    """The view, for faces."""


def add_moment(dataset: Dataset, moment: Moment, *, user: User) -> Import:
    """Has the worker cut the moment out and add it with its label, unless the same is there already."""
    with transaction.atomic():
        waiting = _waiting_import(dataset, user)
        if waiting is not None:
            _put_in(waiting, [*waiting.options["chosen"], asdict(moment)])
            return waiting
        of_import = Import.objects.create(
            dataset=dataset,
            source=SOURCE_OF[dataset.kind],
            options=ImportOptions(how=CHOSEN, chosen=(asdict(moment),)).as_json(),
            title=_("Answers to uncertain moments"),
            created_by=user,
            items_total=1,
        )
        services.start(of_import, user=user)
    return of_import


def remove_moment(dataset: Dataset, moment: Moment) -> bool:
    """Removes an added moment; returns False while it is just being added, or when it is unknown."""
    with transaction.atomic():
        for of_import in _chosen_imports(dataset).filter(job__status=Status.QUEUED).order_by("-created_at"):
            rest = [each for each in of_import.options["chosen"] if each != asdict(moment)]
            if len(rest) == len(of_import.options["chosen"]) or not _hold(of_import):
                continue
            if rest:
                _put_in(of_import, rest)
            elif of_import.job_id is not None:
                lifecycle.cancel(of_import.job_id)
                of_import.delete()
            return True
        return _remove(dataset, moment)


def same_moment(dataset: Dataset, moment: Moment, sha256: str = "") -> Sample | None:
    """Returns the sample that shows it already: with the same content, else at the same place in the video."""
    there = dataset.samples.filter(removed_at=None)
    if sha256 and (same := there.filter(sha256=sha256).first()):
        return same
    near = (moment.time_s - SAME_MOMENT_S, moment.time_s + SAME_MOMENT_S)
    placed = there.filter(video=UUID(moment.video), time_s__range=near)
    if dataset.kind == DatasetKind.FACES:
        placed = placed.filter(track=moment.track) if moment.track is not None else placed.none()
    return placed.first()


def _chosen_imports(dataset: Dataset) -> QuerySet[Import]:
    return Import.objects.filter(dataset=dataset, options__how=CHOSEN, undone_at=None)


def _waiting_import(dataset: Dataset, user: User) -> Import | None:
    """Returns this person's import that no worker has begun, held until the transaction ends."""
    waiting = _chosen_imports(dataset).filter(created_by=user, job__status=Status.QUEUED, items_done=0)
    of_import = waiting.order_by("-created_at").first()
    if of_import is None or len(of_import.options["chosen"]) >= MOST_TOGETHER or not _hold(of_import):
        return None
    of_import.refresh_from_db()
    return of_import


def _hold(of_import: Import) -> bool:
    """Writes to the job's row: a worker that wants to claim it waits until we have committed, and then reads anew."""
    held = Job.objects.filter(dataset_import=of_import, status=Status.QUEUED, started_at=None)
    return bool(held.update(total=F("total")))


def _put_in(of_import: Import, chosen: list[dict[str, object]]) -> None:
    options = of_import.options | {"chosen": chosen}
    Import.objects.filter(pk=of_import.pk).update(options=options, items_total=len(chosen))
    Job.objects.filter(dataset_import=of_import).update(total=len(chosen))


def _remove(dataset: Dataset, moment: Moment) -> bool:
    sample = same_moment(dataset, moment)
    if sample is None or sample.came_with.options.get("how") != CHOSEN:
        return False
    Sample.objects.filter(pk=sample.pk).update(removed_at=timezone.now())
    live.samples_changed(dataset, [sample.number])
    return True
