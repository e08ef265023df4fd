"""What the web may ask for with a dataset and its labels: create, change, delete, restore."""

import unicodedata
from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from webapp.accounts.models import Team, User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import record, subject_of
from webapp.datasets.models import Dataset, DatasetKind, Label, Sample
from webapp.folded_fields import with_folded
from webapp.hues import HUES
from webapp.jobs import lifecycle, live_updates
from webapp.jobs.models import ACTIVE, Job
from webapp.name_folding import fold

KEYS = "123456789"
MOST_LABELS = 200


class NameTaken(Exception):
    """Another label of the dataset has this name, whatever its accents and case."""


class TooManyLabels(Exception):
    """The dataset has `MOST_LABELS` already: neither pages nor networks cope with more."""


def create_dataset(
    *, team: Team, user: User, name: str, purpose: str, kind: DatasetKind, labels: Sequence[str], keeps_samples: bool
) -> Dataset:
    """Creates a dataset with its first labels, which get the keys 1 to 9."""
    with transaction.atomic():
        dataset = Dataset.objects.create(
            team=team, created_by=user, name=name, purpose=purpose, kind=kind, keeps_samples=keeps_samples
        )
        for label in labels:
            label_called(dataset, label)
    return dataset


def edit_dataset(dataset: Dataset, *, name: str, purpose: str, keeps_samples: bool) -> None:
    changes = with_folded(Dataset, name=name, purpose=purpose, keeps_samples=keeps_samples)
    Dataset.objects.filter(pk=dataset.pk).update(**changes)


def delete_dataset(dataset: Dataset, *, user: User | None = None) -> None:
    """Hides the dataset at once; rows and files go after the undo period (see `cleanup.py`)."""
    with transaction.atomic():
        if not Dataset.objects.filter(pk=dataset.pk, deleted_at=None).update(deleted_at=timezone.now()):
            return
        record(user, Action.DELETED, subject_of(SubjectKind.DATASET, dataset, dataset.name), team_id=dataset.team_id)
    # First, so that open pages do not ask for it again when its work ends.
    live_updates.publish_gone(team_id=dataset.team_id, subject_id=dataset.pk)
    running = Job.objects.filter(subject_id=dataset.pk, parent=None, status__in=ACTIVE)
    for job_id in running.values_list("pk", flat=True):
        lifecycle.cancel(job_id)


def restore_dataset(dataset: Dataset, *, user: User | None = None) -> None:
    """Restores the dataset. Work that the deletion stopped can be started again on the page."""
    with transaction.atomic():
        if Dataset.objects.filter(pk=dataset.pk, deleted_at__isnull=False).update(deleted_at=None):
            subject = subject_of(SubjectKind.DATASET, dataset, dataset.name)
            record(user, Action.RESTORED, subject, team_id=dataset.team_id)


def clean_label(name: str) -> str:
    """Returns one spelling for what looks the same: composed characters, single spaces, nothing invisible."""
    composed = unicodedata.normalize("NFC", name)
    visible = "".join(c if unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") else " " for c in composed)
    return " ".join(visible.split())[:80].strip()


def label_called(dataset: Dataset, name: str) -> Label:
    """Returns the label with this name, creating it when there is none. Raises ValueError (empty), TooManyLabels."""
    name = clean_label(name)
    if not name:
        raise ValueError("a label needs a name")
    there = _same_label(dataset.pk, name)
    if there is not None:
        return there
    try:
        with transaction.atomic():
            return _new_label(dataset, name)
    except IntegrityError:  # made by somebody else a moment ago
        there = _same_label(dataset.pk, name)
        if there is None:
            raise
        return there


def _same_label(dataset_id: UUID, name: str) -> Label | None:
    """Finds it whatever its accents and case; first as it is written, for datasets that had both."""
    labels = list(Label.objects.filter(dataset=dataset_id, folded_name=fold(name)))
    return min(labels, key=lambda label: label.name.casefold() != name.casefold(), default=None)


def _new_label(dataset: Dataset, name: str) -> Label:
    labels = Label.objects.filter(dataset=dataset)
    if labels.count() >= MOST_LABELS:
        raise TooManyLabels
    taken = set(labels.values_list("key", flat=True))
    last = labels.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    key = next((key for key in KEYS if key not in taken), "")
    return Label.objects.create(dataset=dataset, name=name, hue=position % HUES, key=key, position=position)


def edit_label(label: Label, *, name: str, hue: int, key: str) -> None:
    """Changes a label; a key that another label has moves to this one. Raises NameTaken."""
    name = clean_label(name)
    same = _same_label(label.dataset_id, name)
    if same is not None and same.pk != label.pk:
        raise NameTaken(name)
    try:
        with transaction.atomic():
            if key:
                Label.objects.filter(dataset=label.dataset_id, key=key).exclude(pk=label.pk).update(key="")
            Label.objects.filter(pk=label.pk).update(**with_folded(Label, name=name, hue=hue, key=key))
    except IntegrityError as error:
        raise NameTaken(name) from error


def remove_label(label: Label) -> bool:
    """Deletes a label that no sample has, so that no work is lost; returns False otherwise."""
    with transaction.atomic():
        if Sample.objects.filter(label=label, removed_at=None).exists():
            return False
        label.delete()
    return True
