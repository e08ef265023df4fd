"""What the web may ask for with versions: freeze a dataset, delete a version, restore it."""

import hashlib
from collections.abc import Mapping, Sequence

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from webapp.accounts.models import User
from webapp.audit.action_choices import Action, SubjectKind
from webapp.audit.services import AuditSubject, record, subject_of
from webapp.datasets.models import Dataset, GroupBy, Version, VersionSample
from webapp.datasets.versions import queries
from webapp.datasets.versions.split_rules import FrozenSample, split_samples, statistics_of


class NothingToFreeze(Exception):
    """No sample has a label."""


def freeze(
    dataset: Dataset,
    *,
    user: User | None,
    note: str = "",
    group_by: GroupBy = GroupBy.SOURCE,
    shares: Mapping[str, float],
    seed: int = 0,
) -> Version:
    """Freezes all labelled samples that are not excluded, as they are now. Raises NothingToFreeze."""
    with transaction.atomic():
        samples = queries.samples_to_freeze(dataset)
        if not samples:
            raise NothingToFreeze
        split = split_samples(samples, group_by, shares, seed, queries.duplicates_found(dataset))
        version = _numbered(
            dataset,
            fingerprint=fingerprint_of(dataset.kind, samples),
            note=note,
            created_by=user,
            keep_together=group_by,
            seed=seed,
            shares=dict(shares),
            statistics=statistics_of(samples, split),
        )
        VersionSample.objects.bulk_create(
            (
                VersionSample(version=version, sample_id=each.pk, label=each.label, part=part, source=each.source)
                for each, part in zip(samples, split.parts, strict=True)
            ),
            batch_size=queries.BATCH,
        )
        after = {"samples": len(samples), "fingerprint": version.fingerprint}
        record(user, Action.FROZE, audit_subject(version), team_id=dataset.team_id, after=after)
    return version


def audit_subject(version: Version) -> AuditSubject:
    return subject_of(SubjectKind.VERSION, version, f"{version.dataset.name}, version {version.number}")


def _numbered(dataset: Dataset, **fields: object) -> Version:
    """Creates the version with the dataset's next number, also when two people freeze at once."""
    while True:
        last = Version.objects.filter(dataset=dataset).aggregate(last=Max("number"))["last"] or 0
        try:
            with transaction.atomic():
                return Version.objects.create(dataset=dataset, number=last + 1, **fields)
        except IntegrityError:
            if not Version.objects.filter(dataset=dataset, number=last + 1).exists():
                raise


def fingerprint_of(kind: str, samples: Sequence[FrozenSample]) -> str:
    """Returns the SHA-256 (hex) of content and labels alone: order, names, split and time do not count."""
    digest = hashlib.sha256(f"{kind}\n".encode())
    for line in sorted(f"{sample.sha256} {sample.label}\n" for sample in samples):
        digest.update(line.encode())
    return digest.hexdigest()


def delete_version(version: Version, *, user: User | None = None) -> None:
    """Hides the version at once; it goes for good after the undo period (see `webapp.datasets.cleanup`)."""
    with transaction.atomic():
        if Version.objects.filter(pk=version.pk, deleted_at=None).update(deleted_at=timezone.now()):
            record(user, Action.DELETED, audit_subject(version), team_id=version.dataset.team_id)


def restore_version(version: Version, *, user: User | None = None) -> None:
    """Brings back a deleted version."""
    with transaction.atomic():
        if Version.objects.filter(pk=version.pk, deleted_at__isnull=False).update(deleted_at=None):
            record(user, Action.RESTORED, audit_subject(version), team_id=version.dataset.team_id)
