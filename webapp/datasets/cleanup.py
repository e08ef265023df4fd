"""Periodic cleanup: deleted datasets and versions, samples that nothing needs, uploads left behind."""

import logging

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from webapp import storage
from webapp.datasets.importing import services as importing
from webapp.datasets.models import Dataset, Import, ImportUpload, LabellingAct, Sample, Version, VersionSample
from webapp.jobs.models import ACTIVE, Job
from webapp.undo_period import UNDO_PERIOD
from webapp.videos.models import Video

logger = logging.getLogger(__name__)

BATCH = 500
LEARNED_FROM = Q(training_runs__job__status__in=ACTIVE)
"""Versions and datasets whose samples a training reads: they wait until it has ended. A paused one does not hold them;
it fails in plain words if it goes on later."""


def clean_up(**_: object) -> None:
    """Cleans up once; costs a few cheap queries when there is nothing to do."""
    long_ago = timezone.now() - UNDO_PERIOD
    for dataset in Dataset.objects.filter(deleted_at__lt=long_ago).exclude(LEARNED_FROM):
        if not Job.objects.filter(subject_id=dataset.pk, status__in=ACTIVE).exists():
            purge(dataset)
    for version in Version.objects.filter(deleted_at__lt=long_ago).exclude(LEARNED_FROM):
        version.samples.all().delete()
        version.delete()
    discard_removed(Sample.objects.filter(removed_at__lt=long_ago))
    for unstarted in Import.objects.filter(job=None, created_at__lt=timezone.now() - importing.KEPT_FOR):
        if not unstarted.samples.exists() and not unstarted.uploads.filter(expires_at__gt=timezone.now()).exists():
            importing.discard(unstarted)
    for broken_off in importing.abandoned():
        importing.give_up_rest(broken_off)
    for complete in ImportUpload.objects.filter(offset_bytes=F("size_bytes"), is_stored=False):
        importing.finish_upload(complete)


def purge(dataset: Dataset) -> None:
    """Deletes files first: after a crash in between, the rows still say what has to go."""
    for each in dataset.imports.all():
        storage.delete_prefix(each.inbox_prefix)
    storage.delete_prefix(dataset.files_prefix)
    with transaction.atomic():
        VersionSample.objects.filter(version__dataset=dataset).delete()
        LabellingAct.objects.filter(dataset=dataset).delete()
        Sample.objects.filter(dataset=dataset).delete()
        Job.objects.filter(subject_id=dataset.pk).delete()
        dataset.delete()
    logger.info("Dataset %s is purged", dataset.pk)


def discard_removed(samples: QuerySet[Sample]) -> None:
    """Deletes rows and files of removed samples that no version holds."""
    held = VersionSample.objects.filter(sample=OuterRef("pk"))
    while batch := list(samples.exclude(Exists(held)).only("pk", "key", "thumbnail_key")[:BATCH]):
        for sample in batch:
            storage.delete(sample.key)
            storage.delete(sample.thumbnail_key)
        Sample.objects.filter(pk__in=[sample.pk for sample in batch]).delete()


def video_goes(*, video: Video, **_: object) -> None:
    """Removes the samples of a purged video from the datasets whose admins chose so."""
    going = Sample.objects.filter(video=video, dataset__keeps_samples=False, removed_at=None)
    going.update(removed_at=timezone.now())
