"""What the web may ask of the doctor: scan, fix findings, undo that, dismiss."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db import transaction
from django.utils import timezone

from webapp.accounts.models import User
from webapp.datasets.labelling import services as labelling
from webapp.datasets.models import Checkup, Dataset, Finding, FindingKind, Label, Sample
from webapp.jobs import lifecycle
from webapp.jobs.models import ACTIVE, Job, JobKind

RELABELLED = (FindingKind.WRONG_LABEL,)
"""Fixed by giving the label that fits better; everything else by excluding samples."""


def begin_scan(dataset: Dataset, *, user: User | None) -> bool:
    """Starts a scan; returns False when one is under way."""
    running = Job.objects.filter(subject_id=dataset.pk, kind=JobKind.CHECKUP, status__in=ACTIVE)
    with transaction.atomic():
        if running.exists():
            return False
        job = lifecycle.create(JobKind.CHECKUP, team=dataset.team, subject_id=dataset.pk, created_by=user)
        Checkup.objects.create(dataset=dataset, job=job)
    return True


def fix(finding: Finding, *, user: User | None, numbers: Collection[int] | None = None, relabel: bool = True) -> int:
    """Excludes the samples, or gives them the label that fits better; `numbers` limits it to some of them.

    Returns how many samples changed. What it did can be undone with `undo_fix`.
    """
    items = [item for item in finding.samples if numbers is None or item[0] in numbers]
    dataset = finding.checkup.dataset
    with transaction.atomic():
        if relabel and finding.kind in RELABELLED:
            made = _relabel(dataset, user, items)
        else:
            made = labelling.exclude_samples(dataset, user=user, seen=_seen(dataset, items), excluded=True)
        if made.act is not None:
            finding.acts.add(made.act)
    return len(made.changed)


def _relabel(dataset: Dataset, user: User | None, items: Iterable[list[int]]) -> labelling.ActResult:
    of_label: dict[int, list[list[int]]] = defaultdict(list)
    for item in items:
        if item[2] is not None:
            of_label[item[2]].append(item)
    labels = Label.objects.filter(dataset=dataset).in_bulk(of_label)
    requested = [(labels[pk], _seen(dataset, chosen)) for pk, chosen in of_label.items() if pk in labels]
    return labelling.accept_suggestions(dataset, user=user, seen=requested)


def _seen(dataset: Dataset, items: Iterable[list[int]]) -> dict[int, int]:
    """Returns present revisions: the finding may be older than the last act on the samples."""
    numbers = [item[0] for item in items]
    seen: dict[int, int] = {}
    for start in range(0, len(numbers), labelling.BATCH):
        part = numbers[start : start + labelling.BATCH]
        rows = dataset.samples.filter(number__in=part, removed_at=None)
        seen.update(rows.values_list("number", "revision"))
    return seen


def undo_fix(finding: Finding, *, user: User | None) -> int:
    """Undoes what `fix` did; returns how many samples are as they were."""
    changed = 0
    with transaction.atomic():
        for act in finding.acts.select_related("dataset").order_by("-created_at"):
            changed += len(labelling.undo(act, user=user).changed)
        finding.acts.clear()
    return changed


def dismiss(finding: Finding, *, dismissed: bool) -> None:
    Finding.objects.filter(pk=finding.pk).update(dismissed_at=timezone.now() if dismissed else None)


def latest_scan(dataset: Dataset) -> Checkup | None:
    """Returns the last scan that succeeded."""
    done = Checkup.objects.filter(dataset=dataset, job__status="done")
    return done.select_related("job").order_by("-created_at").first()


def still_open(finding: Finding) -> list[list[int]]:
    """Returns the items still to be dealt with: in the dataset, not excluded, not relabelled as proposed."""
    numbers = [item[0] for item in finding.samples]
    rows: dict[int, tuple[bool, int | None]] = {}
    for start in range(0, len(numbers), labelling.BATCH):
        part = numbers[start : start + labelling.BATCH]
        found = Sample.objects.filter(dataset=finding.checkup.dataset_id, number__in=part, removed_at=None)
        rows.update((n, (out, label)) for n, out, label in found.values_list("number", "is_left_out", "label"))

    def is_open(item: list[int]) -> bool:
        excluded, label = rows.get(item[0], (True, None))
        return not excluded and not (finding.kind in RELABELLED and label == item[2])

    return [item for item in finding.samples if is_open(item)]
