"""What the web may ask for with imports: begin, take in files, start, go on, give up, undo."""

import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import BinaryIO

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from webapp import storage
from webapp.accounts.models import User
from webapp.datasets import live
from webapp.datasets.choices import UPLOADED
from webapp.datasets.errors import HOPELESS
from webapp.datasets.importing import inbox
from webapp.datasets.importing.option_types import ImportOptions
from webapp.datasets.models import Dataset, DatasetKind, Import, ImportUpload, Sample, Source
from webapp.jobs import lifecycle
from webapp.jobs.models import Job, JobKind, Status
from webapp.uploads import partial_files, quota_services, store_services
from webapp.uploads import rules as uploads_rules
from webapp.uploads.receive_services import EXPIRES_EMPTY_AFTER

SOURCES_OF: dict[str, tuple[Source, ...]] = {
    DatasetKind.FACES: (Source.PEOPLE, Source.PICTURES, Source.ARCHIVE, Source.FRAMES, Source.VIDEOS),
    DatasetKind.FRAMES: (Source.FRAMES, Source.PICTURES, Source.ARCHIVE, Source.PEOPLE, Source.VIDEOS),
    DatasetKind.CLIPS: (Source.MOMENTS, Source.ARCHIVE, Source.VIDEOS),
}
"""What fits each kind of dataset, the likeliest first."""
BATCH_ROOM_BYTES = 16 * 1024**2
"""No batch is larger, see `webapp.http.body_limit_middleware`."""
KEPT_FOR = timedelta(days=2)
"""So long can a broken-off import go on; then the files that it still needs are given up."""


class NoRoom(Exception):
    """The disk would become too full."""


class WrongImportState(Exception):
    """The import is not in a state in which this can be done (a double click, another tab)."""


def begin(*, dataset: Dataset, user: User, source: Source, options: ImportOptions, title: str) -> Import:
    """Creates an import; one that needs no files starts at once. Raises WrongImportState."""
    if source not in (*SOURCES_OF[dataset.kind], Source.SYNTHETIC):
        raise WrongImportState(f"{source} does not fit {dataset.kind}")
    with transaction.atomic():
        of_import = Import.objects.create(
            dataset=dataset,
            source=source,
            options=options.as_json(),
            title=title[:255],
            created_by=user,
            items_total=max(options.expected, 1),
        )
        if source not in UPLOADED:
            start(of_import, user=user)
    return of_import


def start(of_import: Import, *, user: User | None) -> Job:
    """Starts an import whose files are all there. Raises WrongImportState when it has started already."""
    return _begin_job(of_import, Q(job=None), user)


def resume(of_import: Import, *, user: User | None) -> Job:
    """Resumes behind what a failed or cancelled attempt had added. Raises WrongImportState."""
    return _begin_job(of_import, Q(job__status__in=[Status.FAILED, Status.CANCELLED]), user)


def _begin_job(of_import: Import, condition: Q, user: User | None) -> Job:
    with transaction.atomic():
        dataset = of_import.dataset
        job = lifecycle.create(
            JobKind.IMPORT, team=dataset.team, subject_id=dataset.pk, created_by=user, total=of_import.items_total
        )
        ready = Import.objects.filter(condition, pk=of_import.pk, undone_at=None, items_done__lt=F("items_total"))
        if not ready.update(job=job):
            raise WrongImportState(f"import {of_import.pk} cannot begin")
    of_import.refresh_from_db()
    return job


def receive_batch(of_import: Import, *, user: User, number: int, files: Sequence[tuple[str, BinaryIO]]) -> int:
    """Takes in a numbered batch of pictures, again if need be, and returns how many have arrived.

    Raises WrongImportState, NoRoom, `rules.Refused`.
    """
    if of_import.job_id is not None or of_import.source != Source.PICTURES or of_import.undone_at is not None:
        raise WrongImportState(f"import {of_import.pk} takes no pictures")
    if uploads_rules.room_bytes() < BATCH_ROOM_BYTES:
        raise NoRoom
    size_bytes = sum(file.seek(0, os.SEEK_END) for _name, file in files)
    for _name, file in files:
        file.seek(0)
    quota_services.take(team=of_import.dataset.team, user=user, name=files[0][0], size_bytes=size_bytes)
    inbox.put_batch(of_import, number, files)
    return inbox.count_pictures(of_import)


def start_upload(of_import: Import, *, user: User, name: str, size_bytes: int, fingerprint: str = "") -> ImportUpload:
    """Announces a file. Raises `rules.Refused`, WrongImportState."""
    if of_import.job_id is not None or of_import.source not in (Source.ARCHIVE, Source.VIDEOS):
        raise WrongImportState(f"import {of_import.pk} takes no files")
    name = uploads_rules.clean_name(name)
    uploads_rules.check_size(name, size_bytes)
    uploads_rules.check_room(name, size_bytes)
    with transaction.atomic():
        quota_services.announce(team=of_import.dataset.team, user=user, name=name, size_bytes=size_bytes)
        return ImportUpload.objects.create(
            of_import=of_import,
            user=user,
            name=name,
            size_bytes=size_bytes,
            fingerprint=uploads_rules.clean_fingerprint(fingerprint),
            expires_at=timezone.now() + EXPIRES_EMPTY_AFTER,
        )


