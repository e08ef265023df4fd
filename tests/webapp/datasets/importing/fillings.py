"""Archives and imports made in code, and what came of them."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from tests.present import present
from webapp import storage
from webapp.accounts.models import User
from webapp.datasets.importing import services as importing
from webapp.datasets.importing.option_types import ImportOptions
from webapp.datasets.importing.runner import run_import
from webapp.datasets.models import Dataset, Import, ImportUpload, Sample, Source
from webapp.jobs import lifecycle
from webapp.jobs.models import Job
from webapp.uploads import partial_files


def zipped(members: Mapping[str, bytes | str], *, compression: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP with these members; a name that ends with a slash is a folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def prepare_zip(dataset: Dataset, user: User, content: bytes, **options: Any) -> Import:
    """All of it has arrived, and the job is queued."""
    of_import = importing.begin(
        dataset=dataset, user=user, source=Source.ARCHIVE, options=ImportOptions(**options), title="pictures.zip"
    )
    deliver(of_import, user, {"pictures.zip": content})
    return of_import


def deliver(of_import: Import, user: User, files: Mapping[str, bytes]) -> list[ImportUpload]:
    uploads = [
        importing.start_upload(of_import, user=user, name=name, size_bytes=len(content))
        for name, content in files.items()
    ]
    for upload, content in zip(uploads, files.values(), strict=True):
        partial_files.path_of(upload.pk).parent.mkdir(parents=True, exist_ok=True)
        partial_files.path_of(upload.pk).write_bytes(content)
        ImportUpload.objects.filter(pk=upload.pk).update(offset_bytes=len(content))
        importing.finish_upload(
            ImportUpload.objects.select_related("of_import__dataset__team", "user").get(pk=upload.pk)
        )
    of_import.refresh_from_db()
    return uploads


def prepare_pictures(dataset: Dataset, user: User, files: Mapping[str, bytes], **options: Any) -> Import:
    """In batches of ten, started."""
    of_import = importing.begin(
        dataset=dataset,
        user=user,
        source=Source.PICTURES,
        options=ImportOptions(expected=len(files), **options),
        title=f"{len(files)} pictures",
    )
    listed = list(files.items())
    for number in range(0, len(listed), 10):
        batch = [(name, io.BytesIO(content)) for name, content in listed[number : number + 10]]
        importing.receive_batch(of_import, user=user, number=number // 10, files=batch)
    importing.start(of_import, user=user)
    of_import.refresh_from_db()
    return of_import


def run(of_import: Import) -> Import:
    """The worker's whole task, named failures included."""
    of_import.refresh_from_db()
    with lifecycle.working(present(of_import.job_id)) as job:
        if job is not None:
            run_import(job)
    of_import.refresh_from_db()
    return of_import


def job_of(of_import: Import) -> Job:
    return Job.objects.get(pk=present(of_import.job_id))


def fill_from_zip(dataset: Dataset, user: User, members: Mapping[str, bytes | str], **options: Any) -> Import:
    return run(prepare_zip(dataset, user, zipped(members), **options))


def labels_of(dataset: Dataset) -> dict[str, str]:
    """Name of each sample -> name of its label ("" where it has none)."""
    rows = Sample.objects.filter(dataset=dataset, removed_at=None).values_list("name", "label__name")
    return {name: label or "" for name, label in rows}


def samples_of(dataset: Dataset) -> list[Sample]:
    return list(Sample.objects.filter(dataset=dataset, removed_at=None).order_by("number"))


def stored_files(dataset: Dataset) -> set[str]:
    """Every key under the dataset's folder."""
    found: set[str] = set()
    folders = [dataset.files_prefix]
    while folders:
        folder = folders.pop()
        for name in storage.names(folder):
            key = f"{folder}/{name}"
            (found.add if storage.exists(key) else folders.append)(key)
    return found


def keys_of(dataset: Dataset) -> set[str]:
    return {key for s in Sample.objects.filter(dataset=dataset) for key in (s.key, s.thumbnail_key)}