def finish_upload(upload: ImportUpload) -> None:
    """Moves a complete file into the inbox; with the last one the import starts. May be repeated at any point.

    Where the store is on another file system, the import begins with the move.
    """
    if not store_services.hand_in(upload, inbox.file_key(upload.of_import, upload.pk)):
        return
    with transaction.atomic():
        arrived = ImportUpload.objects.filter(pk=upload.pk, offset_bytes=upload.size_bytes, is_stored=False)
        if arrived.update(is_stored=True):
            quota_services.note_stored(upload.team, upload.size_bytes)
    start_if_complete(upload.of_import, user=upload.user)


def lies_in_inbox(upload: ImportUpload) -> bool:
    return storage.exists(inbox.file_key(upload.of_import, upload.pk))


def start_if_complete(of_import: Import, *, user: User | None) -> bool:
    uploads = of_import.uploads.all()
    expected = of_import.items_total
    if uploads.filter(is_stored=False).exists() or uploads.count() < expected or of_import.job_id is not None:
        return False
    try:
        start(of_import, user=user)
    except WrongImportState:  # the other of two last files was quicker
        return False
    return True


def start_with_what_is_there(of_import: Import, *, user: User) -> Job:
    """Starts with what has arrived and gives up the rest. Raises WrongImportState where nothing has."""
    missing = of_import.uploads.filter(is_stored=False)
    if of_import.source == Source.PICTURES:
        count = inbox.count_pictures(of_import)
    else:
        count = of_import.uploads.filter(is_stored=True).count()
    if not count or of_import.job_id is not None:
        raise WrongImportState(f"nothing has arrived for import {of_import.pk}")
    for upload in missing:
        give_up_upload(upload)
    Import.objects.filter(pk=of_import.pk, job=None).update(items_total=count)
    of_import.refresh_from_db()
    return start(of_import, user=user)


def cancel_upload(upload: ImportUpload) -> None:
    """Deletes an upload that its sender cancelled, and its import where nothing else is left of it."""
    give_up_upload(upload)
    of_import = upload.of_import
    if of_import.job_id is None and not of_import.uploads.exists():
        with suppress(WrongImportState):
            discard(of_import)


def give_up_upload(upload: ImportUpload) -> None:
    deleted, _rows = ImportUpload.objects.filter(pk=upload.pk, is_stored=False).delete()
    if deleted:
        partial_files.discard(upload.pk)


def end_uploads_of(user: User, **_: object) -> None:
    """Receives `account_ends`: files that have not arrived completely never will; those that have stay the team's."""

    def cancel_all() -> None:
        for upload in ImportUpload.objects.filter(user=user.pk, is_stored=False).select_related("of_import__dataset"):
            cancel_upload(upload)

    transaction.on_commit(cancel_all)


def discard(of_import: Import) -> None:
    """Deletes an import that never started, with all that had arrived. Raises WrongImportState."""
    uploads = list(of_import.uploads.values_list("pk", flat=True))
    with transaction.atomic():
        deleted, _rows = Import.objects.filter(pk=of_import.pk, job=None).delete()
    if not deleted:
        raise WrongImportState(f"import {of_import.pk} has been started")
    for upload_id in uploads:
        partial_files.discard(upload_id)
    storage.delete_prefix(of_import.inbox_prefix)


def undo(of_import: Import) -> int:
    """Takes its samples out of the dataset and ends it; returns how many went. Their files go with `cleanup`."""
    if of_import.job_id is not None:
        lifecycle.cancel(of_import.job_id)
    now = timezone.now()
    with transaction.atomic():
        # Behind the cancel: a batch that is being stored either committed before or finds its job gone.
        Import.objects.filter(pk=of_import.pk, undone_at=None).update(undone_at=now)
        going = Sample.objects.filter(came_with=of_import, removed_at=None)
        numbers = list(going.values_list("number", flat=True))
        going.update(removed_at=now)
    give_up_rest(of_import)
    live.samples_changed(of_import.dataset, numbers)
    return len(numbers)


def give_up_rest(of_import: Import) -> None:
    """Deletes the files of an import that will not resume."""
    Import.objects.filter(pk=of_import.pk).update(items_total=F("items_done"))
    for upload_id in of_import.uploads.values_list("pk", flat=True):
        partial_files.discard(upload_id)
    of_import.uploads.all().delete()
    storage.delete_prefix(of_import.inbox_prefix)


def abandoned() -> QuerySet[Import]:
    """Returns imports that broke off long ago or for good, whose files still wait for them to resume."""
    ended = Import.objects.filter(job__status__in=[Status.FAILED, Status.CANCELLED], items_done__lt=F("items_total"))
    return ended.filter(Q(job__finished_at__lt=timezone.now() - KEPT_FOR) | Q(job__error_code__in=HOPELESS))
